import shutil
import wave
from pathlib import Path

import pytest

from display.voice.bank import SHIPPED_BANKS, BankError
from display.voice.no_slip import OwnNumber
from display.voice.settings import Aplay, Settings, Zone
from display.voice.speech import load_speech
from tests.display.scenes import NOW_MS
from tests.display.voice.calls import call
from tests.display.voice.clips import read_wav

HALL = Zone(name="hall", player=Aplay())


def settings(*languages: str, banks: Path | None = None, chime: bool = True) -> Settings:
    return Settings(
        hub="",
        token_file=Path("token"),
        zones=(HALL,),
        languages=languages,
        banks=banks,
        chime=chime,
    )


def test_the_languages_come_in_the_configured_order() -> None:
    vi, en = (load_speech(settings(name)).banks[0] for name in ("vi", "en"))
    assert load_speech(settings("en", "vi")).banks == [en, vi]


def test_a_site_without_a_chime_begins_with_the_words() -> None:
    first = read_wav(SHIPPED_BANKS / "vi" / "moi-cong-dan-co-so.wav")[1]
    plain, chimed = (load_speech(settings("vi", chime=chime)) for chime in (False, True))
    assert plain.say(call(), NOW_MS).pieces[0] == first
    assert chimed.say(call(), NOW_MS).pieces[2] == first


def test_who_stands_at_the_kiosk_needs_no_chime() -> None:
    own = read_wav(SHIPPED_BANKS / "vi" / "so-cua-ong-ba-la.wav")[1]
    assert load_speech(settings("vi")).say(OwnNumber("1025"), NOW_MS).pieces[0] == own


def test_a_recorded_bank_takes_the_place_of_the_shipped_one(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED_BANKS / "vi", tmp_path / "vi")
    shutil.copy(SHIPPED_BANKS / "vi" / "2.wav", tmp_path / "vi" / "1.wav")
    speech = load_speech(settings("vi", banks=tmp_path))
    assert speech.banks[0].clips["1"] == speech.banks[0].clips["2"]


def test_languages_with_different_rates_are_refused(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED_BANKS, tmp_path, dirs_exist_ok=True)
    for path in (tmp_path / "en").glob("*.wav"):
        _, samples = read_wav(path)
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, 16_000, 0, "NONE", "not compressed"))
            file.writeframes(samples)
    with pytest.raises(BankError, match=r"22050 Hz.*16000 Hz"):
        load_speech(settings("vi", "en", banks=tmp_path))
