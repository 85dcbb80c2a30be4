import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from contract.commands import (
    Actor,
    Answer,
    CallNext,
    IssueTicket,
    OpenCounter,
    Recall,
    ReportPrint,
    SignIn,
    StartService,
)
from contract.snapshot import Snapshot
from display.voice import players
from display.voice.__main__ import main, run
from display.voice.bank import SHIPPED_BANKS, load_bank
from display.voice.mixing import chime
from display.voice.settings import Files, Pace, Settings, Zone
from edge.hub import Reply
from runtime.hub_client import HubClient, Silence
from runtime.settings import load_settings
from runtime.wording import LANGUAGES, catalogue
from tests.display.voice.clips import heard, read_wav
from tests.edge.running_site import CLERK, HUB, KIOSK, RunningSite, TestClock
from tests.waiting import until

VOICE = """
hub = "{hub}"
token_file = "token"
languages = ["vi", "en"]
pace = {{ times = 1 }}

[[zones]]
name = "hall"
player = {{ driver = "files", folder = "hall" }}

[[zones]]
name = "upstairs"
counters = ["2"]
player = {{ driver = "aplay", device = "plughw:1,0" }}
"""
UPSTAIRS = Actor("nv02", "clerk")
APLAY = '#!/bin/sh\ncat >"{folder}/aplay-$$"\n'


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RunningSite]:
    site = RunningSite(tmp_path / "hub", TestClock())
    token = site.access.add_device(Actor("voice", "display"))
    (tmp_path / "token").write_text(token, "ascii")
    (tmp_path / "voice.toml").write_text(VOICE.format(hub=site.url), "utf-8")
    for clerk, counter in ((CLERK, "1"), (UPSTAIRS, "2")):
        site.give(clerk, SignIn(counter))
        site.give(clerk, OpenCounter(counter))
    yield site
    site.close()


