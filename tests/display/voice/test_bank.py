import re
import shutil
import wave
from array import array
from pathlib import Path

import pytest

from display.voice.bank import SHIPPED_BANKS, BankError, check_bank, load_bank, read_text
from display.voice.levels import levels
from runtime.wording import say
from tests.display.voice.calls import call
from tests.display.voice.clips import read_wav

LANGUAGES = ("vi", "en")
MOST_BYTES = 1_600_000


def write_wav(path: Path, samples: bytes, rate: int = 22_050, channels: int = 1) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, 2, rate, 0, "NONE", "not compressed"))
        file.writeframes(samples)


def plain(words: str) -> str:
    return re.sub(r"[.,]", "", words).lower()


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """A copy of the Vietnamese bank, as somebody would begin their own."""
    return shutil.copytree(SHIPPED_BANKS / "vi", tmp_path / "vi")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_shipped_banks_are_fit_for_use(language: str) -> None:
    assert check_bank(SHIPPED_BANKS / language) == []
    assert load_bank(SHIPPED_BANKS / language).rate == 22_050


def test_the_shipped_banks_are_small() -> None:
    assert sum(path.stat().st_size for path in SHIPPED_BANKS.glob("*/*.wav")) < MOST_BYTES


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_shipped_clip_is_audible_even_and_unclipped(language: str) -> None:
    for name, samples in load_bank(SHIPPED_BANKS / language).clips.items():
        level = levels(array("h", samples), 22_050)
        assert level is not None, name
        assert -21.5 < level.rms_db < -18.5, name
        assert level.peak_db < -0.9, name
        assert max(level.lead_ms, level.tail_ms) < 30, name


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_said_is_what_the_wording_says(language: str) -> None:
    text = read_text(SHIPPED_BANKS / language)
    for kind in ("call", "priority", "resume"):
        clips = getattr(text.sentences, kind)
        said = " ".join(text.clips.get(clip, clip) for clip in clips)
        assert said == plain(
            say(f"announce.{kind}", language, number="{number}", counter="{counter}")
        )
    own = " ".join(text.clips.get(clip, clip) for clip in text.sentences.own)
    assert own == plain(say("announce.own", language, number="{number}"))
    again = (*text.sentences.call, *text.sentences.again)
    said = " ".join(text.clips.get(clip, clip) for clip in again)
    names = {name: f"{{{name}}}" for name in ("number", "counter", "times")}
    assert said == plain(say("announce.recall", language, **names))


def test_a_bank_speaks_with_the_samples_of_its_files() -> None:
    bank = load_bank(SHIPPED_BANKS / "vi")
    names = ("moi-cong-dan-co-so", "1", "0", "2", "5", "den-quay-so", "3")
    files = tuple(read_wav(SHIPPED_BANKS / "vi" / f"{name}.wav")[1] for name in names)
    assert bank.speech(call("1025", "3")) == files


@pytest.mark.parametrize("counter", [str(number) for number in range(1, 100)])
def test_every_counter_can_be_said(counter: str) -> None:
    for language in LANGUAGES:
        bank = load_bank(SHIPPED_BANKS / language)
        assert bank.speech(call("01025", counter, times=2, priority=True))


def test_check_names_every_clip_that_is_missing_or_cannot_be_used(recorded: Path) -> None:
    (recorded / "7.wav").unlink()
    (recorded / "8.wav").write_bytes(b"MP3, by mistake")
    (recorded / "9.wav").write_bytes(b"")
    rate, samples = read_wav(recorded / "1.wav")
    write_wav(recorded / "1.wav", samples, channels=2)
    write_wav(recorded / "2.wav", samples, rate=44_100)
    write_wav(recorded / "3.wav", b"")
    assert rate == 22_050
    words = {fault.values["file"]: fault.words() for fault in check_bank(recorded)}
    assert words.keys() == {"1.wav", "2.wav", "3.wav", "7.wav", "8.wav", "9.wav"}
    assert "«bảy»" in words["7.wav"]
    assert "2 × 16 bit" in words["1.wav"]
    assert "44100" in words["2.wav"]
    with pytest.raises(BankError) as error:
        load_bank(recorded)
    assert sorted(str(error.value).splitlines()) == sorted(words.values())


def test_check_names_what_a_listener_would_notice(recorded: Path) -> None:
    _, speech = read_wav(recorded / "den-quay-so.wav")
    loud = array("h", speech)
    write_wav(recorded / "0.wav", bytes(len(speech)))
    write_wav(recorded / "1.wav", bytes(2 * 5000) + speech)
    write_wav(recorded / "2.wav", array("h", (sample // 4 for sample in loud)).tobytes())
    write_wav(
        recorded / "3.wav",
        array("h", (max(-32768, min(32767, 8 * sample)) for sample in loud)).tobytes(),
    )
    write_wav(recorded / "4.wav", speech * 6)
    write_wav(recorded / "bay.wav", speech)
    found = {(fault.key, fault.values["file"]) for fault in check_bank(recorded)}
    assert found == {
        ("silent", "0.wav"),
        ("untrimmed", "1.wav"),
        ("uneven", "2.wav"),
        ("uneven", "3.wav"),
        ("clipped", "3.wav"),
        ("long", "4.wav"),
        ("spare", "bay.wav"),
    }
    assert all(fault.words("en") and fault.words("vi") for fault in check_bank(recorded))
    load_bank(recorded)  # odd, but it can be spoken with


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('6 = "sáu"', "", "«6»"),
        ('lam = "lăm"', "", "«lam»"),
        ('numerals = "vietnamese"', 'numerals = "latin"', "numerals"),
        ('"{counter}"]\npriority', '"3"]\npriority', "once"),
        ("\n[clips]", "\n[clips", "bank.toml"),
    ],
)
def test_a_bank_text_that_cannot_be_used_says_why(
    recorded: Path, before: str, after: str, words: str
) -> None:
    path = recorded / "bank.toml"
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), "utf-8")
    with pytest.raises(BankError, match=words):
        load_bank(recorded)


def test_a_folder_that_is_no_bank_says_so(tmp_path: Path) -> None:
    with pytest.raises(BankError, match=r"bank\.toml: cannot be read"):
        check_bank(tmp_path)
