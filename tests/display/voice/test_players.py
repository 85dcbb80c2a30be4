import os
import signal
import stat
import subprocess
from array import array
from pathlib import Path

import pytest

from display.voice import players
from display.voice.mixing import Sound
from display.voice.players import AplayPlayer, FilePlayer, PlayerError
from runtime.clock import SystemClock
from tests.display.voice.clips import read_wav
from tests.edge.running_site import TestClock
from tests.waiting import until

RATE = 22_050
TONE = array("h", [2000, -2000] * 40_000).tobytes()  # more than a pipe holds
SOUND = Sound(RATE, (TONE[:1000], TONE[1000:]))

APLAY = """#!/bin/sh
echo $$ >"{folder}/pid"
echo "$@" >"{folder}/arguments"
{does}
"""


@pytest.fixture
def aplay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "FakeAplay":
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return FakeAplay(tmp_path)


class FakeAplay:
    """An `aplay` first on PATH that does what a test wants."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.player = AplayPlayer("plughw:CARD=Headphones", SystemClock())

    def does(self, script: str) -> None:
        program = self.folder / "aplay"
        program.write_text(APLAY.format(folder=self.folder, does=script), "utf-8")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    @property
    def heard(self) -> bytes:
        return (self.folder / "heard").read_bytes()

    def plays(self, sound: Sound) -> bool:
        try:
            self.player.play(sound, "again")
        except PlayerError:
            return False
        return True

    def runs(self) -> bool:
        return Path("/proc", (self.folder / "pid").read_text("ascii").strip()).exists()


def test_aplay_gets_every_sample_and_is_told_their_form(aplay: FakeAplay) -> None:
    aplay.does(f'cat >"{aplay.folder}/heard"')
    aplay.player.play(SOUND, "hall-1025-3")
    assert aplay.heard == TONE
    arguments = (aplay.folder / "arguments").read_text("ascii").strip()
    assert arguments == "-q -t raw -f S16_LE -c 1 -r 22050 -D plughw:CARD=Headphones"


def test_the_volume_reaches_aplay(aplay: FakeAplay) -> None:
    aplay.does(f'cat >"{aplay.folder}/heard"')
    aplay.player.play(SOUND._replace(percent=50), "hall-1025-3")
    assert aplay.heard == array("h", [1000, -1000] * 40_000).tobytes()


@pytest.mark.parametrize(
    "script",
    [
        'echo "ALSA lib: cannot find card 0" >&2; exit 1',
        'head -c 5000 >/dev/null; echo "ALSA lib: cannot find card 0" >&2; exit 1',
        'cat >/dev/null; echo "ALSA lib: cannot find card 0" >&2; exit 1',
    ],
    ids=["at once", "amid", "at the end"],
)
def test_a_card_that_fails_is_an_error_with_what_aplay_said(aplay: FakeAplay, script: str) -> None:
    aplay.does(script)
    with pytest.raises(PlayerError, match="cannot find card 0") as error:
        aplay.player.play(SOUND, "hall-1025-3")
    assert error.value.condition == "sound-failed"


@pytest.mark.parametrize(
    "script", ["exec sleep 60", "head -c 5000 >/dev/null; exec sleep 60", "cat; exec sleep 60"]
)
def test_a_card_that_hangs_is_an_error_and_leaves_no_process(
    aplay: FakeAplay, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    monkeypatch.setattr(players, "_MARGIN_S", -SOUND.seconds + 0.3)
    aplay.does(script)
    with pytest.raises(PlayerError) as error:
        aplay.player.play(SOUND, "hall-1025-3")
    assert error.value.condition == "sound-stuck"
    until(lambda: not aplay.runs())


def test_without_aplay_the_hub_is_told_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PlayerError) as error:
        AplayPlayer("default", SystemClock()).probe(SOUND)
    assert error.value.condition == "sound-program-missing"


def test_files_are_named_by_the_sites_time_and_hold_the_sound(tmp_path: Path) -> None:
    clock = TestClock()
    clock.later(0.25)
    player = FilePlayer(tmp_path / "voice", 100, clock)
    player.probe(SOUND)
    player.play(SOUND, "hall-1025-3")
    (file,) = (tmp_path / "voice").iterdir()
    assert file.name == "20261123-080000.250-hall-1025-3.wav"
    assert read_wav(file) == (RATE, TONE)


def test_only_the_newest_files_are_kept(tmp_path: Path) -> None:
    clock = TestClock()
    player = FilePlayer(tmp_path, 2, clock)
    for number in ("1001", "1002", "1003"):
        clock.later(1)
        player.play(SOUND, f"hall-{number}-3")
    assert [file.name[-10:-6] for file in sorted(tmp_path.iterdir())] == ["1002", "1003"]


def test_a_folder_that_cannot_be_written_is_a_device_that_failed(tmp_path: Path) -> None:
    (tmp_path / "voice").write_text("in the way", "ascii")
    player = FilePlayer(tmp_path / "voice", 100, TestClock())
    with pytest.raises(PlayerError, match="voice") as at_start:
        player.probe(SOUND)
    with pytest.raises(PlayerError, match="voice") as later:
        player.play(SOUND, "hall-1025-3")
    assert at_start.value.condition == later.value.condition == "sound-failed"


def test_while_a_process_cannot_be_killed_no_other_is_started(
    aplay: FakeAplay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a card pulled out at a bad moment, whose driver never lets go."""
    aplay.does("exec sleep 60")
    with monkeypatch.context() as patch:
        patch.setattr(players, "_MARGIN_S", -SOUND.seconds + 0.1)
        patch.setattr(players, "_KILLED_S", 0.1)
        patch.setattr(subprocess.Popen, "kill", bool)
        with pytest.raises(PlayerError):
            aplay.player.play(SOUND, "hall-1025-3")
    (aplay.folder / "pid").rename(aplay.folder / "unkillable")
    with pytest.raises(PlayerError, match="cannot even be killed") as error:
        aplay.player.play(SOUND, "hall-1025-3")
    assert error.value.condition == "sound-stuck"
    assert not (aplay.folder / "pid").exists()
    os.kill(int((aplay.folder / "unkillable").read_text("ascii")), signal.SIGKILL)
    aplay.does("cat >/dev/null")
    until(lambda: aplay.plays(SOUND))


def test_a_ctrl_c_for_the_program_does_not_reach_what_is_being_said(aplay: FakeAplay) -> None:
    aplay.does(f'cat >/dev/null; cut -d " " -f 6 /proc/$$/stat >"{aplay.folder}/session"')
    aplay.player.play(SOUND, "hall-1025-3")
    session = int((aplay.folder / "session").read_text("ascii"))
    assert session != os.getsid(0)
