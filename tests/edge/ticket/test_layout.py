import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from edge.ticket.face import Face
from edge.ticket.layout import Layout, Paper, Qr, Text, layout, wrap
from tests.edge.ticket.tickets import LONGEST_SERVICE, VIETNAMESE_BOTH_CASES, ticket

PAPERS = {
    "80 mm, 576 dots": Paper(576, 203),
    "80 mm, 512 dots, 180 dpi": Paper(512, 180),
    "58 mm, 384 dots": Paper(384, 203),
}
FACE = Face()

words = st.text(alphabet=VIETNAMESE_BOTH_CASES + "0123456789–-,().", min_size=1, max_size=40)
names = st.lists(words, min_size=1, max_size=20).map(lambda name: " ".join(name)[:200])


def texts(page: Layout) -> list[Text]:
    return [block for block in page if isinstance(block, Text)]


@pytest.fixture(params=list(PAPERS.values()), ids=list(PAPERS))
def paper(request: pytest.FixtureRequest) -> Paper:
    assert isinstance(request.param, Paper)
    return request.param


@given(unit=names, service=names, paper=st.sampled_from(list(PAPERS.values())))
@settings(max_examples=60, deadline=None)
def test_whatever_the_names_are_no_line_is_wider_than_the_paper(
    unit: str, service: str, paper: Paper
) -> None:
    content = ticket(unit=unit, service=service, priority=True, copy=2, training=True)

    for block in texts(layout(content, paper, FACE.width_dots)):
        for line in block.lines:
            assert FACE.width_dots(line, block.size_dots, block.weight) <= paper.dots
        assert block.plate_dots <= paper.dots


@given(text=names, width=st.integers(100, 576))
@settings(max_examples=100, deadline=None)
def test_wrapping_loses_no_letter_and_changes_no_order(text: str, width: int) -> None:
    lines = wrap(text, width, lambda part: FACE.width_dots(part, 24, "Medium"))

    assert "".join("".join(lines).split()) == "".join(text.split())


def test_wraps_into_lines_of_about_equal_length_with_dashes_at_the_end() -> None:
    lines = wrap(LONGEST_SERVICE, 30, len)

    assert lines == (
        "Bảo trợ xã hội – Người",
        "có công – Lao động – Y",
        "tế – Giáo dục – Văn hóa",
    )
    assert max(map(len, lines)) - min(map(len, lines)) <= 2


def test_breaks_a_word_that_is_wider_than_the_paper() -> None:
    assert wrap("aaaabbbbcc dd", 4, len) == ("aaaa", "bbbb", "cc", "dd")


@pytest.mark.parametrize("number", ["1025", "9999", "01025", "10000001"])
def test_the_number_is_as_large_as_the_paper_allows(paper: Paper, number: str) -> None:
    [block] = [
        b
        for b in texts(layout(ticket(number=number), paper, FACE.width_dots))
        if b.role == "number"
    ]

    width = FACE.width_dots(number, block.size_dots, block.weight)
    one_larger = FACE.width_dots(number, block.size_dots + 2, block.weight)
    assert width <= paper.dots - 2 * paper.dots_of(1.5)
    assert one_larger > paper.dots - 2 * paper.dots_of(1.5) or block.size_dots == paper.dots_of(24)
    assert (
        block.size_dots
        > 2
        * max(
            b.size_dots
            for b in texts(layout(ticket(), paper, FACE.width_dots))
            if b.role != "number"
        )
        or len(number) > 5
    )


def test_nothing_is_smaller_than_the_eye_can_read(paper: Paper) -> None:
    assert min(block.size_dots for block in texts(layout(ticket(), paper, FACE.width_dots))) >= 22


def test_marks_stand_on_black_and_nothing_else_does(paper: Paper) -> None:
    marked = ticket(priority=True, copy=2, training=True)

    plates = [b for b in texts(layout(marked, paper, FACE.width_dots)) if b.plate_dots]

    assert [" ".join(b.lines) for b in plates] == [marked.training, marked.reprint, marked.priority]
    assert not [b for b in texts(layout(ticket(), paper, FACE.width_dots)) if b.plate_dots]


def test_reads_from_where_over_which_number_to_what_next(paper: Paper) -> None:
    content = ticket()

    said = [" ".join(block.lines) for block in texts(layout(content, paper, FACE.width_dots))]

    assert said == [
        content.organisation,
        content.centre,
        content.title,
        content.number,
        content.service,
        content.counters,
        content.ahead,
        content.expected_wait,
        content.issued,
        content.qr_caption,
        *content.footer,
    ]


def test_a_ticket_to_follow_nowhere_has_no_code(paper: Paper) -> None:
    page = layout(replace(ticket(), qr=None), paper, FACE.width_dots)

    assert not [block for block in page if isinstance(block, Qr)]
