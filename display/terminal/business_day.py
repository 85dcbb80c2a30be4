"""Which day it is where no clock can tell, and who has gone home: asked of a supervisor."""

from datetime import date, timedelta

from contract import commands as c
from contract.ids import Day
from contract.snapshot import TicketView
from display.terminal.questions import Case, Choice, NotNow
from display.terminal.scene import date_words

_NEXT_DAYS = 3  # Monday after a Friday
_FIRST_DAY = "2026"  # what is before was said by a clock that began in 1970
_MOST = 1000  # what the hub takes at once; the same key asks about the rest


async def ask_day(case: Case) -> c.AnyCommand:
    """The day, as long as no clock knows it, and whose holders are gone."""
    shot = case.scene.snapshot
    here = _in_the_house(case)
    if shot.clock_trusted and not here:
        raise NotNow(case.say("day_by_clock", day=date_words(shot.day)))
    day = shot.day if shot.clock_trusted else await _which_day(case)
    gone = await _who_is_gone(case, here, later=day > shot.day) if here else ()
    if gone:
        await case.asker.confirm(case.say("confirm_gone", count=len(gone)))
    return c.OpenDay(day, tuple(ticket.number for ticket in gone), of_day=shot.day)


async def _which_day(case: Case) -> Day:
    present = case.scene.snapshot.day
    offered: list[Choice[Day | None]] = [
        Choice(present, case.say("day_still", day=date_words(present)))
    ]
    for later in range(1, _NEXT_DAYS + 1) if present >= _FIRST_DAY else ():
        day = date.fromisoformat(present) + timedelta(later)
        words = date_words(day.isoformat())
        offered.append(Choice(day.isoformat(), words, case.say(f"weekday_{day.isoweekday()}")))
    offered.append(Choice(None, case.say("day_other")))
    chosen = await case.asker.choose(case.say("ask_day"), offered)
    if chosen is not None:
        return chosen
    typed = await case.asker.type(
        case.say("ask_date"), case.say("ask_date_wrong"), lambda text: _day_of(text) is not None
    )
    return _day_of(typed) or present


async def _who_is_gone(
    case: Case, here: tuple[TicketView, ...], *, later: bool
) -> tuple[TicketView, ...]:
    """On a new day the likely answer comes first: those from before the machine's start."""
    earlier = tuple(ticket for ticket in here if ticket.earlier)[:_MOST]
    everybody = here[:_MOST]
    nobody = Choice[tuple[TicketView, ...]]((), case.say("gone_nobody", count=len(here)))
    some = [Choice(everybody, case.say("gone_all", count=len(everybody)))]
    if earlier not in ((), everybody):
        some.insert(0, Choice(earlier, case.say("gone_earlier", count=len(earlier))))
    choices = [*some, nobody] if later else [nobody, *some]
    return await case.asker.choose(case.say("ask_gone", count=len(here)), choices)


def _in_the_house(case: Case) -> tuple[TicketView, ...]:
    """Whoever is not done, but for who is at a counter now."""
    shot = case.scene.snapshot
    left = (view.ticket for view in shot.counters if view.ticket and view.ticket.earlier)
    return (*shot.waiting, *shot.parked, *shot.absent, *left)


def _day_of(text: str) -> Day | None:
    """The day that was typed as 23/11/2026."""
    parts = text.split("/")
    try:
        of_month, month, year = (int(part) for part in parts)
        day = date(year, month, of_month).isoformat()
    except ValueError:
        return None
    return day if day >= _FIRST_DAY else None
