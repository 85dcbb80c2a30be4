"""The ticket's page and its style sheet as bytes, in Vietnamese or English."""

import hashlib
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from central.api.freshness import local_time
from central.public.queue import SiteQueue, place_of
from runtime.wording import say

REFRESH_S = 30
STYLE = (Path(__file__).parent / "style.css").read_bytes()
_MOST_WAIT_MIN = 240
_templates = Environment(
    loader=PackageLoader("central.public"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
# By its content, so that a browser that keeps it for a day asks anew after an upgrade.
_templates.globals["style"] = f"/t/style.css?{hashlib.sha256(STYLE).hexdigest()[:12]}"


def ticket_page(queue: SiteQueue, day: str, number: str, language: str) -> bytes:
    """Where the ticket stands, how long it may take, and as of when that is known."""
    place = place_of(queue, day, number)

    def words(key: str, **values: object) -> str:
        return say(f"ticket_page.{key}", language, **values)

    if place.ahead is None:
        said = words(f"state_{place.phase.replace('-', '_')}")
    else:
        said = words("ahead", n=place.ahead) if place.ahead else words("next")
    wait = None
    if place.wait_min is not None:
        long = place.wait_min > _MOST_WAIT_MIN
        wait = words("wait_long") if long else words("wait", minutes=place.wait_min)
    as_of = "" if queue.complete_up_to_ms is None else _clock(queue.complete_up_to_ms, queue.day)
    html = _templates.get_template("ticket.html").render(
        words=words,
        language=language,
        other="en" if language == "vi" else "vi",
        site=queue.name,
        number=number,
        said=said,
        phase=place.phase,
        wait=wait,
        current=queue.live,
        stale=not queue.live and place.phase != "no-news",
        as_of=as_of,
        refresh_s=REFRESH_S,
    )
    return html.encode()


def refusal_page(key: str, language: str, again_s: int | None) -> bytes:
    """A page that says why there is nothing to show; a browser left open with it asks again after
    `again_s`, or never."""
    title = say("ticket_page.title", language)
    words = say(f"ticket_page.{key}", language)
    html = _templates.get_template("refusal.html").render(
        language=language, title=title, words=words, again_s=again_s
    )
    return html.encode()


def _clock(ms: int, day: str | None) -> str:
    time = local_time(ms)
    return f"{time:%H:%M}" if time.date().isoformat() == day else f"{time:%H:%M %d/%m/%Y}"
