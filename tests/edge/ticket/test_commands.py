"""Our ESC/POS commands against those that python-escpos builds."""

from collections.abc import Callable

import pytest
from escpos.capabilities import CAPABILITIES
from escpos.constants import QR_ECLEVEL_M
from escpos.printer import Dummy

from edge.ticket import commands
from edge.ticket.printer_database import printer_database


def built(build: Callable[[Dummy], object]) -> bytes:
    """What python-escpos builds."""
    printer = Dummy()
    build(printer)
    return bytes(printer.output)


def test_slips_are_centred_cut_and_torn_off_as_the_library_does_it() -> None:
    assert commands.centre() == built(lambda printer: printer.set(align="center"))
    assert commands.end(cutter=True) == built(lambda printer: printer.cut(feed=False))
    assert commands.end(cutter=False) == built(lambda printer: printer.print_and_feed(6))


@pytest.mark.parametrize("payload", ["1", "https://example.vn/1", "Đ" * 300, "x" * 2000])
@pytest.mark.parametrize("dots", [2, 7, 16])
def test_a_printer_draws_a_code_as_the_library_asks_it_to(payload: str, dots: int) -> None:
    assert commands.native_qr(payload, dots) == built(
        lambda printer: printer.qr(payload, ec=QR_ECLEVEL_M, size=dots, native=True)
    )


def test_models_and_code_pages_are_those_that_the_library_knows() -> None:
    found = printer_database()
    assert found.profiles == CAPABILITIES["profiles"]
    assert {name: page.data for name, page in found.encodings.items()} == {
        name: tuple(page.get("data", ())) for name, page in CAPABILITIES["encodings"].items()
    }
