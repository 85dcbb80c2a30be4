"""A small site for tests: given orders, when an order comes, then events or a refusal."""

from contract.commands import Actor, AnyCommand, Order, SignIn
from contract.commands import OpenCounter as Open
from contract.events import AnyEvent, DayOpened, Entry
from contract.local_time import local_time
from contract.refusals import Refused
from contract.site_rules import Counter, Priority, RatingReason, Rules, Service, Session
from contract.stamp import Stamp
from edge.core.house import House, Turn, carry_out
from edge.core.state import State

WORKDAYS = (1, 2, 3, 4, 5)
RULES = Rules(
    site="01-00097-01",
    unit="Phường Hồng Hà",
    site_name="Hồng Hà",
    services=(
        Service("1", "1", {"vi": "Hộ tịch – Chứng thực"}, usual_min=6),
        Service("2", "2", {"vi": "Đất đai"}, usual_min=15),
        Service("8", "8", {"vi": "Trả kết quả"}, usual_min=3),
    ),
    counters=(Counter("1", ("1",)), Counter("2", ("1", "2")), Counter("3", ("2",))),
    sessions=(
        Session(WORKDAYS, "07:30", "11:15", "11:30"),
        Session(WORKDAYS, "13:30", "16:30", "17:00"),
    ),
    priorities=(Priority("elderly", {"vi": "Người cao tuổi"}),),
    rating_reasons=(RatingReason("attitude", {"vi": "Thái độ phục vụ"}),),
    closed_days=("2026-11-24",),
    extra_days={"2026-11-28": (Session((6,), "07:30", "11:15", "11:30"),)},
)

KIOSK = Actor("kiosk-1", "kiosk")
GREETER = Actor("greeter-1", "greeter")
LAN = Actor("lan", "clerk")
MINH = Actor("minh", "clerk")
BOSS = Actor("boss", "supervisor")
PAD = Actor("pad-1", "pad", counter="1")
CENTRE = Actor("centre", "centre")
HUB = Actor("hub", "hub")

MONDAY_8 = 1_795_395_600_000  # 2026-11-23 08:00 in Vietnam
MINUTE_MS = 60_000
DAY_MS = 86_400_000


Asked = tuple[Actor, AnyCommand]


class Story:
    """A site's house and clock, driven by a test."""

    def __init__(
        self, rules: Rules = RULES, wall_ms: int = MONDAY_8, *, synced: bool = True
    ) -> None:
        self.rules = rules
        self.house = House()
        self.entries: list[Entry] = []
        self.stamp = Stamp(wall_ms, 1_000_000_000, "boot-1", synced)

    @property
    def live(self) -> State:
        """The live queue."""
        return self.house.live

    def later(self, *, ms: int = 0, s: int = 0, minutes: float = 0) -> "Story":
        """Let time pass on both clocks."""
        passed_ms = ms + s * 1000 + round(minutes * MINUTE_MS)
        before = self.stamp
        self.stamp = Stamp(
            before.wall_ms + passed_ms,
            before.mono_ns + passed_ms * 1_000_000,
            before.boot,
            before.synced,
        )
        return self

    def clock(self, wall_ms: int, *, synced: bool) -> "Story":
        """Set the wall clock; the monotonic one does not notice."""
        self.stamp = Stamp(wall_ms, self.stamp.mono_ns, self.stamp.boot, synced)
        return self

    def reboot(self, wall_ms: int, *, synced: bool) -> "Story":
        """Start the machine again with this wall clock."""
        number = int(self.stamp.boot.removeprefix("boot-")) + 1
        self.stamp = Stamp(wall_ms, 5_000_000_000, f"boot-{number}", synced)
        return self

    def turn(self, actor: Actor, command: AnyCommand, *, training: bool = False) -> Turn:
        """Give an order and keep what it did, be it refused or not."""
        order = Order(len(self.entries).to_bytes(16, "big"), actor, command, training)
        turn = carry_out(self.rules, self.house, order, self.stamp)
        self.house = turn.house
        self.entries.extend(turn.entries)
        return turn

    def does(
        self, actor: Actor, command: AnyCommand, *, training: bool = False
    ) -> tuple[AnyEvent, ...]:
        """Give an order that is carried out, and return all its events."""
        turn = self.turn(actor, command, training=training)
        assert turn.refused is None, turn.refused
        return tuple(entry.event for entry in turn.entries)

    def refuses(self, actor: Actor, command: AnyCommand) -> Refused:
        """Give an order that is refused and does nothing but open the day, and return why."""
        before = self.house
        turn = self.turn(actor, command)
        assert turn.refused is not None, turn.entries
        assert all(isinstance(entry.event, DayOpened) for entry in turn.entries)
        assert turn.entries or self.house == before
        return turn.refused

    def given(self, *asked: Asked) -> "Story":
        """Carry out what a test takes for granted."""
        for actor, command in asked:
            self.does(actor, command)
        return self


def open_at(counter: str, actor: Actor = LAN) -> tuple[Asked, Asked]:
    """A clerk at an open counter."""
    return (actor, SignIn(counter)), (actor, Open(counter))


def opened(story: Story) -> DayOpened:
    """The last opening of a day."""
    return [entry.event for entry in story.entries if isinstance(entry.event, DayOpened)][-1]


def shown(wall_ms: int) -> str:
    """A wall clock as a test's reader likes it."""
    return local_time(wall_ms).strftime("%Y-%m-%d %H:%M")
