"""What a ticket's QR code opens: the address of the settings, with the ticket's own parts in it."""

from string import Formatter

_PARTS = ("site", "day", "number")


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
