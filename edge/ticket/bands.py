"""A picture as GS v 0 commands, without the paper around it."""

from collections.abc import Iterator
from functools import reduce
from operator import or_

from msgspec import Struct
from PIL import Image

# One band is one GS v 0 command: a printer cut off within it awaits no more bytes than this.
MAX_BAND_BYTES = 4096

_PICTURE = b"\x1dv0\x00"


class Strip(Struct, frozen=True):
    """A command that prints, or `blank_rows` to feed."""

    data: bytes = b""
    blank_rows: int = 0


def strips(picture: Image.Image) -> Iterator[Strip]:
    """Cut `picture` (ink is 255) at its blank rows, and trim each part by as much left as right.

    So the parts stand right under ESC a 1 (centred) on every printer, whole bytes from the edge.
    """
    width = (picture.width + 7) // 8
    pixels = picture.tobytes()
    rows = [pixels[top : top + width] for top in range(0, len(pixels), width)]
    start = 0
    while start < len(rows):
        inked = any(rows[start])
        end = start + 1
        while end < len(rows) and any(rows[end]) == inked:
            end += 1
        if inked:
            most = MAX_BAND_BYTES // width
            yield from (
                _band(rows[top : min(top + most, end)], width) for top in range(start, end, most)
            )
        else:
            yield Strip(blank_rows=end - start)
        start = end


def _band(rows: list[bytes], width: int) -> Strip:
    ink = reduce(or_, (int.from_bytes(row) for row in rows))
    left = width - (ink.bit_length() + 7) // 8
    right = ((ink & -ink).bit_length() - 1) // 8
    trim = min(left, right)
    across = width - 2 * trim
    sizes = across.to_bytes(2, "little") + len(rows).to_bytes(2, "little")
    return Strip(_PICTURE + sizes + b"".join(row[trim : width - trim] for row in rows))
