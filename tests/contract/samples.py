"""One journal row of every event, with no field left at its default."""

from contract import events as e
from contract.events import Entry
from contract.stamp import Span, Stamp

STAMP = Stamp(wall_ms=1_795_395_600_000, mono_ns=123_456_789_012, boot="0a1b2c3d4e5f", synced=True)
COMMAND_ID = bytes(range(16))

EVENTS: tuple[e.AnyEvent, ...] = (
    e.NodeStarted("0.1.0", "9f2c"),
    e.ClockStepped(-1_500, synced=True),
    e.DayOpened(
        "2026-11-23",
        trusted=True,
        last_orders={"1": 25, "2": 3},
        carried=("1024", "1025"),
        abandoned=("2003",),
        counters=("1", "12"),
        brought=(e.Brought("1024", ("1", "8"), "parked", 1_795_395_000_000),),
    ),
    e.DeviceLost("printer-1", "paper-out"),
    e.DeviceReturned("printer-1"),
    e.PaperLow("printer-1"),
    e.DeviceRemoved("boards:b1"),
    e.AppointmentBooked("A-17", "1", 1_795_399_200_000),
    e.AppointmentCancelled("A-17"),
    e.TicketIssued(
        "1025",
        ("1", "8"),
        priority="appointment",
        appointment="A-17",
        language="en",
        on_paper=False,
        ahead=4,
        expected_wait_min=12,
        early_ms=90_000,
        roll=True,
        printer="printer-2",
    ),
    e.TicketPrinted("1025", 2, "confirmed"),
    e.SlipSent("1025", 2),
    e.PrintFailed("1025", 2, "line lost", unknown=True),
    e.ReprintOrdered("1025", 3, "printer-2"),
    e.TicketCalled(
        "1025",
        "3",
        "1",
        wait=Span(61_500),
        idle=Span(4_000, approximate=True),
        how="chosen",
        reason="người ốm",
        priority="elderly",
    ),
    e.TicketRecalled("1025", "3", 2),
    e.CallTakenBack(
        "1025", "3", "1", wait=Span(61_500), idle=Span(4_000), called=STAMP, since=STAMP
    ),
    e.ServiceStarted("1025", "3", "1", walk=Span(31_000)),
    e.ServiceFinished(
        "1025",
        "3",
        "1",
        service_time=Span(360_000),
        worked=Span(420_000),
        visit=Span(1_200_000, approximate=True),
        dossier="H44.100-261123-0001",
        visit_ended=True,
    ),
    e.ServiceReopened(
        e.ServiceFinished(
            "1025",
            "3",
            "1",
            service_time=Span(360_000),
            worked=Span(420_000),
            visit=Span(1_200_000, approximate=True),
            dossier="H44.100-261123-0001",
            visit_ended=True,
        ),
        STAMP,
    ),
    e.NoShowMarked("1025", "3", "1", walk=Span(120_000)),
    e.NoShowTakenBack("1025", "3", "1", walk=Span(61_500), marked=STAMP, since=STAMP),
    e.TicketReturned("1025"),
    e.TicketTransferred("1025", "3", "1", "2", "4", service_time=Span(60_000)),
    e.TicketParked("1025", "3", "1", "signature", 1_795_396_320_000, service_time=Span(240_000)),
    e.TicketResumed("1025", "3", "1", "signature", second_wait=Span(600_000), idle=Span(30_000)),
    e.ServiceAdded("1025", "8"),
    e.ServiceRemoved("1025", "8"),
    e.TicketVoided("1025", "lấy nhầm"),
    e.StaffSignedIn("lan", "3"),
    e.StaffSignedOut("lan", "3"),
    e.CounterOpened("3", ("1", "2"), paused=Span(900_000)),
    e.CounterPaused("3", "nghỉ trưa", idle=Span(10_000)),
    e.CounterClosed("3", idle=Span(5_000), paused=Span(7_000)),
    e.RatingGiven("3", "1", 4, 4, "attitude"),
    e.RatingIgnored("3", 1, "already-rated"),
    e.ServicesAssigned("3", ("2", "8"), "người đông"),
    e.RollStarted("1045"),
    e.RollEnded("1"),
)


def sample_rows() -> tuple[Entry, ...]:
    """The sample events as rows 1, 2, 3 ... of a journal."""
    return tuple(
        Entry(seq, STAMP, "lan", COMMAND_ID if seq % 2 else b"", seq % 3 == 0, event)
        for seq, event in enumerate(EVENTS, start=1)
    )
