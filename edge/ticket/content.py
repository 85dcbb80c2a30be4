"""The words of a ticket, finished and in NFC: everything a render mode needs, and nothing else."""

import unicodedata
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from runtime.wording import say

_SITE_TIME = ZoneInfo("Asia/Ho_Chi_Minh")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
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


def compose(
    *,
    unit_name: str,
    service_name: str,
    number: str,
    counters: tuple[str, ...],
    ahead: int,
    expected_wait_min: int | None,
    issued_ms: int,
    clock_trusted: bool,
    priority: bool = False,
    copy: int = _FIRST_COPY,
    training: bool = False,
    language: str = "vi",
    qr_url: str | None = None,
) -> TicketContent:
    """Put a ticket into words of `language` ("vi" or "en").

    `issued_ms` is UTC milliseconds since 1970, shown in the site's time, with a warning unless
    `clock_trusted`. `copy` counts from 1; further copies carry the reprint mark. An unknown
    `expected_wait_min` (minutes) and empty `counters` leave their lines out. Raises KeyError for
    a language without words.
    """

    def words(key: str, **values: object) -> str:
        return tidy(say(f"ticket.{key}", language, **values))

    at = (_EPOCH + timedelta(milliseconds=issued_ms)).astimezone(_SITE_TIME)
    match expected_wait_min:
        case None:
            expected_wait = None
        case 0:
            expected_wait = words("expected_wait_none")
        case _:
            expected_wait = words("expected_wait", minutes=expected_wait_min)
    return TicketContent(
        organisation=words("organisation", unit=unit_name),
        centre=words("centre"),
        title=words("title"),
        number=number,
        service=words("service", service=service_name),
        counters=words("counters", counters=", ".join(counters)) if counters else None,
        ahead=words("ahead", ahead=ahead),
        expected_wait=expected_wait,
        issued=words(
            "issued" if clock_trusted else "issued_unsure",
            time=f"{at:%H:%M}",
            date=f"{at:%d/%m/%Y}",
        ),
        footer=tuple(words(key) for key in ("keep", "missed", "note", "thanks")),
        priority=words("priority") if priority else None,
        reprint=words("reprint") if copy > _FIRST_COPY else None,
        training=words("training") if training else None,
        qr=qr_url,
        qr_caption=words("follow") if qr_url else None,
        language=language,
    )


def tidy(text: str) -> str:
    """`text` composed to NFC (what fonts and code pages know), with single spaces between words and
    without the invisible letters that come along when a name is copied from a page."""
    seen = (letter for letter in text if unicodedata.category(letter) != _INVISIBLE)
    return " ".join(unicodedata.normalize("NFC", "".join(seen)).split())
