from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from PIL import Image, ImageChops

from edge.ticket.bands import MAX_BAND_BYTES
from edge.ticket.layout import Paper, Qr, Text
from edge.ticket.raster import RasterRenderer
from simulation.printer.model import PrinterModel
from tests.edge.ticket.tickets import (
    FOLLOW_URL,
    LONGEST_SERVICE,
    VIETNAMESE_BOTH_CASES,
    ticket,
)
from tests.simulation.printer.bench import bench, picture, printed

MODELS = {
    "80 mm": PrinterModel(),
    "Epson, 180 dpi, half dots": PrinterModel(dots=512, dpi=180, feed_units_per_dot=2),
    "58 mm": PrinterModel(dots=384),
}


@pytest.fixture(params=list(MODELS.values()), ids=list(MODELS))
def model(request: pytest.FixtureRequest) -> PrinterModel:
    assert isinstance(request.param, PrinterModel)
    return request.param


def renderer_for(model: PrinterModel, *, native_qr: bool = True) -> RasterRenderer:
    return RasterRenderer(
        Paper(model.dots, model.dpi),
        native_qr=native_qr,
        cutter=model.cutter_mm > 0,
        feed_units_per_dot=model.feed_units_per_dot,
    )


def pictures(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Width in bytes and pixels of each GS v 0 in `data`."""
    at = data.find(b"\x1dv0\x00")
    while at >= 0:
        width = int.from_bytes(data[at + 4 : at + 6], "little")
        size = width * int.from_bytes(data[at + 6 : at + 8], "little")
        yield width, data[at + 8 : at + 8 + size]
        at = data.find(b"\x1dv0\x00", at + 8 + size)


@pytest.mark.parametrize("native_qr", [True, False])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"priority": True, "copy": 2, "training": True, "number": "01025"},
        {"service": LONGEST_SERVICE, "language": "en", "clock_trusted": False},
        {"service": VIETNAMESE_BOTH_CASES},
        {"follow_url": None},
    ],
    ids=["plain", "all marks", "long", "every letter", "no code"],
)
def test_what_comes_out_of_a_printer_is_the_preview_dot_for_dot(
    model: PrinterModel, changes: dict[str, object], native_qr: bool
) -> None:
    content = ticket(**changes)
    renderer = renderer_for(model, native_qr=native_qr)

    slip = printed(renderer.encode(content), model)

    expected = renderer.preview(content)
    came_out = picture(slip, model)
    assert came_out.size == expected.size
    assert ImageChops.logical_xor(came_out, expected).getbbox() is None


def test_the_code_on_the_paper_contains_the_address_to_follow(model: PrinterModel) -> None:
    assert printed(renderer_for(model).encode(ticket()), model).qr == FOLLOW_URL


def test_a_printer_that_starts_with_half_a_ticket_prints_the_next_one_right() -> None:
    renderer = renderer_for(MODELS["80 mm"])
    whole = renderer.encode(ticket())

    for cut_off in (5, 9, 700, len(whole) // 2, len(whole) - 3):
        with bench() as stand:
            stand.send(whole[:cut_off])
            stand.send(bytes(MAX_BAND_BYTES) + b"\x1b@" + renderer.end() + whole)

            came_out = picture(stand.slip(2))
        assert ImageChops.logical_xor(came_out, renderer.preview(ticket())).getbbox() is None


def test_the_reference_ticket_takes_at_most_22_000_bytes() -> None:
    reference = replace(ticket(), expected_wait=None, footer=())
    renderer = renderer_for(MODELS["80 mm"])

    assert renderer.preview(reference).height / 8 > 87
    assert len(renderer.encode(reference)) <= 22_000


def test_sends_no_blank_row_and_no_band_beyond_what_a_resynchronisation_ends() -> None:
    bands = list(pictures(renderer_for(MODELS["80 mm"]).encode(ticket())))

    assert len(bands) > 10
    for width, pixels in bands:
        rows = [pixels[at : at + width] for at in range(0, len(pixels), width)]
        assert all(any(row) for row in rows)
        assert any(row[0] for row in rows) or any(row[-1] for row in rows)
        assert len(pixels) <= MAX_BAND_BYTES


def test_bands_start_whole_bytes_from_the_edge_so_that_any_printer_centres_them_alike() -> None:
    for dots in (384, 512, 576):
        bands = pictures(RasterRenderer(Paper(dots=dots)).encode(ticket()))
        assert {(dots // 8 - width) % 2 for width, _ in bands} == {0}


def test_a_printer_without_a_knife_gets_no_cut() -> None:
    with_knife = RasterRenderer(Paper(), cutter=True).encode(ticket())
    without = RasterRenderer(Paper(), cutter=False).encode(ticket())

    assert with_knife.endswith(b"\x1dVB\x00")
    assert without.endswith(b"\x1bd\x06")


def test_a_code_too_long_for_any_printer_is_refused() -> None:
    with pytest.raises(ValueError, match="41"):
        RasterRenderer(Paper()).encode(ticket(follow_url="https://" + 3000 * "x"))


def test_the_preview_shows_ink_where_the_layout_has_text() -> None:
    renderer = RasterRenderer(Paper())
    content = ticket(priority=True)

    top = 0
    preview = renderer.preview(content)
    for block in renderer.layout(content):
        height = block.side_dots if isinstance(block, Qr) else block.height_dots
        if isinstance(block, Text):
            ink = _ink(preview.crop((0, top, preview.width, top + height)))
            assert 0.02 < ink < 0.75, block.lines
        if isinstance(block, Qr):
            break
        top += height


def _ink(part: Image.Image) -> float:
    return part.histogram()[0] / (part.width * part.height)
