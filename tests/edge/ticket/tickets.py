"""Tickets for tests, and the letters that all of them must be able to show."""

import unicodedata
from typing import Any

from msgspec.structs import replace

from contract.slips import SlipView
from edge.ticket.content import TicketContent, compose

_TONES = "aàảãáạ ăằẳẵắặ âầẩẫấậ eèẻẽéẹ êềểễếệ iìỉĩíị oòỏõóọ ôồổỗốộ ơờởỡớợ uùủũúụ ưừửữứự yỳỷỹýỵ"
VIETNAMESE = "".join(_TONES.split()) + "đbcdghklmnpqrstvx"
VIETNAMESE_BOTH_CASES = VIETNAMESE + VIETNAMESE.upper()

LONGEST_SERVICE = "Bảo trợ xã hội – Người có công – Lao động – Y tế – Giáo dục – Văn hóa"
LONGEST_UNIT = "Phường Văn Miếu - Quốc Tử Giám"
FOLLOW_URL = "https://thutu.example.vn/q/01-00097-01/1025"


_SLIP = SlipView(
    ticket="5f0c/1",
    number="1025",
    copy=1,
    unit=LONGEST_UNIT,
    service="Hộ tịch – Chứng thực",
    counters=("1", "2"),
    ahead=5,
    expected_wait_min=20,
    issued_ms=1_783_996_320_000,
    clock_trusted=True,
    follow_url=FOLLOW_URL,
)


def ticket(**changes: Any) -> TicketContent:
    """A ticket as a citizen gets it, with `changes` to its slip."""
    return compose(replace(_SLIP, **changes))


def every_word(content: TicketContent) -> str:
    """The words of a ticket in the order in which they are read, as typewriters write them."""
    parts = [
        *(content.training, content.organisation, content.centre, content.reprint, content.title),
        *(content.number, content.priority, content.service, content.counters, content.ahead),
        *(content.expected_wait, content.issued, content.qr_caption, *content.footer),
    ]
    text = " ".join(part for part in parts if part)
    return unicodedata.normalize("NFC", text).replace("–", "-")
