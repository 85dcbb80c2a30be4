"""Every program beside a hub, in a process of its own, towards a hub that speaks HTTPS."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from msgspec.structs import replace

from contract import commands as c
from contract.commands import Actor, Answer, Order
from contract.site_rules import Session
from contract.stamp import Stamp
from edge.node import Node
from edge.settings import Http, HubSettings
from edge.site_certificate import SiteCertificate
from runtime.clock import SystemClock
from simulation.boards.line import BoardLine
from simulation.boards.panels import ModbusPanel
from simulation.printer.machine import VirtualPrinter
from simulation.printer.paper import Slip
from simulation.printer.ports import TcpPort
from tests.display.terminal.station import PIN
from tests.display.terminal.tmux import Tmux
from tests.edge.running_site import CLERK, RULES, TestClock
from tests.simulation.printer.bench import AT_ONCE, CountingClock
from tests.waiting import until

NODE = "01-00097-01-h1"
NOW_MS = SystemClock().stamp().wall_ms
DAY_MS = 86_400_000
IN_1973_MS = 100_000_000_000
KIOSK = Actor("kiosk-2", "kiosk")
ALWAYS = (Session((1, 2, 3, 4, 5, 6, 7), "00:00", "24:00", "24:00"),)
SITE = replace(RULES, sessions=ALWAYS, prints_on={KIOSK.id: "printer-2"})
NOT_TRUSTED = "không phải là máy mà thiết bị này tin cậy"
PATIENCE_S = 40.0
# The machine of the tests may not be synchronised; a program on a clock that is judges dates.
ON_TIME = (
    "import runpy, sys, runtime.clock; runtime.clock.is_synchronised = lambda: True; "
    "runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
)


class SetClock:
    """The machine's clock, with a time of day that a test sets; it is not moved by sleeping."""

    def __init__(self) -> None:
        self.wall_ms, self.synced = NOW_MS, True
        self._machine = SystemClock()

    def stamp(self) -> Stamp:
        now = self._machine.stamp()
        return Stamp(self.wall_ms, now.mono_ns, now.boot, self.synced)

    def sleep(self, seconds: float) -> None:
        self._machine.sleep(seconds)


class Ground:
    """A site's hub with the site's own authority, and what its programs drive."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.slips: list[Slip] = []
        self.panel = ModbusPanel(1)
        self.line = BoardLine(folder / "rs485", [self.panel], SystemClock())
        self.printer = TcpPort(VirtualPrinter(AT_ONCE, CountingClock(), self.slips.append))
        self.clock = SetClock()
        self._port = 0
        self.certify(NOW_MS - 400 * DAY_MS)
        self.over = (self.tls / "hub.pem").read_bytes()
        self.ca_file = folder / "site-ca.pem"
        self.ca_file.write_bytes((self.tls / "ca.pem").read_bytes())
        self.node = self._started()
        until(lambda: (self.tls / "hub.pem").read_bytes() != self.over)  # it sees to that itself
        for name, role in (("program", "display"), ("printer-2", "printer")):
            token = self.node.access.add_device(Actor(name, role))  # type: ignore[arg-type]  # roles
            (folder / f"{name}.token").write_text(token, "ascii")
        self.give(c.SignIn("1"))
        self.give(c.OpenCounter("1"))

    @property
    def tls(self) -> Path:
        """Where the hub's authority and certificate are."""
        return self.folder / "hub/tls"

    def certify(self, wall_ms: int) -> None:
        """Make an authority, and a certificate of a year that begins then."""
        SiteCertificate(self.tls, NODE, TestClock(wall_ms)).create(SITE.site, [])

    def stop(self) -> None:
        """Nobody answers."""
        self.node.stop()

    def start(self, wall_ms: int, *, synced: bool) -> None:
        """The hub is back, with a clock that says this."""
        self.clock.wall_ms, self.clock.synced = wall_ms, synced
        self.node = self._started()

    def give(self, command: c.AnyCommand, actor: Actor = CLERK) -> Answer:
        """Carry out a command."""
        reply = self.node.hub.submit(Order(uuid4().bytes, actor, command)).result(10)
        assert isinstance(reply, Answer), reply
        return reply

    def close(self) -> None:
        self.node.stop()
        self.line.unplug()
        self.printer.close()

    def _started(self) -> Node:
        http = Http(port=self._port, tls=True)
        node = Node(HubSettings(NODE, self.folder / "hub", SITE, http=http), self.clock)
        node.start()
        self._port = int(node.url.rpartition(":")[2])
        return node


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    (tmp_path / "hub").mkdir()
    made = Ground(tmp_path)
    yield made
    made.close()


class Program:
    """One of the programs, in a process of its own, with its settings and its log."""

    module = ""
    settings = ""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self._log = ground.folder / "log"
        self._read = 0
        config = ground.folder / "program.toml"
        beside = {"folder": ground.folder, "printer": ground.printer.address[1]}
        common = f'hub = "{ground.node.url}"\ntoken_file = "program.token"\n'
        text = f'{common}ca_file = "{ground.ca_file}"\n{self.settings.format(**beside)}'
        config.write_text(text, "utf-8")
        command = [sys.executable, "-c", ON_TIME, self.module, "--config", str(config)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, stderr=log)

    @property
    def log(self) -> str:
        """All that it has said."""
        return self._log.read_text("utf-8")

    def says(self, *words: str) -> None:
        """Wait for words that it has not said before."""
        until(lambda: all(word in self.log[self._read :] for word in words), PATIENCE_S)
        self._read = len(self.log)

    def follows(self, number: str, /) -> bool:
        """Whether what people see, hear or hold tells of `number` by now."""
        raise NotImplementedError

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(30)


