"""What lies on the card of a site's hub besides; pure."""

import json
import re
from dataclasses import dataclass
from string import Template

from central.identity.own_certificates import is_broker_name
from provision.image.card import SETTINGS, TOKENS, check_authority
from provision.image.refused import ImageError
from runtime.enrolment import EnrolmentToken

HUB_SETTINGS = f"{SETTINGS}/hub.toml"
_CENTRE_CA = "/etc/thutu/centre-ca.pem"
_UNIT = re.compile(r"^Trung tâm Phục vụ hành chính công (?=\S)")


@dataclass(frozen=True, slots=True)
class Hub:
    """A site's hub. `token` is good once, at the centre with the URL `centre`, for this site;
    `brokers` are the host names or addresses of the centre's broker, or of each server of its
    cluster; `centre_key`, 64 hexadecimal digits, is by what the hub believes it. Only what one of
    `publisher_keys` sealed is taken as an update; `centre_ca` (PEM) vouches for the server that it
    is fetched from, where the system's authorities do not."""

    site: str
    site_name: str
    token: str
    centre: str
    brokers: tuple[str, ...]
    clock_chip: bool = False
    centre_key: str | None = None
    publisher_keys: tuple[str, ...] = ()
    centre_ca: str | None = None

    def __post_init__(self) -> None:
        for broker in self.brokers:
            if not is_broker_name(broker):
                raise ImageError("broker", broker=repr(broker))
        try:
            EnrolmentToken.parse(self.token)
        except ValueError as error:
            raise ImageError("token") from error
        if self.centre_ca is not None:
            check_authority(self.centre_ca, "--centre-ca")
            if not self.publisher_keys:
                raise ImageError("no_publisher")

    @property
    def node(self) -> str:
        """The hub's name."""
        return f"{self.site}-h1"


def hub_files(hub: Hub, template: str) -> dict[str, str]:
    """Every file by its path on the boot partition; `template` is one of hub.toml."""
    for given, name in (
        (hub.brokers[1:], "other_brokers"),
        (hub.centre_key, "centre_key"),
        (hub.publisher_keys, "updates"),
    ):
        if given and f"${name}" not in template:
            raise ImageError("template", name=f"${name}")
    files = {
        HUB_SETTINGS: Template(template).substitute(
            node=_toml(hub.node),
            site=_toml(hub.site),
            name=_toml(hub.site_name),
            unit=_toml(_UNIT.sub("", hub.site_name)),
            clock_chip=str(hub.clock_chip).lower(),
            centre=_toml(hub.centre),
            centre_key=_centre_key(hub.centre_key),
            broker=_toml(hub.brokers[0]),
            other_brokers=json.dumps(hub.brokers[1:]),
            client_id=_toml(f"thutu-{hub.node}"),
            updates=_updates(hub),
        ),
        f"{TOKENS}/enrolment.token": f"{hub.token}\n",
    }
    if hub.centre_ca is not None:
        files[f"{SETTINGS}/centre-ca.pem"] = hub.centre_ca
    return files


def _centre_key(key: str | None) -> str:
    return (
        '# centre_key = ""  # thutu-central config-key' if key is None else f'centre_key = "{key}"'
    )


def _updates(hub: Hub) -> str:
    if not hub.publisher_keys:
        return "# [updates] publisher_keys: without one this hub takes no updates"
    lines = ["[updates]", f"publisher_keys = {json.dumps(hub.publisher_keys)}"]
    if hub.centre_ca is not None:
        lines.append(f'ca_file = "{_CENTRE_CA}"')
    return "\n".join(lines)


def _toml(text: str) -> str:
    """A TOML basic string; JSON's escapes are among TOML's."""
    return json.dumps(text, ensure_ascii=False)
