"""Scenes for tests of what a clerk sees."""

from msgspec.structs import replace

from contract.snapshot import (
    CounterView,
    DeviceView,
    LinkView,
    ServiceView,
    Snapshot,
    TicketPhase,
    TicketView,
)
from display.terminal.scene import Scene, Targets
from runtime.hub_client import Catalogue, OfferedPriority, OfferedService

NOW_MS = 1_795_395_600_000  # 2026-11-23 08:00 in Vietnam
MINUTE_MS = 60_000
CATALOGUE = Catalogue(
    (
        OfferedService("1", {"vi": "Hộ tịch – Chứng thực", "en": "Civil status"}, usual_min=7),
        OfferedService("2", {"vi": "Đất đai – Môi trường"}),
        OfferedService("5", {"vi": "Cư trú – Căn cước"}),
    ),
    (OfferedPriority("elderly", {"vi": "Người cao tuổi", "en": "Aged 60 or over"}),),
)


def ticket(
    number: str = "1025", phase: TicketPhase = "waiting", minutes: float = 4, **more: object
) -> TicketView:
    """A ticket in its phase for `minutes`."""
    view = TicketView(
        number=number,
        service=number[0],
        phase=phase,
        issued_ms=NOW_MS - 30 * MINUTE_MS,
        since_ms=NOW_MS - round(minutes * MINUTE_MS),
    )
    return replace(view, **more)


def counter(at: TicketView | None = None, **more: object) -> CounterView:
    """Counter 1 of nv01, open since 07:30."""
    view = CounterView(
        counter="1",
        phase="open",
        since_ms=NOW_MS - 30 * MINUTE_MS,
        services=("1", "2"),
        staff="nv01",
        ticket=at,
        served=23,
    )
    return replace(view, **more)


def snapshot(*counters: CounterView, **more: object) -> Snapshot:
    """A small site."""
    view = Snapshot(
        node="01-00097-01-h1",
        site="01-00097-01",
        site_name="Trung tâm Hồng Hà",
        seq=7,
        day="2026-11-23",
        now_ms=NOW_MS,
        clock_trusted=True,
        issuing="open",
        counters=counters or (counter(),),
        services=(),
        waiting=(),
        parked=(),
        absent=(),
        calls=(),
        devices=(),
        link=LinkView(connected=True, unsent=0),
        issued_today=212,
        finished_today=151,
        ratings_today=9,
    )
    return replace(view, **more)


def scene(*counters: CounterView, language: str = "vi", **more: object) -> Scene:
    """That site as nv01 at counter 1 sees it."""
    return Scene(snapshot(*counters, **more), NOW_MS, "nv01", "1", CATALOGUE, Targets(), language)


def queue_of(service: str, waiting: int, minutes: float, open_counters: int = 1) -> ServiceView:
    """A service whose first citizen has waited for `minutes`."""
    oldest_ms = NOW_MS - round(minutes * MINUTE_MS) if waiting else None
    return ServiceView(service, waiting, oldest_ms, None, open_counters)


def device(
    state: str, condition: str = "", name: str = "printer-1", since_ms: int | None = None
) -> DeviceView:
    """A device's state."""
    return DeviceView(name, state, condition, since_ms)  # type: ignore[arg-type]  # parameters of tests
