"""How far each clerk is in the course, kept in a small file beside the terminal."""

import logging
from pathlib import Path

import msgspec

from contract.decoders import from_json

logger = logging.getLogger(__name__)

_USUAL = Path("~/.local/state/thutu/course.json")


class Progress:
    """Lessons by member of staff; what cannot be kept is no reason to stop a practice."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file or _USUAL

    def lesson_of(self, staff: str) -> int:
        """How many lessons are behind them; 0 when nobody knows."""
        return self._read().get(staff, 0)

    def keep(self, staff: str, lesson: int) -> None:
        """Remember it."""
        known = {**self._read(), staff: lesson}
        try:
            file = self._file.expanduser()
            file.parent.mkdir(parents=True, exist_ok=True)
            new = file.with_suffix(".new")
            new.write_bytes(msgspec.json.encode(known))
            new.replace(file)
        except (OSError, RuntimeError) as error:  # RuntimeError: a user without a home
            logger.info("Progress in the course is not kept: %s", error)

    def _read(self) -> dict[str, int]:
        try:
            return from_json(self._file.expanduser().read_bytes(), dict[str, int])
        except (OSError, RuntimeError, msgspec.DecodeError):
            return {}
