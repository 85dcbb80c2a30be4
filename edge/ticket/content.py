"""The words of a ticket, finished and in NFC: everything a render mode needs, and nothing else."""

import unicodedata

from msgspec import Struct

from contract.local_time import local_time
from contract.slips import SlipView
from runtime.wording import say

_FIRST_COPY = 1
_INVISIBLE = "Cf"  # Unicode's category of formats: a space of no width, a joiner, a byte order mark


class TicketContent(Struct, frozen=True):
    """One ticket in words; a part that is None does not appear.

    `priority`, `reprint` and `training` are marks; `qr` is what the code contains and
    `qr_caption` says what to do with it.
    """

    organisation: str | None
    centre: str | None
    title: str
    number: str
    service: str
    ahead: str | None
    issued: str | None
    counters: str | None = None
    expected_wait: str | None = None
    footer: tuple[str, ...] = ()
    priority: str | None = None
    reprint: str | None = None
    training: str | None = None
    qr: str | None = None
    qr_caption: str | None = None
    language: str = "vi"


def compose(slip: SlipView) -> TicketContent:
    """Put a slip into words of its language.

    Its time is shown as the site's, with a warning where the clock was not to be trusted. An
    unknown wait and a service without counters leave their lines out.
    """

    def words(key: str, **values: object) -> str:
        return tidy(say(f"ticket.{key}", slip.language, **values))

    at = local_time(slip.issued_ms)
    match slip.expected_wait_min:
        case None:
            expected_wait = None
        case 0:
            expected_wait = words("expected_wait_none")
        case minutes:
            expected_wait = words("expected_wait", minutes=minutes)
    return TicketContent(
        organisation=words("organisation", unit=slip.unit),
        centre=words("centre"),
        title=words("title"),
        number=slip.number,
        service=words("service", service=slip.service),
        counters=words("counters", counters=", ".join(slip.counters)) if slip.counters else None,
        ahead=words("ahead", ahead=slip.ahead),
        expected_wait=expected_wait,
        issued=words(
            "issued" if slip.clock_trusted else "issued_unsure",
            time=f"{at:%H:%M}",
            date=f"{at:%d/%m/%Y}",
        ),
        footer=tuple(words(key) for key in ("keep", "missed", "note", "thanks")),
        priority=words("priority") if slip.priority else None,
        reprint=words("reprint") if slip.copy > _FIRST_COPY else None,
        training=words("training") if slip.training else None,
        qr=slip.follow_url,
        qr_caption=words("follow") if slip.follow_url else None,
        language=slip.language,
    )


def tidy(text: str) -> str:
    """`text` composed to NFC (what fonts and code pages know), with single spaces between words and
    without the invisible letters that come along when a name is copied from a page."""
    seen = (letter for letter in text if unicodedata.category(letter) != _INVISIBLE)
    return " ".join(unicodedata.normalize("NFC", "".join(seen)).split())
