"""A virtual printer's character generator: 12 by 24 dots a cell, enlarged up to eight times."""

from functools import cache

from fontpkg_be_vietnam_pro import ROOT
from msgspec import Struct
from PIL import Image, ImageDraw, ImageFont

from simulation.printer.reading import letter_of

CELL_DOTS = (12, 24)
_TYPE_SIZE = 18
_BASELINE = 19
_INK_FROM = 110


class Character(Struct, frozen=True):
    """A character as it will be printed.

    `shape` is a letter of the ROM, or holds the columns of one that the host drew.
    """

    shape: str | bytes
    bold: bool = False
    across: int = 1
    down: int = 1

    @property
    def width_dots(self) -> int:
        """How much of a line it takes."""
        return CELL_DOTS[0] * self.across

    @property
    def letter(self) -> str:
        """The letter that it shows; to recognise one that the host drew takes some time."""
        if isinstance(self.shape, str):
            return self.shape
        return letter_of(_of_host(self.shape).tobytes(), CELL_DOTS, _BASELINE)


def rows_of(characters: list[Character]) -> list[int]:
    """A line's rows of dots, highest bit leftmost; characters of different size share a base."""
    down = max(character.down for character in characters)
    cells = [_cell(character, down) for character in characters]
    return [int("".join(row), 16) for row in zip(*cells, strict=True)]


@cache
def _cell(character: Character, down: int) -> tuple[str, ...]:
    """Its rows in a line that is `down` characters high, four dots in each hexadecimal digit."""
    ink = _ink(character)
    cell = Image.new("1", (ink.width, CELL_DOTS[1] * down))
    cell.paste(ink, (0, cell.height - ink.height))
    pixels, width = cell.tobytes(), (cell.width + 7) // 8
    return tuple(
        pixels[top : top + width].hex()[: cell.width // 4] for top in range(0, len(pixels), width)
    )


def _ink(character: Character) -> Image.Image:
    if isinstance(character.shape, str):
        ink = _of_rom(character.shape, character.bold)
    else:
        ink = _of_host(character.shape)
        if character.bold:  # each dot struck twice
            ink.paste(255, (1, 0), ink.copy())
    size = (CELL_DOTS[0] * character.across, CELL_DOTS[1] * character.down)
    return ink.resize(size, Image.Resampling.NEAREST)


def _of_rom(letter: str, bold: bool) -> Image.Image:
    weight = "Bold" if bold else "Medium"
    font = ImageFont.truetype(ROOT / "files" / f"BeVietnamPro-{weight}.ttf", _TYPE_SIZE)
    grey = Image.new("L", CELL_DOTS)
    at = (CELL_DOTS[0] / 2, _BASELINE)
    ImageDraw.Draw(grey).text(at, letter, fill=255, font=font, anchor="ms")
    return grey.point([255 * (value >= _INK_FROM) for value in range(256)], "1")


def _of_host(columns: bytes) -> Image.Image:
    """Columns of three bytes each, the topmost dot highest; what lacks is blank."""
    across, down = CELL_DOTS
    lying = Image.frombytes("1", (down, across), columns.ljust(across * down // 8, b"\0"))
    return lying.transpose(Image.Transpose.TRANSPOSE)
