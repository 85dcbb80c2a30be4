"""Every mode on every paper: what comes out is the preview, whole, with every word of it."""

from itertools import product

import pytest
from msgspec.structs import replace
from PIL import ImageChops

from edge.devices.printer_profile import Mode, PrinterProfile
from edge.ticket.layout import Paper
from edge.ticket.tcvn3 import CodePages
from simulation.printer.model import PrinterModel
from tests.edge.ticket.tickets import FOLLOW_URL, LONGEST_SERVICE, every_word, ticket
from tests.simulation.printer.bench import codes, picture, printed

# 58 mm and 80 mm rolls as they are sold: 384 to 576 dots, at both densities.
PAPERS = [Paper(dots, dpi) for dots, dpi in product((384, 416, 432, 512, 576), (180, 203))]
MODES: tuple[Mode, ...] = ("raster", "text", "strip")
LONG = {
    "service": LONGEST_SERVICE,
    "unit": "Đặc khu Lý Sơn – Trường Sa – Hoàng Sa – Côn Đảo",
    "number": "01025",
    "counters": tuple(map(str, range(1, 21))),
    "priority": True,
    "copy": 2,
    "training": True,
    "clock_trusted": False,
}


@pytest.mark.parametrize("paper", PAPERS, ids=[f"{p.dots}-{p.dpi}dpi" for p in PAPERS])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("units_per_dot", [1, 2])
def test_the_longest_ticket_comes_out_whole(
    paper: Paper, mode: Mode, language: str, units_per_dot: int
) -> None:
    profile = PrinterProfile(paper=paper, mode=mode, code_page=CodePages())
    profile = replace(profile, feed_units_per_dot=1 if units_per_dot == 1 else 2)
    model = PrinterModel(dots=paper.dots, dpi=paper.dpi, feed_units_per_dot=units_per_dot)
    content = ticket(**LONG, language=language)
    renderer = profile.renderer()

    slip = printed(renderer.encode(content), model)
    preview = renderer.preview(content)

    paper_used = picture(slip, model)
    assert (slip.complete, slip.qr) == (True, FOLLOW_URL)
    assert codes(paper_used) == [FOLLOW_URL]
    assert paper_used.size == preview.size
    if mode == "raster":
        assert ImageChops.logical_xor(paper_used, preview).getbbox() is None
    else:
        assert "".join(slip.text.split()) == "".join(every_word(content).split())


@pytest.mark.parametrize("mode", MODES)
def test_a_code_that_the_printer_cannot_draw_is_read_all_the_same(mode: Mode) -> None:
    for paper in (PAPERS[0], PAPERS[-1]):
        profile = PrinterProfile(paper=paper, mode=mode, code_page=CodePages(), native_qr=False)
        model = PrinterModel(dots=paper.dots, dpi=paper.dpi, native_qr=False)
        slip = printed(profile.renderer().encode(ticket()), model)
        assert slip.qr is None
        assert codes(picture(slip, model)) == [FOLLOW_URL]
