"""Pictures of the terminal's screens, taken in front of a real hub whose clock stands still.

`python -m tests.display.terminal.write_pictures` takes them anew; look at them then.
"""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from contract import commands as c
from contract.commands import Actor
from contract.snapshot import LinkView
from tests.display.terminal.station import Station, at_station, issue, opened
from tests.edge.running_site import HUB, RunningSite

FOLDER = Path(__file__).with_name("pictures")
_TAKEN_ALIKE = 5
SMALL = (80, 24)
LARGE = (120, 40)
NV01 = Actor("nv01", "clerk")
NV02 = Actor("nv02", "clerk")
PT01 = Actor("pt01", "supervisor")

Scenario = Callable[[Station], Awaitable[None]]


async def _sign_in(at: Station) -> None:
    await at.press("ctrl+t")
    await at.sees("tập huấn: BẬT")


async def _seated(at: Station) -> None:
    await at.sit_down()
    await at.sees("Tôi: chưa phục vụ ai")


async def _serving(at: Station) -> None:
    await _seated(at)
    await at.press("enter", "enter")
    await at.sees("ĐANG PHỤC VỤ")


async def _english(at: Station) -> None:
    await _serving(at)
    await at.press("ctrl+l", "ctrl+k")
    await at.sees("SERVING")


async def _refused(at: Station) -> None:
    await _seated(at)
    await at.press("b")
    await at.sees("Quầy 1 chưa gọi số nào")


async def _transfer(at: Station) -> None:
    await _serving(at)
    await at.press("c")
    await at.sees("Chọn lĩnh vực")
    at.site.give(HUB, c.ReportDevice("pad-1", "ready"))  # a new picture, and so the same time
    await at.sees("0:00 trên mức")


async def _silent(at: Station) -> None:
    await _serving(at)
    await at.sees("Đất đai – Môi trường", "Cư trú")  # which it asks the hub for once
    at.site.stop_serving()
    await at.sees("MẤT LIÊN LẠC")


async def _counters(at: Station) -> None:
    await at.sign_in("pt01")
    await at.sees("Chọn quầy", "Quầy 1")


async def _log(at: Station) -> None:
    for command in (
        c.SignIn("1"),
        c.OpenCounter("1"),
        c.CallTicket("1", "1003", "missed-turn"),
        c.MarkNoShow("1"),
        c.VoidTicket("5002", "citizen-left"),
    ):
        at.site.give(NV01, command)
    at.site.give(PT01, c.AssignServices("2", ("5",), "long-queue"))
    await _counters(at)
    await at.press("n")
    await at.sees("Nhật ký trong ngày", "Hàng chờ dài")


async def _report(at: Station) -> None:
    at.site.give(NV02, c.FinishService("2"))
    await _counters(at)
    await at.press("b")
    await at.sees("Báo cáo trong ngày", "nv02")


async def _assign(at: Station) -> None:
    await _counters(at)
    await at.press("d", "3")
    await at.sees("[x] Cư trú")


async def _roll(at: Station) -> None:
    await _seated(at)
    at.site.give(NV01, c.UseRoll("1043"))
    await at.press("p", "1", "1")
    await at.sees("Hãy xé phiếu có số này trên cuộn")


async def _troubles(at: Station) -> None:
    """More to say of devices and line than one row of 80 cells holds."""
    at.site.give(NV01, c.UseRoll("1043"))
    at.site.give(HUB, c.ReportPrint("1001", 1, "unknown"))
    await _serving(at)


async def _course(at: Station) -> None:
    for service in ("1", "2", "1", "1", "2"):
        at.site.practise(NV01, c.IssueTicket((service,), on_paper=False))
    await at.press("ctrl+t")
    await at.sit_down()
    await at.press("enter")
    await at.sees("Bài 2/13", "✓ Đúng")


PICTURES: dict[str, tuple[Scenario, tuple[int, int]]] = {
    "sign-in-80x24": (_sign_in, SMALL),
    "serving-80x24": (_serving, SMALL),
    "serving-120x40": (_serving, LARGE),
    "serving-english-high-contrast-120x40": (_english, LARGE),
    "refused-80x24": (_refused, SMALL),
    "troubles-80x24": (_troubles, SMALL),
    "transfer-80x24": (_transfer, SMALL),
    "silent-80x24": (_silent, SMALL),
    "counters-80x24": (_counters, SMALL),
    "assign-80x24": (_assign, SMALL),
    "log-80x24": (_log, SMALL),
    "log-120x40": (_log, LARGE),
    "report-80x24": (_report, SMALL),
    "report-120x40": (_report, LARGE),
    "roll-80x24": (_roll, SMALL),
    "roll-120x40": (_roll, LARGE),
    "course-80x24": (_course, SMALL),
    "course-120x40": (_course, LARGE),
}


def picture(name: str, folder: Path) -> str:
    """One screen as SVG, without what differs from run to run."""
    scenario, size = PICTURES[name]
    site = opened(folder)
    taken: list[str] = []

    async def take(at: Station) -> None:
        await scenario(at)
        await at.until(lambda: _settled(at, taken), "a screen that stays as it is")

    _busy_morning(site)
    try:
        at_station(site, take, size)
    finally:
        site.close()
    return _steady(taken[-1], site.url)


def _settled(at: Station, taken: list[str]) -> bool:
    taken.append(at.app.export_screenshot(title=""))
    latest = taken[-_TAKEN_ALIKE:]
    return len(latest) == _TAKEN_ALIKE and len(set(latest)) == 1


def _busy_morning(site: RunningSite) -> None:
    issue(site, "1", "1", "2", "5", "5", "1")
    issue(site, "1", priority="elderly")
    for ticket in site.hub.snapshot().waiting:
        site.give(HUB, c.ReportPrint(ticket.number, 1, "printed"))
    for command in (
        c.SignIn("2"),
        c.OpenCounter("2"),
        c.CallNext("2"),
        c.StartService("2"),
        c.ParkTicket("2", "signature", 10),
        c.CallNext("2"),
        c.StartService("2"),
        c.ParkTicket("2", "papers"),
        c.CallNext("2"),
        c.StartService("2"),
    ):
        site.give(NV02, command)
        site.clock.later(150)
    site.give(HUB, c.ReportDevice("printer-1", "lost", "paper-out"))
    site.hub.show_link(lambda: LinkView(connected=False, unsent=132))


def _steady(svg: str, url: str) -> str:
    return re.sub(r"terminal-\d+", "terminal", svg).replace(url, "http://hub:8100")


def main() -> None:
    """Write all pictures anew."""
    FOLDER.mkdir(exist_ok=True)
    for name in PICTURES:
        with TemporaryDirectory() as folder:
            (FOLDER / f"{name}.svg").write_text(picture(name, Path(folder)), "utf-8")


if __name__ == "__main__":
    main()
