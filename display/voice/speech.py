"""The site's whole manner of speaking: its languages, chime, gaps and volume."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from contract.snapshot import CallView
from display.voice.bank import SHIPPED_BANKS, Bank, BankError, load_bank
from display.voice.mixing import Gaps, Sound, announcement, chime, silence
from display.voice.no_slip import OwnNumber
from display.voice.settings import Settings
from display.voice.volume import percent_at

_PROBE_MS = 100


@dataclass(frozen=True, slots=True)
class Speech:
    """Turns calls and numbers into sound; `banks` speak one after the other, with one rate."""

    banks: Sequence[Bank]
    gaps: Gaps
    chime: bytes
    volume: Mapping[str, int]

    def say(self, saying: CallView | OwnNumber, now_ms: int | None) -> Sound:
        """Its sound at a time of the site's clock; None when that cannot be trusted.

        The chime is for the hall, which must look up for a call.
        """
        return announcement(
            [bank.speech(saying) for bank in self.banks],
            self._rate,
            self.gaps,
            self.chime if isinstance(saying, CallView) else b"",
            percent=percent_at(self.volume, now_ms),
        )

    def probe(self) -> Sound:
        """A tenth of a second of silence."""
        return Sound(self._rate, (silence(_PROBE_MS, self._rate),))

    @property
    def _rate(self) -> int:
        return self.banks[0].rate


def load_speech(settings: Settings) -> Speech:
    """Read the banks of the site's languages. Raises BankError."""
    shelf = settings.banks or SHIPPED_BANKS
    folders = [shelf / language for language in settings.languages]
    banks = [load_bank(folder) for folder in folders]
    _check_rates(folders, banks)
    gaps = Gaps(settings.pace.words_ms, settings.pace.sentences_ms)
    bell = chime(banks[0].rate) if settings.chime else b""
    return Speech(banks, gaps, bell, settings.volume)


def _check_rates(folders: Sequence[Path], banks: Sequence[Bank]) -> None:
    rates = {bank.rate for bank in banks}
    if len(rates) > 1:
        found = ", ".join(
            f"{folder}: {bank.rate} Hz" for folder, bank in zip(folders, banks, strict=True)
        )
        raise BankError(f"all languages of a site must have one rate, not {found}")
