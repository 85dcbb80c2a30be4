import ast
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

import simulation.printer
from simulation.printer import characters
from simulation.printer.model import CHINESE, PrinterModel
from tests.simulation.printer.bench import AT_ONCE, bench, picture, printed
from tests.waiting import until

CUT = b"\x1dVB\x00"


def inked(data: bytes, model: PrinterModel = AT_ONCE) -> tuple[int, int, int, int] | None:
    """The box of what `data` burns, from the left edge and the first row."""
    return picture(printed(data + CUT, model), model).point(lambda dot: 255 - dot).getbbox()


def test_prints_characters_and_tells_what_they_say() -> None:
    slip = printed(b"\x1b@Number\r\n1025\n" + CUT)

    assert slip.text == "Number\n1025"
    assert slip.complete


def test_breaks_a_line_that_is_longer_than_the_paper() -> None:
    assert printed(b"x" * 50 + b"\n" + CUT).text == "x" * 48 + "\n" + "xx"


def test_decodes_by_the_code_page_chosen_and_forgets_it_at_reset() -> None:
    assert printed(b"\x1bt\x10\xe9\n\x1b@\xe9\n" + CUT).text == "é\nΘ"


def test_a_chinese_clone_takes_two_bytes_for_one_character_until_it_is_told_otherwise() -> None:
    slip = printed(b"\xd6\xd0\n\x1c.\x1bt\x1e\xd6\xd0\n\x1c&\xd6\xd0\n" + CUT, CHINESE)

    assert slip.text == "中\nệé\n中"


def test_half_a_chinese_letter_and_a_control_are_one_that_nobody_can_read() -> None:
    assert printed(b"\x81\x1c\x81\r\n" + CUT, CHINESE).text == "\ufffd\ufffd"


def test_a_code_that_prints_nothing_readable_shows_in_the_text() -> None:
    assert printed(b"\x1bt\x1e\xa1\xa8\n" + CUT).text == "\ufffdă"


@pytest.mark.parametrize(
    ("command", "size"),
    [
        (b"", (1, 1)),
        (b"\x1b!\x10", (1, 2)),
        (b"\x1b!\x20", (2, 1)),
        (b"\x1d!\x11", (2, 2)),
        (b"\x1d!\x72", (8, 3)),
    ],
)
def test_enlarges_characters(command: bytes, size: tuple[int, int]) -> None:
    small = inked(b"H\n")
    large = inked(command + b"H\n")

    assert small is not None
    assert large is not None
    assert (large[2] - large[0], large[3] - large[1]) == (
        (small[2] - small[0]) * size[0],
        (small[3] - small[1]) * size[1],
    )


@pytest.mark.parametrize(("side", "left"), [(0, 0), (1, 284), (2, 568), (49, 284)])
def test_justifies_pictures(side: int, left: int) -> None:
    box = inked(b"\x1ba" + bytes([side]) + b"\x1dv0\x00\x01\x00\x02\x00\xff\xff")

    assert box == (left, 0, left + 8, 2)


@pytest.mark.parametrize(("mode", "size"), [(0, (8, 2)), (1, (16, 2)), (2, (8, 4)), (51, (16, 4))])
def test_doubles_pictures(mode: int, size: tuple[int, int]) -> None:
    assert inked(b"\x1dv0" + bytes([mode]) + b"\x01\x00\x02\x00\xff\xff") == (0, 0, *size)


@pytest.mark.parametrize(("units_per_dot", "top"), [(1, 100), (2, 50)])
def test_feeds_in_the_units_of_the_model(units_per_dot: int, top: int) -> None:
    model = replace(AT_ONCE, feed_units_per_dot=units_per_dot)

    assert inked(b"\x1bJ\x64\x1dv0\x00\x01\x00\x01\x00\x80", model) == (0, top, 1, top + 1)


def test_feeds_lines_of_the_spacing_set() -> None:
    dot = b"\x1dv0\x00\x01\x00\x01\x00\x80"

    assert inked(b"\x1bd\x02" + dot) == (0, 60, 1, 61)
    assert inked(b"\x1b3\x0a\x1bd\x02" + dot) == (0, 20, 1, 21)
    assert inked(b"\x1b3\x0a\x1b2\x1bd\x02" + dot) == (0, 60, 1, 61)


def test_draws_the_qr_code_of_what_it_was_given() -> None:
    store = b"\x1d(k\x08\x001P0hello\x1d(k\x03\x001C\x04\x1d(k\x03\x001E1"

    slip = printed(store + b"\x1d(k\x03\x001Q0" + CUT)

    assert slip.qr == "hello"
    assert inked(store + b"\x1d(k\x03\x001Q0") == (0, 0, 21 * 4, 21 * 4)


def test_cuts_at_the_knife_so_that_what_is_beyond_stays_for_the_next_slip() -> None:
    dot = b"\x1dv0\x00\x01\x00\x01\x00\x80"
    with bench() as stand:
        stand.send(dot + b"\x1dV\x00" + CUT)

        first, second = stand.slip(1), stand.slip(2)

    assert first.image.getextrema() == (255, 255)
    assert second.image.getpixel((0, 95)) == 0


