import msgspec
import pytest
from msgspec.structs import replace

from edge.devices.printer_profile import PrinterProfile
from edge.ticket.template import TicketTemplate
from tests.edge.ticket.tickets import ticket
from tests.simulation.printer.bench import printed

STRIP = PrinterProfile(mode="strip").renderer()


def test_without_changes_a_ticket_is_the_usual_one() -> None:
    assert TicketTemplate().apply(ticket()) == ticket()


def test_hidden_lines_are_left_out() -> None:
    hidden = TicketTemplate(hidden=("organisation", "centre", "ahead", "issued", "qr", "counters"))

    content = hidden.apply(ticket(expected_wait_min=None))

    shown = ("title", "number", "service")
    assert [name for name in shown if getattr(content, name) != getattr(ticket(), name)] == []
    slip = printed(STRIP.encode(replace(content, footer=())))
    assert slip.text.splitlines() == ["PHIẾU SỐ THỨ TỰ", "1025", "Lĩnh vực: Hộ tịch - Chứng thực"]
    assert slip.qr is None


def test_words_of_the_site_s_own_are_of_the_ticket_s_language() -> None:
    template = TicketTemplate(
        header={"vi": ("Ủy ban nhân dân", "Bộ phận một cửa"), "en": ("One-stop shop",)},
        footer={"vi": ("Đường dây nóng: 1900 1234",), "en": ()},
    )

    vietnamese, english = template.apply(ticket()), template.apply(ticket(language="en"))

    assert (vietnamese.organisation, vietnamese.centre) == ("Ủy ban nhân dân", "Bộ phận một cửa")
    assert vietnamese.footer == ("Đường dây nóng: 1900 1234",)
    assert (english.organisation, english.centre, english.footer) == ("One-stop shop", None, ())


@pytest.mark.parametrize(
    "wrong",
    [
        {"hidden": ["number"]},
        {"hidden": ["service"]},
        {"header": {"vi": []}},
        {"header": {"fr": ["Mairie"]}},
        {"footer": {"vi": ["x" * 121]}},
        {"logo": "file.png"},
    ],
)
def test_what_a_ticket_must_have_cannot_be_taken_away(wrong: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, TicketTemplate)