@pytest.fixture
def program(site: RunningSite, tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """The voice in a process of its own, with a sound card that only listens."""
    issue_and_call(site, CLERK, "1")  # before it starts: not to be said
    aplay = tmp_path / "aplay"
    aplay.write_text(APLAY.format(folder=tmp_path), "ascii")
    aplay.chmod(0o755)
    with subprocess.Popen(
        [sys.executable, "-m", "display.voice", "--config", str(tmp_path / "voice.toml")],
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
    ) as program:
        until(
            lambda: states(site) == {"voice:voice-hall": "ready", "voice:voice-upstairs": "ready"}
        )
        yield program
        program.kill()


def issue_and_call(site: RunningSite, clerk: Actor, counter: str) -> str:
    service = "1" if counter == "1" else "5"
    issued = site.give(KIOSK, IssueTicket((service,)))
    assert isinstance(issued, Answer)
    assert isinstance(site.give(clerk, CallNext(counter)), Answer)
    assert issued.number is not None
    return issued.number


def number_of(issued: Reply) -> str | None:
    assert isinstance(issued, Answer)
    return issued.number


class Following(HubClient):
    """A line to the hub that knows when its first picture has been taken."""

    def __init__(self, url: str, token: str) -> None:
        super().__init__(url, token)
        self.followed = threading.Event()

    def stream(self, *, training: bool = False) -> Iterator[Snapshot | Silence]:
        for picture in super().stream(training=training):
            yield picture
            self.followed.set()


@contextmanager
def speaking(site: RunningSite, settings: Settings, folder: Path) -> Iterator[None]:
    """The program while it follows the site."""
    client = Following(site.url, (folder / "token").read_text("ascii"))
    program = threading.Thread(target=run, args=(settings, client))
    program.start()
    try:
        assert client.followed.wait(10)
        yield
    finally:
        client.close()
        program.join(20)
    assert not program.is_alive()


def states(site: RunningSite) -> dict[str, str]:
    return {device.device: device.state for device in site.hub.snapshot().devices}


def names(samples: bytes, rate: int) -> list[str]:
    """The clips of an announcement in order; every other sample is silence."""
    clips = {"chime": chime(rate)}
    for language in ("vi", "en"):
        bank = load_bank(SHIPPED_BANKS / language)
        clips |= {f"{language} {name}": clip for name, clip in bank.clips.items()}
    return [part for part in heard(samples, clips, rate) if isinstance(part, str)]


def test_the_program_says_what_a_real_hub_calls_in_each_zone_and_ends(
    site: RunningSite, program: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    site.give(CLERK, Recall("1"))
    until(lambda: len(list((tmp_path / "hall").glob("*.wav"))) == 1)
    number = issue_and_call(site, UPSTAIRS, "2")
    assert number == "5001"
    until(lambda: len(list((tmp_path / "hall").glob("*.wav"))) == 2)
    recalled, called = (read_wav(path) for path in sorted((tmp_path / "hall").glob("*.wav")))
    assert names(recalled[1], recalled[0]) == [
        "chime",
        *("vi moi-cong-dan-co-so", "vi 1", "vi 0", "vi 0", "vi 1"),
        *("vi den-quay-so", "vi 1", "vi nhac-lai-lan", "vi 2"),
        *("en number", "en 1", "en 0", "en 0", "en 1"),
        *("en please-come-to-counter", "en 1", "en call", "en 2"),
    ]
    until(lambda: len(list(tmp_path.glob("aplay-*"))) == 2)
    program.send_signal(signal.SIGTERM)
    assert program.wait(20) == 0
    silence, sound = sorted((p.read_bytes() for p in tmp_path.glob("aplay-*")), key=len)
    assert not any(silence)
    assert sound == called[1]  # both zones say the same


def test_a_call_is_not_said_again_when_the_citizen_has_come(
    site: RunningSite, tmp_path: Path
) -> None:
    hall = tmp_path / "hall"
    settings = Settings(
        hub=site.url,
        token_file=tmp_path / "token",
        zones=(Zone(name="hall", player=Files(folder=hall)),),
        pace=Pace(repeat_after_s=1.0),
    )
    client = HubClient(site.url, (tmp_path / "token").read_text("ascii"))
    program = threading.Thread(target=run, args=(settings, client))
    program.start()
    try:
        until(lambda: states(site) == {"voice:voice-hall": "ready"})
        issue_and_call(site, UPSTAIRS, "2")
        until(lambda: len(list(hall.glob("*-5001-2.wav"))) == 1)
        site.give(UPSTAIRS, StartService("2"))
        issue_and_call(site, CLERK, "1")
        until(lambda: len(list(hall.glob("*-1001-1.wav"))) == 2)
    finally:
        client.close()
        program.join(20)
    assert not program.is_alive()
    assert len(list(hall.glob("*-5001-2.wav"))) == 1


def test_who_gets_no_slip_hears_the_number_once_even_when_the_voice_starts_again(
    site: RunningSite, tmp_path: Path
) -> None:
    hall = tmp_path / "hall"
    settings = Settings(
        hub=site.url,
        token_file=tmp_path / "token",
        zones=(Zone(name="hall", player=Files(folder=hall)),),
        languages=("vi", "en"),
    )

    def told() -> list[str]:
        return [path.stem.split("-", 2)[2] for path in sorted(hall.glob("*.wav"))]

    with speaking(site, settings, tmp_path):
        printed = site.give(KIOSK, IssueTicket(("1",)))
        failed = site.give(KIOSK, IssueTicket(("1",)))
        assert (number_of(printed), number_of(failed)) == ("1001", "1002")
        site.give(HUB, ReportPrint("1001", 1, "printed", "confirmed"))
        site.give(HUB, ReportPrint("1002", 1, "failed", reason="paper-out"))
        until(lambda: told() == ["hall-1002-number"])
    with speaking(site, settings, tmp_path):
        assert number_of(site.give(KIOSK, IssueTicket(("5",), on_paper=False))) == "5001"
        until(lambda: told() == ["hall-1002-number", "hall-5001-number"])

    rate, samples = read_wav(min(hall.glob("*.wav")))
    assert names(samples, rate) == [
        *("vi so-cua-ong-ba-la", "vi 1", "vi 0", "vi 0", "vi 2"),
        *("en your-number-is", "en 1", "en 0", "en 0", "en 2"),
    ]


def test_each_kiosks_zone_tells_the_numbers_given_out_there(
    site: RunningSite, tmp_path: Path
) -> None:
    kiosks = {"hall": KIOSK.id, "upstairs": "kiosk-2"}
    settings = Settings(
        hub=site.url,
        token_file=tmp_path / "token",
        zones=tuple(
            Zone(name=zone, player=Files(folder=tmp_path / zone), kiosks=(kiosk,))
            for zone, kiosk in kiosks.items()
        ),
    )
    on_screen = IssueTicket(("1",), on_paper=False)
    with speaking(site, settings, tmp_path):
        for kiosk in kiosks.values():
            site.give(Actor(kiosk, "kiosk"), on_screen)
        for zone, number in (("hall", "1001"), ("upstairs", "1002")):
            until(lambda: list((tmp_path / zone).glob(f"*-{zone}-{number}-number.wav")) != [])  # noqa: B023 - awaited in this very turn
    assert {zone: len(list((tmp_path / zone).glob("*.wav"))) for zone in kiosks} == {
        "hall": 1,
        "upstairs": 1,
    }


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ('languages = ["vi", "hmn"]', "hmn"),
        ('languages = ["vi", "../en"]', "languages"),
        ('volume = { "7:00" = 50 }', "volume"),
        ('volume = { "07:00" = 101 }', "<= 100"),
        ('zones = [{ name = "hall", player = { driver = "pulse" } }]', "driver"),
        ("zones = []", "zones"),
        (
            'zones = [{ name = "hall", player = { driver = "aplay" }, says = ["calls"], '
            'kiosks = ["kiosk-2"] }]',
            "hall has kiosks, but does not say numbers",
        ),
    ],
)
def test_wrong_settings_end_the_program_with_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: str, words: str
) -> None:
    lines = {
        "hub": 'hub = "http://127.0.0.1:1"',
        "token_file": 'token_file = "token"',
        "zones": 'zones = [{ name = "hall", player = { driver = "aplay" } }]',
    }
    lines[change.partition(" ")[0]] = change
    (tmp_path / "token").write_text("token", "ascii")
    config = tmp_path / "voice.toml"
    config.write_text("\n".join(lines.values()), "utf-8")
    assert main(["--config", str(config)]) == 1
    assert words in capsys.readouterr().err


