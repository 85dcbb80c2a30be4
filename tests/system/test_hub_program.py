"""The hub's own program and what the centre decides: it starts anew, but not under anybody."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.edge.api.orders import order
from tests.system.lost_line import Site, central
from tests.system.test_configuration import DECIDED
from tests.waiting import until

PIN = "591482"
STAYS_S = 3  # it looks every second whether anybody is in the house


class Hub:
    """The program that runs on a card, and its supervisor."""

    def __init__(self, program: subprocess.Popen[str], chief: httpx.Client) -> None:
        self.program = program
        self.chief = chief

    def counters(self) -> int:
        """How many counters there are by the rules in force."""
        return len(self.chief.get("/api/snapshot").json()["counters"])

    def news(self) -> str:
        """The program's own word that it has something to try."""
        assert self.program.stderr is not None
        return next(line for line in self.program.stderr if "a new configuration" in line)


def ask(config: Path, *arguments: str, typed: str = "") -> None:
    command = [sys.executable, "-m", "edge", "--config", str(config), *arguments]
    subprocess.run(command, input=typed, text=True, timeout=60, check=True)


@contextmanager
def started(config: Path) -> Iterator[Hub]:
    program = subprocess.Popen(
        [sys.executable, "-m", "edge", "--config", str(config), "run"],
        env=os.environ | {"LC_ALL": "C.UTF-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert program.stdout is not None
        url = program.stdout.readline().rsplit(" ", 1)[1].strip()
        with httpx.Client(base_url=url, trust_env=False, timeout=30) as chief:
            session = chief.post("/api/sessions", json={"staff": "chief", "pin": PIN}).json()
            chief.headers["Authorization"] = f"Bearer {session['token']}"
            yield Hub(program, chief)
    finally:
        program.kill()
        program.communicate()


def test_it_starts_anew_for_what_was_decided_once_nobody_is_in_the_house(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as stack:
        site = Site(tmp_path, stack)
        config = site.config("card")
        ask(config, "set-pin", "chief", "--role", "supervisor", typed=f"{PIN}\n")
        with started(config) as hub:
            assert order(hub.chief, "IssueTicket", services=["1"]).json()["number"] == "1001"
            decided = tmp_path / "decided.toml"
            decided.write_text(DECIDED, "utf-8")
            centre = str(site.centre_config())
            central(monkeypatch, centre, "publish-config", "01-00097-01", str(decided))
            assert "as soon as nobody is in the house" in hub.news()
            with pytest.raises(subprocess.TimeoutExpired):
                hub.program.wait(STAYS_S)
            assert hub.counters() == 1
            gone = order(hub.chief, "VoidTicket", number="1001", reason="left")
            assert gone.status_code == 200, gone.text
            assert hub.program.wait(30) == 0

        with started(config) as hub:
            until(lambda: hub.counters() == 2)
            assert order(hub.chief, "IssueTicket", services=["1"]).json()["number"] == "1002"
