"""A bank of clips: one folder a language, with `bank.toml` and one WAV file a word."""

import statistics
import tomllib
import wave
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from unicodedata import normalize

import msgspec

from contract.decoders import from_builtins
from contract.snapshot import CallView
from display.voice.levels import levels
from display.voice.no_slip import OwnNumber
from display.voice.phrases import Numerals, Sentences, clips_needed, phrase
from runtime.settings import SettingsError
from runtime.wording import say

SHIPPED_BANKS = Path(__file__).with_name("banks")

_SAMPLE_BYTES = 2
_RATES_HZ = (16_000, 48_000)
_MOST_SECONDS = 5.0
_MOST_LEAD_MS = 150.0
_MOST_TAIL_MS = 300.0
_MOST_UNEVEN_DB = 6.0
_CLIPPED_DB = -0.1


class BankError(SettingsError):
    """A bank that cannot be spoken with; every reason on a line of its own."""


class BankText(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`bank.toml`: the sentences, the words of each clip, and where the sound comes from."""

    numerals: Numerals
    origin: str
    sentences: Sentences
    clips: dict[str, str]


class Fault(NamedTuple):
    """Something wrong with a bank: a key of the wording's section `voice`, and its values."""

    key: str
    values: dict[str, str]

    def words(self, language: str = "vi") -> str:
        """What is wrong and what to do, in one line."""
        return say(f"voice.{self.key}", language, **self.values)


@dataclass(frozen=True, slots=True)
class Bank:
    """One language's clips: mono samples of 16 bits, little end first, of `rate` Hz."""

    rate: int
    numerals: Numerals
    sentences: Sentences
    clips: Mapping[str, bytes]

    def speech(self, saying: CallView | OwnNumber) -> tuple[bytes, ...]:
        """The clips that say this, in order."""
        return tuple(self.clips[name] for name in phrase(saying, self.sentences, self.numerals))


def load_bank(folder: Path) -> Bank:
    """Read a bank into memory. Raises BankError with every reason why it cannot be used."""
    text = read_text(folder)
    found, faults = _read_clips(folder, text)
    if faults:
        raise BankError("\n".join(fault.words() for fault in faults))
    clips = {name: clip.samples for name, clip in found.items()}
    return Bank(next(iter(found.values())).rate, text.numerals, text.sentences, clips)


def check_bank(folder: Path) -> list[Fault]:
    """Everything about a bank that a listener would notice; nothing when it is fit for use.

    Raises BankError when `bank.toml` cannot be read.
    """
    text = read_text(folder)
    found, faults = _read_clips(folder, text)
    spare = {path.stem for path in folder.glob("*.wav")} - text.clips.keys()
    faults += [Fault("spare", {"file": f"{name}.wav"}) for name in sorted(spare)]
    return faults + _odd_clips(found)


def read_text(folder: Path) -> BankText:
    """Read `bank.toml`. Raises BankError."""
    path = folder / "bank.toml"
    try:
        table = tomllib.loads(normalize("NFC", path.read_text(encoding="utf-8")))
        return from_builtins(table, BankText)
    except OSError as error:
        raise BankError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise BankError(f"{path}: {error}") from error


class _Clip(NamedTuple):
    rate: int
    samples: bytes


def _read_clips(folder: Path, text: BankText) -> tuple[dict[str, _Clip], list[Fault]]:
    """The clips that can be used, and why others cannot."""
    found: dict[str, _Clip] = {}
    nameless = clips_needed(text.sentences, text.numerals) - text.clips.keys()
    faults = [Fault("no-words", {"name": name}) for name in sorted(nameless)]
    for name, words in text.clips.items():
        file = {"file": f"{name}.wav"}
        try:
            found[name] = _read_clip(folder / f"{name}.wav")
        except FileNotFoundError:
            faults.append(Fault("missing", {**file, "words": words}))
        except (OSError, EOFError, wave.Error) as error:
            faults.append(Fault("unreadable", {**file, "cause": str(error) or "empty"}))
    if found:
        usual = statistics.mode(clip.rate for clip in found.values())
        for name in [name for name, clip in found.items() if clip.rate != usual]:
            rates = {"rate": str(found.pop(name).rate), "usual": str(usual)}
            faults.append(Fault("rate", {"file": f"{name}.wav", **rates}))
    return found, faults


def _read_clip(path: Path) -> _Clip:
    with wave.open(str(path), "rb") as file:
        channels, width, rate, *_ = file.getparams()
        samples = file.readframes(file.getnframes())
    lowest, highest = _RATES_HZ
    if channels != 1 or width != _SAMPLE_BYTES or not lowest <= rate <= highest:
        raise wave.Error(f"{channels} × {8 * width} bit, {rate} Hz")
    if not samples:
        raise wave.Error("no samples")
    return _Clip(rate, samples)


def _odd_clips(found: Mapping[str, _Clip]) -> list[Fault]:
    heard = {name: levels(array("h", clip.samples), clip.rate) for name, clip in found.items()}
    usual_db = statistics.median([level.rms_db for level in heard.values() if level] or [0.0])
    faults: list[Fault] = []
    for name, level in heard.items():
        file = {"file": f"{name}.wav"}
        if level is None:
            faults.append(Fault("silent", file))
            continue
        if level.lead_ms > _MOST_LEAD_MS or level.tail_ms > _MOST_TAIL_MS:
            ends = {"lead": f"{level.lead_ms:.0f}", "tail": f"{level.tail_ms:.0f}"}
            faults.append(Fault("untrimmed", {**file, **ends}))
        if abs(level.rms_db - usual_db) > _MOST_UNEVEN_DB:
            loudness = {"rms": f"{level.rms_db:.0f}", "usual": f"{usual_db:.0f}"}
            faults.append(Fault("uneven", {**file, **loudness}))
        if level.peak_db > _CLIPPED_DB:
            faults.append(Fault("clipped", file))
        seconds = len(found[name].samples) / _SAMPLE_BYTES / found[name].rate
        if seconds > _MOST_SECONDS:
            faults.append(Fault("long", {**file, "seconds": f"{seconds:.1f}"}))
    return faults
