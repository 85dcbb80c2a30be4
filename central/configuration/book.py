"""The newest configuration of each hub: decided, numbered and made anew with the catalogue."""

import tomllib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.catalogue.handled import NO_CATALOGUE, Handled, services_in
from central.configuration.decided import Decided, decided, number_in
from central.configuration.site_rules import check
from central.store.configurations import Configurations, Made
from central.store.connection import Connection
from contract.ids import split_node
from contract.wire import CONFIGURABLE, VERSION, Configuration, catalogue_digest
from runtime.sealed import seal
from runtime.worded_error import WordedError

_MOST_BYTES = 60_000
"""A broker ends the line of whoever publishes more than it lets through: 64 KiB with ours."""


class ConfigurationError(WordedError):
    """A configuration that cannot be published; nothing was stored."""

    section = "configuration_refused"


class ConfigurationBook:
    """Reads and, inside a transaction, writes what nodes should run: what was decided for each, or
    nothing, with its part of the catalogue as that is now. A node's is made anew when it is heard.
    """

    def __init__(self, conn: Connection) -> None:
        self._store = Configurations(conn)

    def put(
        self, key: Ed25519PrivateKey, node: str, text: str, handled: Handled = NO_CATALOGUE
    ) -> Configuration:
        """Decide a node's configuration, with a number above all that the centre has made for it
        and that the node has reported. Raises ConfigurationError."""
        _check(node, text)
        known = self._store.made(node).number, number_in(self._store.reported(node))
        made, _ = self._make(key, node, Made(max(known), text), handled)
        return made

    def renew(self, key: Ed25519PrivateKey, node: str, handled: Handled) -> bytes | None:
        """What is to be published for a node, signed, None for nothing; made anew with the next
        number where the catalogue has changed. Raises ConfigurationError for what no broker would
        let through."""
        should = self.should_run(node, handled)
        if not should.number:
            return None
        before = should.made._replace(number=should.number - 1)
        _, sealed = self._make(key, node, before, handled)
        return sealed

    def follow(self, node: str, reported: str, handled: Handled) -> None:
        """Go on from a higher number than this centre has made, where a node runs what it should
        run under that."""
        should = self.should_run(node, handled)
        if should.is_ahead(reported):
            self._store.put(node, Made(number_in(reported), should.text, should.catalogue))

    def should_run(self, node: str, handled: Handled = NO_CATALOGUE) -> Decided:
        """What a node should run."""
        return decided(self._store.made(node), handled)

    def decided(self, handled: Handled = NO_CATALOGUE) -> dict[str, Decided]:
        """What nodes should run that something was made for."""
        return {node: decided(made, handled) for node, made in self._store.all()}

    def _make(
        self, key: Ed25519PrivateKey, node: str, before: Made, handled: Handled
    ) -> tuple[Configuration, bytes]:
        part = handled.by(services_in(before.text))
        procedures = None if part is None else part.procedures
        made = Configuration(VERSION, node, before.number + 1, before.text, procedures)
        sealed = seal(key, made)
        if len(sealed) > _MOST_BYTES:
            raise ConfigurationError("too_large", kb=len(sealed) // 1000, most=_MOST_BYTES // 1000)
        digest = b"" if procedures is None else catalogue_digest(procedures)
        self._store.put(node, Made(made.number, made.text, digest))
        return made, sealed


def _check(node: str, text: str) -> None:
    try:
        site = split_node(node).site
        found = tomllib.loads(text)
    except ValueError as error:
        raise ConfigurationError("unreadable", what=error) from error
    foreign = sorted(found.keys() - set(CONFIGURABLE))
    if foreign:
        raise ConfigurationError(
            "foreign", found=", ".join(foreign), allowed=", ".join(CONFIGURABLE)
        )
    if "site" in found and (
        not isinstance(found["site"], dict) or found["site"].get("site") != site
    ):
        raise ConfigurationError("other_site", site=site)
    try:
        check(text, node)
    except ValueError as error:
        raise ConfigurationError("not_taken", what=error) from error
