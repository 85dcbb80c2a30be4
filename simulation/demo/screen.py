"""The live picture of a simulated day in a terminal, and its summary in words."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from contract.local_time import local_time
from contract.snapshot import Snapshot
from runtime.clock import SystemClock
from simulation.satellite import PRINTER

_FRAME_NS = 200_000_000


class Lights(NamedTuple):
    """The lamps of a satellite: those of the ticket buttons by service, and those of the rating pad
    of a counter."""

    buttons: dict[str, bool]
    counter: str
    pad: tuple[bool, ...]


class SitePicture(NamedTuple):
    """One site as the screen shows it: its hub's snapshot, what hangs on its wall, its line.

    `satellite` is what glows at the further machine, None without one.
    """

    unit: str
    snapshot: Snapshot
    boards: dict[str, str]
    slips: int
    line_up: bool
    satellite: Lights | None = None


class Screen:
    """Draws the sites while a day goes by; silent when not asked to draw."""

    def __init__(self, console: Console, *, drawing: bool) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False) if drawing else None
        self._clock = SystemClock()
        self._next_ns = 0

    def __enter__(self) -> "Screen":
        """Take over the terminal."""
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Give the terminal back, with the last picture left on it."""
        if self._live is not None:
            self._live.stop()
            if not self._console.is_terminal:
                self._console.print()  # where there is no terminal, rich ends no line

    def show(
        self,
        now_ms: int,
        share_done: float,
        pictures: Callable[[], Sequence[SitePicture]],
        url: str,
    ) -> None:
        """Draw one picture, unless the last is fresh enough; `pictures` is asked only then."""
        if self._live is None or not self._is_due():
            return
        clock = Text(f"{local_time(now_ms):%H:%M}  ", style="bold")
        table = Table.grid(padding=(0, 1))
        table.add_row(clock, ProgressBar(total=1.0, completed=share_done, width=40), url)
        panels = [_panel(site) for site in pictures()]
        self._live.update(Group(table, *panels), refresh=True)

    def _is_due(self) -> bool:
        now_ns = self._clock.stamp().mono_ns
        due = now_ns >= self._next_ns
        if due:
            self._next_ns = now_ns + _FRAME_NS
        return due

    def tell(self, summary: dict[str, Any]) -> None:
        """Print the day's summary."""
        if self._live is None:
            return
        for site in summary["sites"]:
            self._console.print(_site_table(site))
        verdict = "khớp / agree" if summary["agree"] else "KHÔNG KHỚP / DISAGREE"
        self._console.print(f"Sổ tại chỗ và trung tâm · journals and centre: [bold]{verdict}[/]")
        if self._console.is_interactive:
            self._console.print("Các trang vẫn mở. Ctrl-C kết thúc · pages stay open, Ctrl-C ends.")

    def invite(self, addresses: Mapping[str, str]) -> None:
        """Say where there is something to look at, by what it is; nothing of it is broken into
        lines, so that it can be copied from a narrow terminal too."""
        if self._live is None:
            return
        widest = max(map(len, addresses))
        for what, address in addresses.items():
            line = Text.assemble(f"{what:<{widest}}  ", (address, "bold"))
            self._console.print(line, soft_wrap=True)


def _panel(site: SitePicture) -> Panel:
    snapshot = site.snapshot
    facts = Table.grid(padding=(0, 2))
    waiting = sum(service.waiting for service in snapshot.services)
    facts.add_row(
        f"Đã cấp {snapshot.issued_today}",
        f"Đang chờ [bold]{waiting}[/]",
        f"Chờ ký {len(snapshot.parked)}",
        f"Xong {snapshot.finished_today}",
        f"Đánh giá {snapshot.ratings_today}",
        f"Phiếu in {site.slips}",
        _line(site),
    )
    boards = Text("  ").join(
        Text.assemble((f"Q{counter} ", "dim"), (f"{shown:>4}", "bold red"))
        for counter, shown in site.boards.items()
    )
    satellite = () if site.satellite is None else (_satellite(site.satellite, snapshot),)
    return Panel(Group(facts, boards, *satellite), title=site.unit, title_align="left")


def _satellite(lights: Lights, snapshot: Snapshot) -> Text:
    """The buttons as they glow, how their printer is, and the rating pad."""
    printer = next((view for view in snapshot.devices if view.device == PRINTER), None)
    ready = printer is not None and printer.state != "lost"
    buttons = [
        Text(f" {service} ", style="bold black on green" if lit else "dim reverse")
        for service, lit in lights.buttons.items()
    ]
    pad = [("●", "bold green") if lit else ("○", "dim") for lit in lights.pad]
    return Text.assemble(
        ("Máy phụ · satellite  ", "dim"),
        Text(" ").join(buttons),
        ("   máy in · printer ", "dim"),
        ("✓", "bold green") if ready else ("✗", "bold red"),
        (f"   đánh giá · rating Q{lights.counter} ", "dim"),
        *pad,
    )


def _line(site: SitePicture) -> str:
    link = site.snapshot.link
    if not site.line_up:
        return f"✗ Mất kết nối, đang lưu tại chỗ {link.unsent}"
    return f"↑ đang gửi {link.unsent}" if link.overdue else "✓ Đã đồng bộ"


def _site_table(site: dict[str, Any]) -> Table:
    table = Table(title=f"{site['unit']} · {site['site']}", title_justify="left", show_header=False)
    events, ratings = site["events"], site["ratings"]
    table.add_row("Số đã cấp · tickets", str(site["tickets"]))
    table.add_row(
        "Chờ · wait p50 / p90", f"{_min(site['wait_p50_s'])} / {_min(site['wait_p90_s'])}"
    )
    for counter in site["counters"]:
        rate = counter["per_open_hour"]
        table.add_row(
            f"Quầy · counter {counter['counter']}",
            f"{counter['finished']} ({rate if rate is not None else '–'} / giờ mở · open hour)",
        )
    table.add_row(
        "Đánh giá · ratings",
        f"{ratings['count']} ({(ratings['response_rate'] or 0) * 100:.0f} % phản hồi · response)",
    )
    table.add_row(
        "Sự kiện · events",
        f"gửi · sent {events['sent']}, lưu · committed {events['committed']}, "
        f"trùng · duplicated {events['duplicated']}, thiếu · missing {events['missing']}",
    )
    return table


def _min(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds / 60:.1f} phút"