class Boards(Program):
    module = "display.boards"
    settings = """[[buses]]
port = "{folder}/rs485"
boards = [{{ driver = "modbus-digits", counter = "1", address = 1 }}]
"""

    def follows(self, number: str) -> bool:
        return self.ground.panel.shown == number


class Hall(Program):
    module = "display.hall"
    settings = "port = 0\n"

    def follows(self, number: str) -> bool:
        if "the hall screen is at" not in self.log:
            return False
        url = self.log.split("the hall screen is at ")[1].split()[0]
        with httpx.stream("GET", f"{url}/events", trust_env=False, timeout=10) as page:
            told = (line for line in page.iter_lines() if line.startswith("data:"))
            _version, picture = next(told), next(told)
        return f'"{number}"' in picture


class Voice(Program):
    module = "display.voice"
    settings = """languages = ["vi"]
[[zones]]
name = "hall"
player = {{ driver = "files", folder = "{folder}/said" }}
"""

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        self._heard = 0

    def follows(self, _: str) -> bool:
        self.ground.give(c.Recall("1"))
        said = len(list((self.ground.folder / "said").glob("*.wav")))
        self._heard, before = said, self._heard
        return said > before


class Satellite(Program):
    module = "edge.satellite"
    settings = """data = "{folder}/satellite"
[printer]
url = "tcp://127.0.0.1:{printer}"
device = "printer-2"
profile = {{ mode = "strip", proof = "process-id" }}
"""

    def follows(self, number: str) -> bool:
        slip = self.ground.node.hub.house.live.tickets[number].slip
        return slip == "printed" and len(self.ground.slips) > 0


PROGRAMS: tuple[Callable[[Ground], Program], ...] = (Boards, Hall, Voice, Satellite)


def works(program: Program) -> None:
    """A citizen takes a number, is called, and the program tells of it."""
    ground = program.ground
    number = ground.give(c.IssueTicket(("1",)), actor=KIOSK).number or ""
    if ground.node.hub.house.live.counters["1"].ticket is not None:
        ground.give(c.MarkNoShow("1"))
    ground.give(c.CallTicket("1", number, "urgent"))
    until(lambda: program.follows(number), PATIENCE_S)


@pytest.mark.parametrize("kind", PROGRAMS)
def test_a_program_says_what_is_wrong_with_its_hub_and_comes_back_by_itself(
    kind: Callable[[Ground], Program], ground: Ground
) -> None:
    own, foreign = ground.folder / "own", ground.folder / "foreign"
    with closing(kind(ground)) as program:
        works(program)

        ground.stop()  # someone else answers in the hub's place, with an authority of their own
        ground.tls.rename(own)
        ground.certify(NOW_MS)
        ground.start(NOW_MS, synced=True)
        program.says(NOT_TRUSTED, "certificate verify failed")

        ground.stop()  # the hub itself again, which knows no time, and its certificate is over
        ground.tls.rename(foreign)
        own.rename(ground.tls)
        (ground.tls / "hub.pem").write_bytes(ground.over)
        ground.start(IN_1973_MS, synced=False)
        program.says(NOT_TRUSTED, "was over at")

        # With a new address it makes itself one that begins with the software, whatever its clock.
        new_address = SiteCertificate(ground.tls, NODE, ground.clock, lambda: ["192.0.2.7"])
        assert new_address.renew()
        ground.stop()
        ground.start(IN_1973_MS, synced=False)
        works(program)

        ground.stop()  # its clock is set, and it makes itself one of a year
        ground.start(NOW_MS, synced=True)
        works(program)


@pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")
def test_a_terminal_gives_its_pin_to_no_other_hub_and_comes_back_by_itself(ground: Ground) -> None:
    own = ground.folder / "own"
    ground.node.access.set_pin("nv02", "clerk", PIN)
    config = ground.folder / "terminal.toml"
    config.write_text(f'hub = "{ground.node.url}"\nca_file = "{ground.ca_file}"\n', "utf-8")
    run = f'{sys.executable} -c "{ON_TIME}" display.terminal --config {config}'
    ground.stop()
    ground.tls.rename(own)
    ground.certify(NOW_MS)
    ground.start(NOW_MS, synced=True)
    with closing(Tmux(ground.folder, 120, 40, "screen-256color", run)) as window:
        window.shows("ĐĂNG NHẬP")
        window.press("nv02", "Enter")
        window.shows("▸ Mã PIN")
        window.press(PIN, "Enter")
        window.shows("certificate verify failed", "Chưa gửi gì cho máy đó.")

        ground.stop()
        shutil.rmtree(ground.tls)
        own.rename(ground.tls)
        ground.start(IN_1973_MS, synced=False)
        window.press("End", "Enter")  # two keys, for two Enters at once are one
        window.shows("Chọn quầy", "Chạy độc lập, không nối trung tâm")

        ground.stop()
        window.shows("MẤT LIÊN LẠC")
        (ground.tls / "hub.pem").write_bytes(ground.over)
        ground.start(NOW_MS, synced=True)
        until(lambda: "MẤT LIÊN LẠC" not in window.screen(), PATIENCE_S)
