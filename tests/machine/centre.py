"""The hub of one site inside a machine, and what its people do with it."""

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from PIL import Image

from contract.snapshot import CounterView, Snapshot
from simulation.boards.panels import ModbusPanel
from simulation.printer.paper import Slip
from tests.machine.machine import Machine

HUB = "sudo -u thutu /opt/thutu/current/bin/thutu-hub"
INSIDE = Path(__file__).parent / "inside"
PIN = "730418"
BROWSER_S = 1200  # its parts give up after 15 s without each other, and it starts anew
LIGHT, DOTS_OF_WORDS = 160, 5_000
SLOW_START_S = 400  # on a computer that does much else
_LOAD = "/run/take_numbers.py"
_CUTS = 3


class Centre:
    """The machine of one site, its printer's paper, the panels of its counters, and what all tests
    need to know of it."""

    def __init__(self, machine: Machine, slips: list[Slip], panels: Sequence[ModbusPanel]) -> None:
        self.machine = machine
        self.slips = slips
        self.panels = panels
        self.kiosk = ""
        self.set_up_s = 0.0

    def set_itself_up(self) -> None:
        """Give power to a new card; wait until it has started again by itself as a hub."""
        machine = self.machine
        self.set_up_s = machine.set_itself_up()
        machine.wait_for(lambda: self.active("thutu-hub"), SLOW_START_S)
        self.kiosk = machine.run(f"{HUB} add-device kiosk-1 --role kiosk 2>/dev/null")

    def active(self, units: str) -> bool:
        """Whether systemd holds all of them for started; ours have said READY=1 then."""
        states = self.machine.try_to(f"systemctl is-active {units}").output.split()
        return {*states} == {"active"}

    def snapshot(self) -> Snapshot:
        """The whole site now."""
        said = self._ask("/api/snapshot", self.kiosk)
        return msgspec.json.decode(said, type=Snapshot)

    def counter(self, name: str) -> CounterView:
        """One counter now."""
        (found,) = [each for each in self.snapshot().counters if each.counter == name]
        return found

    def called(self, counter: str) -> str:
        """The number at a counter; empty where there is none."""
        ticket = self.counter(counter).ticket
        return "" if ticket is None else ticket.number

    def take_number(self, *, on_paper: bool = False) -> str:
        """Take one number with curl."""
        command = {"type": "IssueTicket", "services": ["1"], "on_paper": on_paper}
        return str(json.loads(self._post("/api/commands", self.kiosk, command))["number"])

    def send_everybody_home(self) -> None:
        """Take everybody out of the queue. Another day would not: without a clock that is believed
        whoever waited before the last start may have come on that day."""
        self.machine.run(f"echo {PIN} | {HUB} set-pin ql01 --role supervisor")
        said = self._post("/api/sessions", self.kiosk, {"staff": "ql01", "pin": PIN})
        token = json.loads(said)["token"]
        script = (INSIDE / "void_everybody.py").read_text("utf-8")
        self.machine.run(f"python3 - {token}", script, timeout_s=600)

    def software(self) -> str:
        """The version that the hub says it is; empty while it says nothing."""
        said = self.machine.try_to("curl -sS --fail 127.0.0.1:8100/api/health")
        return str(json.loads(said.output)["software"]) if said.code == 0 else ""

    def process(self, unit: str) -> int:
        """The main process of a service, 0 if there is none."""
        return int(self.machine.run(f"systemctl show {unit} --property MainPID --value"))

    def is_another(self, unit: str, process: int) -> bool:
        """Whether a service has another main process than `process`."""
        return self.process(unit) not in {0, process}

    def shows_the_hall(self) -> bool:
        """Whether a corner of the screen is of the page's dark blue, neither black nor white, and
        words are on it."""
        picture = self.machine.folder / "hall.png"
        self.machine.front.picture(picture)
        with Image.open(picture) as seen:
            red, _, blue = seen.convert("RGB").crop((2, 2, 3, 3)).tobytes()
            light = sum(seen.convert("L").histogram()[LIGHT:])
        return red < 32 < blue and light > DOTS_OF_WORDS

    def wait_for_the_hall(self) -> float:
        """Wait until the hall's page is on the screen; how many seconds its browser took."""
        took_s = self.machine.wait_for(lambda: self.active("thutu-hall-screen"), BROWSER_S)
        self.machine.wait_for(self.shows_the_hall)
        return took_s

    def switch_on(self, clock: str = "utc") -> None:
        """Give power, and wait until the hub is there."""
        self.machine.switch_on(clock)
        self.machine.wait_for(lambda: self.active("thutu-hub"), SLOW_START_S)

    def cut_power_while_numbers_are_taken(self) -> None:
        """Cut the power again and again: no number that was acknowledged is lost or comes twice."""
        machine, chance = self.machine, random.Random(7)
        for cut in range(_CUTS):
            machine.run(f"cat >{_LOAD}", (INSIDE / "take_numbers.py").read_text("utf-8"))
            before = len(machine.acknowledged)
            machine.run(f"systemd-run --collect --unit=load python3 {_LOAD} {self.kiosk}")
            wanted = chance.randint(20, 200)
            machine.wait_for(lambda: len(machine.acknowledged) - before > wanted)  # noqa: B023 - at once
            machine.cut_power()
            told = machine.acknowledged
            self.switch_on()
            waiting = {ticket.number for ticket in self.snapshot().waiting}
            following = self.take_number()
            took = f"{len(told) - before} numbers"
            print(f"\n  cut {cut + 1}: {took}, last {told[-1]}, then {following}")
            assert len({*told}) == len(told), "a number was given out twice"
            assert {*told} <= waiting, "a number that was acknowledged is gone"
            assert following not in {*told, *waiting}
            machine.run(f"{HUB} verify")

    def _post(self, path: str, token: str, body: Mapping[str, object]) -> str:
        key = '"Idempotency-Key: $(cat /proc/sys/kernel/random/uuid)"'
        kind = "'Content-Type: application/json'"
        return self._ask(path, token, f"-H {key} -H {kind} -d '{json.dumps(body)}'")

    def _ask(self, path: str, token: str, more: str = "") -> str:
        known = f'-H "Authorization: Bearer {token}"'
        return self.machine.run(f"curl -sS --fail-with-body {known} {more} 127.0.0.1:8100{path}")