@pytest.mark.parametrize(
    ("data", "failure"),
    [
        (b"\x1b\x7f", "unknown command ESC 7f"),
        (b"\x1dz", "unknown command GS 7a"),
        (b"\x1d(L\x02\x0000", "unknown command GS ( 4c 3030"),
        (b"\x1bt\x63", "ESC t 99"),
        (b"\x1dv1\x00\x01\x00\x01\x00", "GS v 49 0"),
        (b"x\x1dv0\x00\x01\x00\x01\x00\x80", "GS v 0 behind characters"),
        (b"\x1dv0\x00\x49\x00\x01\x00" + b"\xff" * 73, "GS v 0 of 584 dots across"),
        (b"\x1d(k\x03\x001Q0", "a QR code that cannot be printed"),
        (b"\x1d(k\x03\x001C\x20", "unknown QR command 43 20"),
        (b"\x07", "unknown control 07"),
        (b"\x10\x05", "unknown command DLE 05"),
    ],
)
def test_what_it_does_not_know_is_a_failure(data: bytes, failure: str) -> None:
    with bench() as stand:
        stand.send(data + CUT)
        stand.slip()

        assert stand.printer.failures == [failure]


@given(
    parts=st.lists(
        st.one_of(
            st.binary(max_size=12),
            st.sampled_from(
                [b"\x1b", b"\x1d", b"\x1d(k\x03\x001", b"\x1d(k\x01\x001", b"\x1dv0\x00"]
            ),
            st.sampled_from([b"\x1b@", b"\x1dVB", b"\x1dr\x01", b"\x1da", b"\x10\x04", b"\n"]),
        ),
        max_size=30,
    )
)
@settings(max_examples=60, deadline=None)
def test_whatever_it_is_sent_it_goes_on_printing(parts: list[bytes]) -> None:
    with bench(paper_mm=1e9) as stand:
        stand.send(b"".join(parts))
        until(lambda: stand.printer.room_bytes(0) == AT_ONCE.buffer_bytes)
        stand.printer.power_off()
        stand.printer.power_on()

        stand.send(b"\x1d(H\x06\x0000done")

        until(lambda: stand.said.endswith(b"\x37\x22done\x00"))


def test_a_clone_without_codes_and_process_ids_fails_at_them() -> None:
    model = replace(AT_ONCE, native_qr=False, process_id=False, automatic_status=False)
    with bench(model) as stand:
        stand.send(b"\x1d(k\x03\x001Q0\x1d(H\x06\x0000abcd\x1da" + CUT)
        stand.slip()

        assert len(stand.printer.failures) == 3


def test_shares_no_code_with_the_encoder_it_judges() -> None:
    [folder] = simulation.printer.__path__
    imported = {
        name
        for file in Path(folder).glob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
        )
    }

    assert "simulation.printer.model" in imported
    assert not [name for name in imported if name.split(".")[0] in {"edge", "escpos"}]


BAR = b"\x0c" + b"\xff\x00\x00" + bytes(33)  # one column of eight dots, at the top left


@pytest.mark.parametrize("forget", [b"\x1b@\x1b%\x01", b"\x1b?A", b"\x1b%\x00"])
def test_prints_what_the_host_drew_until_it_is_told_to_forget(forget: bytes) -> None:
    define = b"\x1b%\x01\x1b&\x03AA" + BAR

    assert inked(define + b"A\n") == (0, 0, 1, 8)
    assert printed(define + forget + b"A\n" + CUT).text == "A"


def test_what_the_host_drew_is_bold_and_large_like_other_characters() -> None:
    define = b"\x1b%\x01\x1b&\x03AB" + BAR + BAR

    assert inked(define + b"\x1bE\x01\x1d!\x11B\n") == (0, 0, 4, 16)


@pytest.mark.parametrize(
    ("data", "failure"),
    [
        (b"\x1b&\x02AA", "ESC & 2 65 65"),
        (b"\x1b&\x03AA\x0d" + bytes(39), "ESC & of 13 dots across"),
        (b"\x1b?A", "ESC ? 65"),
    ],
)
def test_what_the_host_cannot_draw_is_a_failure(data: bytes, failure: str) -> None:
    with bench() as stand:
        stand.send(data + CUT)
        stand.slip()

        assert stand.printer.failures == [failure]


def test_the_printer_does_not_wait_until_somebody_recognises_what_the_host_drew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks: list[bytes] = []

    def recognise(cell: bytes, *_: object) -> str:
        looks.append(cell)
        return "ệ"

    monkeypatch.setattr(characters, "letter_of", recognise)

    slip = printed(b"\x1b%\x01\x1b&\x03AA" + BAR + b"AA\n" + CUT)

    assert looks == []
    assert slip.text == "ệệ"
