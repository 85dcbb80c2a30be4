"""What a ticket's QR code opens: the address of the settings, with the ticket's own parts in it."""

from string import Formatter

from contract.ids import split_node

_PARTS = ("site", "day", "number")
_SOME_DAY, _SOME_NUMBER = "2026-11-23", "09999"
_MOST_BYTES = 2_300
"""The largest QR code that mends 15 % of itself holds 2,331."""


def hub_link(url: str, node: str) -> str:
    """`url` for the tickets of one hub, with the other parts still to be filled in."""
    return url.replace("{node}", node)


def follow_link(url: str, *, site: str, day: str, number: str) -> str:
    """`url` with its parts filled in. Raises ValueError for what cannot be filled in, by name."""
    try:
        foreign = [name for _, name, _, _ in Formatter().parse(url) if name not in (None, *_PARTS)]
        link = url.format(site=site, day=day, number=number) if not foreign else ""
    except (ValueError, LookupError) as error:
        raise ValueError(f"follow_url {url!r}: {error}") from error
    if foreign:
        known = ", ".join(f"{{{part}}}" for part in _PARTS)
        raise ValueError(f"follow_url {url!r}: {{{foreign[0]}}} is none of {known}")
    return link


def check_follow_url(url: str, node: str) -> None:
    """Raise ValueError unless the tickets of a hub can carry `url` in a QR code."""
    site = split_node(node).site
    link = follow_link(hub_link(url, node), site=site, day=_SOME_DAY, number=_SOME_NUMBER)
    if len(link.encode()) > _MOST_BYTES:
        raise ValueError(f"follow_url makes a link too long for a QR code: {link}")
