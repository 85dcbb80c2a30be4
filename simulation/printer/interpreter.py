"""What each ESC/POS command makes a printer do, one byte after the other.

Sources: command manuals of Epson TM and of Chinese 58 and 80 mm printers.
"""

from collections.abc import Callable, Generator
from typing import Protocol

from simulation.printer import characters
from simulation.printer.characters import Character
from simulation.printer.model import PrinterModel
from simulation.printer.qr_code import QrCode

# A part of the interpreter: yields how many bytes it needs next and is sent exactly these.
Program = Generator[int, bytes, None]

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

    def burn(self, row: int) -> None:
        """Burn one row (0 is blank), highest bit leftmost, and feed one dot."""
        ...

    def cut(self, feed_dots: int | None) -> None:
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

    def note_text(self, line: str) -> None:
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

    def feed(self, data: bytes) -> None:
        """Run `data`; an unfinished command waits for its rest."""
        data = self._input + data
        done = 0
        while (end := done + self._wanted) <= len(data):
            self._wanted = self._program.send(data[done:end])
            done = end
        self._input = data[done:]

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
                    self._print_line()
                case b"\x00" | b"\r":
                    pass
                case _ if byte < b" ":
                    self._fail(f"unknown control {byte.hex()}")
                case _ if self._kanji and byte[0] >= _FIRST_OF_KANJI:
                    pair = byte + (yield 1)
                    self._print_character(pair.decode("gbk", errors="replace"), cells=2)
                case _:
                    self._print_code(byte[0])

    def _command(self, prefix: str, commands: dict[bytes, Callable[[], Program]]) -> Program:
        name = yield 1
        if name in commands:
            yield from commands[name]()
        else:
            self._fail(f"unknown command {prefix} {name.hex()}")

    def _initialise(self) -> None:
        self._line: list[Character] = []
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
            self._print_line()
        self._feed(lines * self._line_spacing_dots)

    def _feed_units(self) -> Program:
        units = (yield 1)[0]
        height = self._print_characters()
        self._feed(max(0, units // self._model.feed_units_per_dot - height))

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
        for _ in range(height):
            row = int.from_bytes((yield width))
            self._burn([row if across == 1 else _doubled(row)] * down, 8 * width * across)

    def _long_command(self) -> Program:
        function, low, high = yield 3
        arguments = yield low + 256 * high
        if function == ord("k") and arguments[:1] == _QR_CODE and self._model.native_qr:
            self._qr_command(arguments[1:2], arguments[2:])
        elif function == ord("H") and arguments[:2] == b"00" and self._model.process_id:
            self._mechanism.reply(b"\x37\x22" + arguments[2:6] + b"\x00")
        else:
            self._fail(f"unknown command GS ( {function:02x} {arguments[:2].hex()}")

    def _cut(self) -> Program:
        how = (yield 1)[0]
        if how in {0, 1, 48, 49}:
            self._mechanism.cut(None)
        elif how in {65, 66}:
            units = (yield 1)[0]
            self._mechanism.cut(units // self._model.feed_units_per_dot)
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

    def _qr_command(self, what: bytes, arguments: bytes) -> None:
        if what != QrCode.PRINT:
            if not self._qr.set(what, arguments):
                self._fail(f"unknown QR command {what.hex()} {arguments[:8].hex()}")
            return
        picture = self._qr.picture()
        if picture is None or picture.width > self._model.dots:
            self._fail("a QR code that cannot be printed")
            return
        self._mechanism.note_qr(self._qr.content)
        self._burn(characters.rows(picture), picture.width)

    def _letter(self, code: int) -> str:
        return chr(code) if code < _FIRST_OF_PAGE else self._code_page[code - _FIRST_OF_PAGE]

    def _print_code(self, code: int) -> None:
        drawn = self._drawn.get(code) if self._uses_drawn else None
        letter = self._letter(code) if drawn is None else characters.reading_of(drawn)
        self._print_character(letter, drawn=drawn)

    def _print_character(self, letter: str, cells: int = 1, drawn: bytes | None = None) -> None:
        character = Character(letter, self._bold, cells * self._across, self._down, drawn)
        if characters.width_dots([*self._line, character]) > self._model.dots:
            self._print_line()
        self._line.append(character)

    def _print_line(self) -> None:
        height = self._print_characters()
        self._feed(max(0, self._line_spacing_dots - height))

    def _print_characters(self) -> int:
        """Print the characters waiting; return how many dots high they are."""
        if not self._line:
            return 0
        self._mechanism.note_text("".join(character.letter for character in self._line))
        rows, width = characters.rows_of(self._line), characters.width_dots(self._line)
        self._line = []
        self._burn(rows, width)
        return len(rows)

    def _burn(self, rows: list[int], width_dots: int) -> None:
        room = self._model.dots - width_dots
        if room < 0:
            rows, room = [row >> -room for row in rows], 0
        right = (room, room - room // 2, 0)[self._justification]
        for row in rows:
            self._mechanism.burn(row << right)

    def _feed(self, dots: int) -> None:
        for _ in range(dots):
            self._mechanism.burn(0)


def _doubled(row: int) -> int:
    return int("".join(2 * bit for bit in f"{row:b}"), 2)
