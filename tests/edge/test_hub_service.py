"""The real hub program under a service manager that watches it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx

from tests.edge.hub_toml import OPEN_ALL_DAY
from tests.service_manager import Systemd
from tests.waiting import until


def test_the_hub_is_ready_when_its_api_answers_and_then_gives_signs_of_life(tmp_path: Path) -> None:
    config = tmp_path / "hub.toml"
    config.write_text(OPEN_ALL_DAY, "utf-8")
    with Systemd(tmp_path) as systemd:
        program = subprocess.Popen(
            [sys.executable, "-m", "edge", "--config", str(config), "run"],
            env=os.environ | systemd.environment(watch_s=0.4),
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert program.stdout is not None
            url = program.stdout.readline().rsplit(" ", 1)[1].strip()
            until(lambda: systemd.heard("READY=1"))
            assert httpx.get(url, trust_env=False, timeout=30).status_code == 200
            for _ in range(3):
                until(lambda: systemd.heard("WATCHDOG=1"))
            program.send_signal(signal.SIGTERM)
            assert program.wait(20) == 0
        finally:
            program.kill()
            program.communicate()
        assert systemd.said_within(0)[-1:] == ["STOPPING=1"]
