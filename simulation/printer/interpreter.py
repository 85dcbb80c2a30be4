"""What each ESC/POS command makes a printer do, byte after byte.

Sources: command manuals of Epson TM and of Chinese 58 and 80 mm printers.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Protocol

from simulation.printer import characters
from simulation.printer.characters import Character
from simulation.printer.model import PrinterModel
from simulation.printer.qr_code import QrCode

# What holds the mechanism up, as a question: may it go on?
Hold = Callable[[], bool]
# Something that takes the mechanism its time: yields what holds it up, and goes on where it was.
Motion = Generator[Hold, bytes, None]
# A part of the interpreter: yields how many bytes it needs next and is sent exactly these.
Program = Generator[int | Hold, bytes, None]

_LINE_SPACING_DOTS = 30
_REAL_TIME_STATUS = b"\x04"
_QR_CODE = b"1"
_FIRST_OF_PAGE = 0x80
_FIRST_OF_KANJI = 0x81

# What the host may draw: codes 20 to 7E, three bytes high.
_CELL_BYTES_DOWN = 3
_FIRST_CODE, _LAST_CODE = 0x20, 0x7E


class Mechanism(Protocol):
    """What an interpreter moves; each call takes the time that the paper takes."""

    def burn(self, rows: Sequence[int]) -> Motion:
        """Burn rows (0 is blank), highest bit leftmost, and feed a dot for each."""
        ...

    def cut(self, feed_dots: int | None) -> Motion:
        """Cut where the paper is, or after feeding the last row `feed_dots` past the knife."""
        ...

    def reply(self, data: bytes) -> None:
        """Send `data` to the host."""
        ...

    def report_changes(self, mask: int) -> None:
        """Switch automatic status back."""
        ...

    def answer_in_order(self) -> None:
        """Send the answer to GS r 1."""
        ...

    def note_text(self, line: Sequence[Character]) -> None:
        """A line of characters is being printed."""
        ...

    def note_qr(self, content: str) -> None:
        """A QR code is being printed."""
        ...


class Interpreter:
    """Runs bytes as commands; calls `fail` for what the model does not know or cannot do.

    An unknown command is left at its second byte, so that its arguments come out as characters,
    as they do on paper.
    """

    def __init__(
        self, model: PrinterModel, mechanism: Mechanism, fail: Callable[[str], None]
    ) -> None:
        self._model = model
        self._mechanism = mechanism
        self._fail = fail
        self._input = b""
        self._done_bytes = 0
        self._qr = QrCode()
        self._escape_commands: dict[bytes, Callable[[], Program]] = {
            b"@": self._reset,
            b"a": self._justify,
            b"!": self._print_mode,
            b"E": self._emphasise,
            b"t": self._select_code_page,
            b"2": self._space_lines_by_default,
            b"3": self._space_lines,
            b"d": self._feed_lines,
            b"J": self._feed_units,
        }
        if model.user_characters:
            self._escape_commands |= {
                b"%": self._use_characters_of_host,
                b"&": self._define_characters,
                b"?": self._cancel_character,
            }
        self._group_commands: dict[bytes, Callable[[], Program]] = {
            b"!": self._enlarge,
            b"v": self._raster_picture,
            b"(": self._long_command,
            b"V": self._cut,
        }
        self._kanji_commands: dict[bytes, Callable[[], Program]] = {}
        if model.kanji:
            self._kanji_commands = {b"&": self._enter_kanji, b".": self._leave_kanji}
        if model.in_order_status:
            self._group_commands[b"r"] = self._answer_in_order
        if model.automatic_status:
            self._group_commands[b"a"] = self._report_changes
        self._initialise()
        self._program = self._run()
        self._wanted = next(self._program)

    def feed(self, data: bytes) -> Iterator[Hold]:
        """Run `data`, and yield what holds the mechanism up; an unfinished command waits for its
        rest."""
        self._input = self._input[self._done_bytes :] + data
        self._done_bytes = 0
        while True:
            if not isinstance(self._wanted, int):
                yield self._wanted
                self._wanted = next(self._program)
            elif self._done_bytes + self._wanted <= len(self._input):
                self._wanted = self._program.send(self._taken(self._wanted))
            else:
                return

    @property
    def _bytes_there(self) -> int:
        return len(self._input) - self._done_bytes

    def _taken(self, count: int) -> bytes:
        start = self._done_bytes
        self._done_bytes += count
        return self._input[start : self._done_bytes]

    def _run(self) -> Program:
        while True:
            byte = yield 1
            match byte:
                case b"\x1b":
                    yield from self._command("ESC", self._escape_commands)
                case b"\x1d":
                    yield from self._command("GS", self._group_commands)
                case b"\x1c":
                    yield from self._command("FS", self._kanji_commands)
                case b"\x10":
                    yield from self._real_time()
                case b"\n":
                    yield from self._print_line()
                case b"\x00" | b"\r":
                    self._skip_fillers()
                case _ if byte < b" ":
                    self._fail(f"unknown control {byte.hex()}")
                case _ if self._kanji and byte[0] >= _FIRST_OF_KANJI:
                    letter = _chinese(byte + (yield 1))
                    yield from self._print_character(letter, cells=2)
                case _:
                    yield from self._print_code(byte[0])

    def _skip_fillers(self) -> None:
        """Pass at once over bytes that mean nothing: hosts send thousands to end a picture."""
        rest = self._input[self._done_bytes :]
        self._done_bytes += len(rest) - len(rest.lstrip(b"\x00\r"))

    def _command(self, prefix: str, commands: dict[bytes, Callable[[], Program]]) -> Program:
        name = yield 1
        if name in commands:
            yield from commands[name]()
        else:
            self._fail(f"unknown command {prefix} {name.hex()}")

    def _initialise(self) -> None:
        self._line: list[Character] = []
        self._line_dots = 0
        self._justification = 0
        self._bold = False
        self._across = self._down = 1
        self._code_page = self._model.code_pages[0]
        self._kanji = self._model.kanji
        self._drawn: dict[int, bytes] = {}
        self._uses_drawn = False
        self._line_spacing_dots = _LINE_SPACING_DOTS

    # --- ESC ----------------------------------------------------------------------------------

    def _reset(self) -> Program:
        self._initialise()
        self._mechanism.report_changes(0)
        yield from ()

    def _justify(self) -> Program:
        side = (yield 1)[0]
        if side in {0, 1, 2, 48, 49, 50}:
            self._justification = side % 48
        else:
            self._fail(f"ESC a {side}")

    def _print_mode(self) -> Program:
        mode = (yield 1)[0]
        self._bold = bool(mode & 0x08)
        self._down = 2 if mode & 0x10 else 1
        self._across = 2 if mode & 0x20 else 1

    def _emphasise(self) -> Program:
        self._bold = bool((yield 1)[0] & 1)

    def _select_code_page(self) -> Program:
        page = (yield 1)[0]
        if page in self._model.code_pages:
            self._code_page = self._model.code_pages[page]
        else:
            self._fail(f"ESC t {page}")

    def _space_lines_by_default(self) -> Program:
        self._line_spacing_dots = _LINE_SPACING_DOTS
        yield from ()

    def _space_lines(self) -> Program:
        self._line_spacing_dots = (yield 1)[0] // self._model.feed_units_per_dot

    def _feed_lines(self) -> Program:
        lines = (yield 1)[0]
        if self._line:
            yield from self._print_line()
        yield from self._feed(lines * self._line_spacing_dots)

    def _feed_units(self) -> Program:
        units = (yield 1)[0]
        height = yield from self._print_characters()
        yield from self._feed(max(0, units // self._model.feed_units_per_dot - height))

    def _use_characters_of_host(self) -> Program:
        self._uses_drawn = bool((yield 1)[0] & 1)

    def _define_characters(self) -> Program:
        down, first, last = yield 3
        if down != _CELL_BYTES_DOWN or not _FIRST_CODE <= first <= last <= _LAST_CODE:
            self._fail(f"ESC & {down} {first} {last}")
            return
        for code in range(first, last + 1):
            across = (yield 1)[0]
            columns = (yield across * down) if across else b""
            if across > characters.CELL_DOTS[0]:
                self._fail(f"ESC & of {across} dots across")
                return
            self._drawn[code] = columns

    def _cancel_character(self) -> Program:
        code = (yield 1)[0]
        if self._drawn.pop(code, None) is None:
            self._fail(f"ESC ? {code}")

    # --- FS -----------------------------------------------------------------------------------

    def _enter_kanji(self) -> Program:
        self._kanji = True
        yield from ()

    def _leave_kanji(self) -> Program:
        self._kanji = False
        yield from ()

    # --- GS -----------------------------------------------------------------------------------

    def _enlarge(self) -> Program:
        size = (yield 1)[0]
        self._across, self._down = (size >> 4 & 7) + 1, (size & 7) + 1

    def _raster_picture(self) -> Program:
        form, mode, *sizes = yield 6
        if form != ord("0") or mode not in {0, 1, 2, 3, 48, 49, 50, 51}:
            self._fail(f"GS v {form} {mode}")
            return
        width = sizes[0] + 256 * sizes[1]
        height = sizes[2] + 256 * sizes[3]
        if not width or not height:
            self._fail(f"GS v 0 of {width} bytes by {height} rows")
            return
        if self._line:
            self._fail("GS v 0 behind characters")
        across, down = 1 + (mode & 1), 1 + (mode >> 1 & 1)
        if 8 * width * across > self._model.dots:
            self._fail(f"GS v 0 of {8 * width * across} dots across")
        while height:
            data = yield width
            data += self._taken(width * min(height - 1, self._bytes_there // width))
            rows = [int.from_bytes(data[at : at + width]) for at in range(0, len(data), width)]
            height -= len(rows)
            rows = rows if across == 1 else [_doubled(row) for row in rows]
            rows = rows if down == 1 else [row for row in rows for _ in range(down)]
            yield from self._burn(rows, 8 * width * across)

    def _long_command(self) -> Program:
        function, low, high = yield 3
        arguments = yield low + 256 * high
        if function == ord("k") and arguments[:1] == _QR_CODE and self._model.native_qr:
            yield from self._qr_command(arguments[1:2], arguments[2:])
        elif function == ord("H") and arguments[:2] == b"00" and self._model.process_id:
            self._mechanism.reply(b"\x37\x22" + arguments[2:6] + b"\x00")
        else:
            self._fail(f"unknown command GS ( {function:02x} {arguments[:2].hex()}")

    def _cut(self) -> Program:
        how = (yield 1)[0]
        if how in {0, 1, 48, 49}:
            yield from self._mechanism.cut(None)
        elif how in {65, 66}:
            units = (yield 1)[0]
            yield from self._mechanism.cut(units // self._model.feed_units_per_dot)
        else:
            self._fail(f"GS V {how}")

    def _answer_in_order(self) -> Program:
        what = (yield 1)[0]
        if what in {1, 49}:
            self._mechanism.answer_in_order()
        else:
            self._fail(f"GS r {what}")

    def _report_changes(self) -> Program:
        self._mechanism.report_changes((yield 1)[0])

    def _real_time(self) -> Program:
        """A real-time command was answered when it came in; here it means nothing more."""
        second = yield 1
        if second == _REAL_TIME_STATUS:
            yield 1
        else:
            self._fail(f"unknown command DLE {second.hex()}")

    # --- dots ---------------------------------------------------------------------------------

    def _qr_command(self, what: bytes, arguments: bytes) -> Motion:
        if what != QrCode.PRINT:
            if not self._qr.set(what, arguments):
                self._fail(f"unknown QR command {what.hex()} {arguments[:8].hex()}")
            return
        rows = self._qr.rows()
        if not 0 < len(rows) <= self._model.dots:
            self._fail("a QR code that cannot be printed")
            return
        self._mechanism.note_qr(self._qr.content)
        yield from self._burn(rows, len(rows))

    def _letter(self, code: int) -> str:
        return chr(code) if code < _FIRST_OF_PAGE else self._code_page[code - _FIRST_OF_PAGE]

    def _print_code(self, code: int) -> Motion:
        drawn = self._drawn.get(code) if self._uses_drawn else None
        return self._print_character(self._letter(code) if drawn is None else drawn)

    def _print_character(self, shape: str | bytes, cells: int = 1) -> Motion:
        character = Character(shape, self._bold, cells * self._across, self._down)
        if self._line_dots + character.width_dots > self._model.dots:
            yield from self._print_line()
        self._line.append(character)
        self._line_dots += character.width_dots

    def _print_line(self) -> Motion:
        height = yield from self._print_characters()
        yield from self._feed(max(0, self._line_spacing_dots - height))

    def _print_characters(self) -> Generator[Hold, bytes, int]:
        """Print the characters waiting; return how many dots high they are."""
        if not self._line:
            return 0
        self._mechanism.note_text(self._line)
        rows, width = characters.rows_of(self._line), self._line_dots
        self._line, self._line_dots = [], 0
        yield from self._burn(rows, width)
        return len(rows)

    def _burn(self, rows: Sequence[int], width_dots: int) -> Motion:
        room = self._model.dots - width_dots
        if room < 0:
            rows, room = [row >> -room for row in rows], 0
        right = (room, room - room // 2, 0)[self._justification]
        return self._mechanism.burn([row << right for row in rows])

    def _feed(self, dots: int) -> Motion:
        return self._mechanism.burn([0] * dots)


def _chinese(pair: bytes) -> str:
    """The one letter that two bytes mean, or U+FFFD."""
    try:
        return pair.decode("gbk")
    except UnicodeDecodeError:
        return "\ufffd"


def _doubled(row: int) -> int:
    return int("".join(2 * bit for bit in f"{row:b}"), 2)