def test_two_zones_need_two_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "voice.toml"
    zone = '{ name = "hall", player = { driver = "aplay" } }'
    config.write_text(f'hub = ""\ntoken_file = ""\nzones = [{zone}, {zone}]', "utf-8")
    assert main(["--config", str(config)]) == 1
    assert "two zones are called hall" in capsys.readouterr().err


def test_check_bank_speaks_of_a_bank(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-bank", str(SHIPPED_BANKS / "vi")]) == 0
    bank = tmp_path / "vi"
    bank.mkdir()
    (bank / "bank.toml").write_text((SHIPPED_BANKS / "vi/bank.toml").read_text("utf-8"), "utf-8")
    capsys.readouterr()
    assert main(["check-bank", str(bank)]) == 1
    assert len(capsys.readouterr().out.splitlines()) == 20
    assert main(["check-bank", str(tmp_path)]) == 1
    assert "bank.toml" in capsys.readouterr().err


def test_settings_in_the_guide_are_accepted(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[3] / "docs" / "voice.md").read_text("utf-8")
    examples = re.findall(r"^```toml thutu-voice\n(.*?)^```", guide, re.MULTILINE | re.DOTALL)
    assert len(examples) == 2
    for example in examples:
        file = tmp_path / "voice.toml"
        file.write_text(example, "utf-8")
        assert load_settings(file, Settings, "THUTU_VOICE", {}).zones


def test_every_condition_of_a_loudspeaker_has_words_and_is_in_the_guide() -> None:
    source = Path(players.__file__).read_text("utf-8")
    guide = (Path(__file__).parents[3] / "docs" / "voice.md").read_text("utf-8")
    conditions = set(re.findall(r'PlayerError\(\s*"([a-z-]+)"', source))
    assert len(conditions) == 3
    for condition in conditions:
        assert all(catalogue(language)[f"device.{condition}"] for language in LANGUAGES)
        assert f"`{condition}`" in guide
