import threading
from collections.abc import Callable, Iterator
from dataclasses import replace as with_
from typing import Any

import pytest
from msgspec.structs import replace

from contract.commands import ReportDevice
from display.voice import zone as zone_module
from display.voice.backlog import Backlog
from display.voice.bank import SHIPPED_BANKS, load_bank
from display.voice.mixing import Gaps, Sound
from display.voice.players import PlayerError
from display.voice.speech import Speech
from display.voice.zone import ZoneVoice
from runtime.backoff import Backoff
from runtime.clock import SystemClock
from tests.display.voice.calls import call, given, picture
from tests.display.voice.clips import heard
from tests.waiting import until

VI = load_bank(SHIPPED_BANKS / "vi")
EN = load_bank(SHIPPED_BANKS / "en")


class Loudspeaker:
    """Keeps what it was given; `speaking` and `fault` are a test's levers."""

    def __init__(self) -> None:
        self.played: list[tuple[str, Sound]] = []
        self.begun: list[str] = []
        self.speaking = threading.Event()
        self.speaking.set()
        self.fault: str | None = None
        self.attempts = 0

    def probe(self, silence: Sound) -> None:
        self.attempts += 1
        assert not any(b"".join(silence.samples()))
        if self.fault:
            raise PlayerError(self.fault, "probe")

    def play(self, sound: Sound, title: str) -> None:
        self.attempts += 1
        if self.fault:
            raise PlayerError(self.fault, title)
        self.begun.append(title)
        assert self.speaking.wait(10)
        self.played.append((title, sound))

    @property
    def titles(self) -> list[str]:
        return [title for title, _ in self.played]


class Hall:
    def __init__(self, *, times: int = 1, repeat_after_s: float = 0.0, fault: str = "") -> None:
        self.loudspeaker = Loudspeaker()
        self.loudspeaker.fault = fault or None
        self.reports: list[ReportDevice] = []
        self.voice = ZoneVoice(
            "hall",
            Backlog((), times=times, repeat_after_s=repeat_after_s, most=6),
            Speech((VI, EN), Gaps(60, 500), b"", {"00:00": 50, "12:00": 100}),
            self.loudspeaker,
            report=self.reports.append,
            clock=SystemClock(),
        )
        self.voice.hear(picture(1))


OpenHall = Callable[..., Hall]


@pytest.fixture
def open_hall() -> Iterator[OpenHall]:
    halls: list[Hall] = []

    def opened(**options: Any) -> Hall:
        halls.append(Hall(**options))
        return halls[-1]

    yield opened
    for hall in halls:
        hall.loudspeaker.speaking.set()
        hall.voice.close()


@pytest.fixture
def hall(open_hall: OpenHall) -> Hall:
    return open_hall()


def test_a_call_is_said_in_every_language_in_order(hall: Hall) -> None:
    hall.voice.hear(picture(2, call("1025", "3", seq=2)))
    until(lambda: hall.loudspeaker.titles == ["hall-1025-3"])
    sound = hall.loudspeaker.played[0][1]
    clips = {f"vi {name}": clip for name, clip in VI.clips.items()}
    clips |= {f"en {name}": clip for name, clip in EN.clips.items()}
    found = heard(b"".join(sound.pieces), clips, sound.rate)
    assert [part for part in found if isinstance(part, str)] == [
        *("vi moi-cong-dan-co-so", "vi 1", "vi 0", "vi 2", "vi 5", "vi den-quay-so", "vi 3"),
        *("en number", "en 1", "en 0", "en 2", "en 5", "en please-come-to-counter", "en 3"),
    ]
    assert [part for part in found if isinstance(part, int)] == [60] * 6 + [500] + [60] * 6


def test_a_number_is_told_in_every_language_and_without_a_chime(hall: Hall) -> None:
    hall.voice.hear(given(2, n1025="none"))
    until(lambda: hall.loudspeaker.titles == ["hall-1025-number"])
    sound = hall.loudspeaker.played[0][1]
    clips = {f"vi {name}": clip for name, clip in VI.clips.items()}
    clips |= {f"en {name}": clip for name, clip in EN.clips.items()}
    found = heard(b"".join(sound.pieces), clips, sound.rate)
    assert [part for part in found if isinstance(part, str)] == [
        *("vi so-cua-ong-ba-la", "vi 1", "vi 0", "vi 2", "vi 5"),
        *("en your-number-is", "en 1", "en 0", "en 2", "en 5"),
    ]
    assert [part for part in found if isinstance(part, int)] == [60] * 4 + [500] + [60] * 4


def test_a_number_that_no_language_has_a_sentence_for_is_passed_over(hall: Hall) -> None:
    mute = [with_(bank, sentences=replace(bank.sentences, own=())) for bank in (VI, EN)]
    hall.voice._speech = Speech(mute, Gaps(60, 500), b"", {})
    hall.voice.hear(given(2, call("1001", "1", seq=2), n1025="none"))
    hall.voice.hear(given(3, call("1001", "1", seq=2), call("1002", "2", seq=3), n1025="none"))
    until(lambda: hall.loudspeaker.titles == ["hall-1001-1", "hall-1002-2"])


