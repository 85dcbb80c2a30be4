"""What is done by mistake at one counter, and how a day with it compares to a day without."""

from msgspec.structs import replace

from central.rollup.fold import Cells
from central.rollup.histogram import Histogram
from central.store.cells import Measure
from contract import commands as c
from contract.day_report import DayReport
from contract.snapshot import LinkView, Snapshot
from edge.core.report import day_report
from edge.core.state import State
from edge.core.view import snapshot
from tests.edge.core.story import KIOSK, LAN, PAD, RULES, Story

ISSUE = (KIOSK, c.IssueTicket(("1",)))
CALL = (LAN, c.CallNext("1"))
START = (LAN, c.StartService("1"))
FINISH = (LAN, c.FinishService("1"))
REOPEN = (LAN, c.ReopenService("1"))
RATE = (PAD, c.Rate("1", 4))


def report(story: Story) -> DayReport:
    return day_report(RULES, story.live.day, story.entries)


def timeless(state: State) -> State:
    """All but when a synchronised clock was read last, which every row moves."""
    return replace(state, anchor=None)


def figures(cells: Cells) -> tuple[object, ...]:
    """All that the cells say, and what their bins come to."""
    told = {}
    for key, tally in cells.quarters.items():
        counts = {name: getattr(tally, name) for name in tally.__slots__ if _is_count(tally, name)}
        told[key] = (counts, *map(_bins, (tally.wait, tally.service, tally.second_wait)))
    return told, dict(cells.counters), cells.ratings


def _is_count(tally: object, name: str) -> bool:
    return isinstance(getattr(tally, name), int)


def _bins(measure: Measure) -> tuple[object, ...]:
    histogram = Histogram()
    histogram.add_bins(measure.ms, measure.bins)
    used = {histogram.first + n: count for n, count in enumerate(histogram.counts) if count}
    return measure.n, measure.ms, used, measure.quantiles((0.5, 0.9))


def picture(story: Story) -> Snapshot:
    return snapshot(RULES, "n", story.house, story.stamp, LinkView(connected=False, unsent=0))
