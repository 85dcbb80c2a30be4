"""Numbers to be read from afar, in characters that every console font has. Pure."""

_PIXELS = {
    "0": ("###", "# #", "# #", "# #", "###"),
    "1": (" # ", "## ", " # ", " # ", "###"),
    "2": ("###", "  #", "###", "#  ", "###"),
    "3": ("###", "  #", "###", "  #", "###"),
    "4": ("# #", "# #", "###", "  #", "  #"),
    "5": ("###", "#  ", "###", "  #", "###"),
    "6": ("###", "#  ", "###", "# #", "###"),
    "7": ("###", "  #", "  #", " # ", " # "),
    "8": ("###", "# #", "###", "# #", "###"),
    "9": ("###", "# #", "###", "  #", "###"),
}
_ROWS = 5
_HALVES = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}


def small(number: str) -> tuple[str, ...]:
    """Three rows, each digit three cells wide."""
    lines = [*_lines(number), ""]
    width = len(lines[0])
    padded = [line.ljust(width) for line in lines]
    return tuple(
        "".join(_HALVES[upper != " ", lower != " "] for upper, lower in zip(*pair, strict=True))
        for pair in zip(padded[::2], padded[1::2], strict=True)
    )


def large(number: str) -> tuple[str, ...]:
    """Five rows, each digit six cells wide."""
    return tuple(
        "".join("  " if pixel == " " else "██" for pixel in line) for line in _lines(number)
    )


def _lines(number: str) -> list[str]:
    return [" ".join(_PIXELS[digit][row] for digit in number) for row in range(_ROWS)]
