import unicodedata

import pytest

from edge.ticket.content import TicketContent
from tests.edge.ticket.tickets import LONGEST_UNIT, ticket


def test_says_in_vietnamese_what_the_citizen_needs() -> None:
    assert ticket() == TicketContent(
        organisation="UBND Phường Văn Miếu - Quốc Tử Giám",
        centre="TRUNG TÂM PHỤC VỤ HÀNH CHÍNH CÔNG",
        title="PHIẾU SỐ THỨ TỰ",
        number="1025",
        service="Lĩnh vực: Hộ tịch – Chứng thực",
        ahead="Số người chờ trước: 5",
        issued="Giờ lấy số: 09:32 ngày 14/07/2026",
        counters="Quầy phục vụ: 1, 2",
        expected_wait="Thời gian chờ dự kiến: khoảng 20 phút",
        footer=(
            "Vui lòng giữ phiếu và chờ gọi số.",
            "Phiếu chỉ có giá trị trong buổi. Gọi 3 lần vắng mặt, vui lòng liên hệ quầy hướng dẫn.",
            "Phiếu này không thay thế Giấy tiếp nhận hồ sơ và hẹn trả kết quả.",
            "Xin cảm ơn!",
        ),
        qr="https://thutu.example.vn/q/01-00097-01/1025",
        qr_caption="Quét mã QR để theo dõi lượt gọi",
    )


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("vi", "Thời gian chờ dự kiến: đến lượt ngay"),
        ("en", "Expected wait: none, you are next"),
    ],
)
def test_a_citizen_with_nobody_in_the_way_is_not_told_of_zero_minutes(
    language: str, said: str
) -> None:
    assert ticket(language=language, ahead=0, expected_wait_min=0).expected_wait == said


def test_leaves_out_what_is_not_known() -> None:
    content = ticket(counters=(), expected_wait_min=None, follow_url=None)

    assert (content.counters, content.expected_wait) == (None, None)
    assert (content.qr, content.qr_caption) == (None, None)


def test_warns_when_no_clock_can_be_trusted() -> None:
    assert ticket(clock_trusted=False).issued == "Giờ lấy số: 09:32 (đồng hồ chưa chỉnh)"


@pytest.mark.parametrize(
    ("changes", "marks"),
    [
        ({}, (None, None, None)),
        ({"priority": True}, ("ƯU TIÊN", None, None)),
        ({"copy": 2}, (None, "IN LẠI", None)),
        ({"training": True}, (None, None, "PHIẾU TẬP HUẤN – KHÔNG CÓ GIÁ TRỊ")),
    ],
)
def test_marks_only_what_is_marked(changes: dict[str, object], marks: tuple[object, ...]) -> None:
    content = ticket(**changes)

    assert (content.priority, content.reprint, content.training) == marks


def test_speaks_english() -> None:
    content = ticket(language="en", service="Civil status")

    assert content.service == "Service: Civil status"
    assert content.language == "en"


def test_names_typed_as_letters_and_separate_marks_become_the_same_ticket() -> None:
    decomposed = unicodedata.normalize("NFD", LONGEST_UNIT)

    assert decomposed != LONGEST_UNIT
    assert ticket(unit=decomposed) == ticket(unit=LONGEST_UNIT)


def test_line_breaks_and_double_spaces_in_names_do_not_reach_the_paper() -> None:
    assert ticket(service=" Trả\n kết  quả ").service == "Lĩnh vực: Trả kết quả"
