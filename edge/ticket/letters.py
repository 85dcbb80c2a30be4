"""How a printer's own characters become Vietnamese: what each way must be able to do."""

from typing import Protocol


class LetterError(ValueError):
    """A letter that the printer cannot be made to print; the message names it."""


class LetterWriter(Protocol):
    """Encodes one ticket, line by line, for a printer just reset."""

    def begin(self) -> bytes:
        """What must be sent once after the reset."""
        ...

    def encode(self, text: str) -> bytes:
        """A line in NFC, with whatever it needs before it. Raises LetterError."""
        ...
