"""The real voice under a service manager that watches it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from tests.display.listening_hub import TOKEN, ListeningHub
from tests.display.voice.calls import call, picture
from tests.service_manager import Systemd
from tests.waiting import until

VOICE = """
hub = "{hub}"
token_file = "token"
zones = [{{ name = "hall", player = {{ driver = "aplay" }} }}]
"""
SLOW_START_S = 120
# A sound card that takes all sound at once, and ends when nobody holds it.
APLAY = "#!/bin/sh\ncat >/dev/null\nwhile [ -e '{held}' ]; do sleep 0.05; done\n"


def test_the_voice_is_ready_and_lives_until_a_loudspeaker_holds_it_up(tmp_path: Path) -> None:
    hub, seqs, held = ListeningHub(), count(10), tmp_path / "held"

    def lives() -> bool:
        hub.publish(picture(next(seqs), call(seq=11)))
        return "WATCHDOG=1" in systemd.said_within(1)

    with Systemd(tmp_path) as systemd, _started(hub.url, tmp_path, held, systemd) as program:
        until(lambda: systemd.heard("READY=1"), SLOW_START_S)
        hub.publish(picture(next(seqs)))
        until(lambda: systemd.heard("WATCHDOG=1"))
        held.touch()
        until(lambda: not lives())
        held.unlink()
        until(lives)
        program.send_signal(signal.SIGTERM)
        assert program.wait(60) == 0
        assert systemd.said_within(0)[-1:] == ["STOPPING=1"]
    hub.close()


@contextmanager
def _started(
    hub: str, folder: Path, held: Path, systemd: Systemd
) -> Iterator["subprocess.Popen[bytes]"]:
    config = folder / "voice.toml"
    config.write_text(VOICE.format(hub=hub), "utf-8")
    (folder / "token").write_text(TOKEN, "ascii")
    aplay = folder / "aplay"
    aplay.write_text(APLAY.format(held=held), "utf-8")
    aplay.chmod(0o755)
    path = {"PATH": f"{folder}:{os.environ['PATH']}"}
    program = subprocess.Popen(
        [sys.executable, "-m", "display.voice", "--config", str(config)],
        env=os.environ | systemd.environment(watch_s=0.4) | path,
    )
    try:
        yield program
    finally:
        held.unlink(missing_ok=True)
        program.kill()
        program.wait()