def test_the_volume_is_that_of_the_hubs_time_if_its_clock_can_be_trusted(hall: Hall) -> None:
    first, second = call("1025", "3", seq=2), call("2001", "4", seq=3)
    morning = picture(2, first)
    hall.voice.hear(morning)
    until(lambda: len(hall.loudspeaker.played) == 1)
    hall.voice.hear(replace(picture(3, first, second), clock_trusted=False))
    until(lambda: len(hall.loudspeaker.played) == 2)
    assert [sound.percent for _, sound in hall.loudspeaker.played] == [50, 100]


def test_what_has_begun_is_never_cut_off_and_what_has_not_may_be_dropped(hall: Hall) -> None:
    hall.loudspeaker.speaking.clear()
    first, second, third = (call(f"102{n}", str(n), seq=n + 1) for n in (1, 2, 3))
    hall.voice.hear(picture(2, first))
    until(lambda: hall.loudspeaker.begun == ["hall-1021-1"])
    hall.voice.hear(picture(4, first, second, third))
    hall.voice.hear(picture(6, first, second, third, came=("1021", "1022")))
    hall.loudspeaker.speaking.set()
    until(lambda: hall.loudspeaker.titles == ["hall-1021-1", "hall-1023-3"])


def test_closing_lets_the_voice_finish_its_sentence_and_says_no_more(open_hall: OpenHall) -> None:
    hall = open_hall(times=2)
    hall.loudspeaker.speaking.clear()
    hall.voice.hear(picture(2, call("1025", "3", seq=2)))
    until(lambda: hall.loudspeaker.begun == ["hall-1025-3"])
    closing = threading.Thread(target=hall.voice.close)
    closing.start()
    assert closing.is_alive()
    hall.loudspeaker.speaking.set()
    closing.join(10)
    assert hall.loudspeaker.titles == ["hall-1025-3"]


def test_the_second_time_comes_after_the_configured_pause(open_hall: OpenHall) -> None:
    hall = open_hall(times=2, repeat_after_s=0.2)
    hall.voice.hear(picture(2, call("1025", "3", seq=2)))
    until(lambda: len(hall.loudspeaker.titles) == 1)
    assert until(lambda: len(hall.loudspeaker.titles) == 2) > 0.1


def test_the_hub_is_told_once_that_a_loudspeaker_works(hall: Hall) -> None:
    until(lambda: len(hall.reports) == 1)
    hall.voice.hear(picture(2, call("1025", "3", seq=2)))
    until(lambda: len(hall.loudspeaker.titles) == 1)
    assert hall.reports == [ReportDevice("voice-hall", "ready")]


def test_a_lost_loudspeaker_is_told_once_and_the_call_is_said_when_it_is_back(
    monkeypatch: pytest.MonkeyPatch, open_hall: OpenHall
) -> None:
    monkeypatch.setattr(zone_module, "_RETRY", Backoff(first_s=0.02, cap_s=0.02))
    hall = open_hall()
    until(lambda: len(hall.reports) == 1)
    hall.loudspeaker.fault = "sound-failed"
    hall.voice.hear(picture(2, call("1025", "3", seq=2)))
    until(lambda: len(hall.reports) == 2)
    before = hall.loudspeaker.attempts
    assert until(lambda: hall.loudspeaker.attempts == before + 4) > 0.05  # it rests between
    hall.loudspeaker.fault = None
    until(lambda: hall.loudspeaker.titles == ["hall-1025-3"])
    assert hall.reports == [
        ReportDevice("voice-hall", "ready"),
        ReportDevice("voice-hall", "lost", "sound-failed"),
        ReportDevice("voice-hall", "ready"),
    ]


def test_a_card_that_is_missing_at_the_start_is_noticed_without_a_call(
    monkeypatch: pytest.MonkeyPatch, open_hall: OpenHall
) -> None:
    monkeypatch.setattr(zone_module, "_RETRY", Backoff(first_s=0.02, cap_s=0.02))
    hall = open_hall(fault="sound-stuck")
    until(lambda: hall.reports == [ReportDevice("voice-hall", "lost", "sound-stuck")])
    hall.loudspeaker.fault = None
    until(lambda: hall.reports[1:] == [ReportDevice("voice-hall", "ready")])
    assert hall.loudspeaker.titles == []


def test_news_does_not_disturb_a_lost_loudspeaker_before_its_time(open_hall: OpenHall) -> None:
    hall = open_hall(fault="sound-failed")
    until(lambda: len(hall.reports) == 1)
    for seq in range(2, 50):
        hall.voice.hear(picture(seq, call("1025", "3", seq=2)))
    until(hall.voice._pictures.empty)
    assert hall.loudspeaker.attempts == 1
