"""For which hubs of a site a configuration is decided, and in what they were told differently."""

import tomllib
from collections.abc import Mapping
from typing import Any

from central.configuration.book import ConfigurationError
from central.store.configurations import Configurations
from central.store.connection import Connection
from central.store.given_up import hubs, retired
from contract.ids import split_node


def hubs_named(conn: Connection, named: str) -> list[str]:
    """The hub of that name, or all hubs of the site of that name that are in service, by name; the
    first hub of a site of which none was heard yet. Raises ConfigurationError where they were
    retired."""
    try:
        split_node(named)
    except ValueError:
        return _of_site(conn, named)
    if named in retired(conn):
        raise ConfigurationError("retired", node=named)
    return [named]


def in_service(conn: Connection, site: str) -> list[str]:
    """The hubs of a site, by name, that were heard or that something was decided for, without those
    that were retired."""
    told = {node for node, _ in Configurations(conn).of_site(site)}
    return sorted(told | {node for node, gone in hubs(conn, site).items() if not gone})


def differing(conn: Connection, former: str) -> dict[str, list[str]]:
    """The settings that were decided otherwise for each hub of a site in service than for a former
    hub, or for one of the two alone, by name; none where nothing was decided for the former."""
    made = Configurations(conn)
    decided = _settings(made.made(former).text)
    found = {}
    for hub in in_service(conn, split_node(former).site):
        own = _settings(made.made(hub).text)
        names = {**decided, **own} if decided else {}
        found[hub] = [name for name in names if own.get(name) != decided.get(name)]
    return found


def _of_site(conn: Connection, site: str) -> list[str]:
    there = in_service(conn, site)
    if not there and hubs(conn, site):
        raise ConfigurationError("all_retired", site=site)
    return there or [f"{site}-h1"]


def _settings(text: str) -> dict[str, Any]:
    """Settings by name, those of `[site]` each by its own; none of what cannot be read."""
    try:
        found: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}
    site = found.pop("site", {})
    parts = site if isinstance(site, Mapping) else {}
    return found | {f"site.{name}": value for name, value in parts.items()}
