"""Names on the wire: what is one and what is not."""

import msgspec
import pytest

from contract.ids import (
    CounterId,
    Day,
    Name,
    NodeId,
    ServiceId,
    SiteId,
    TicketNumber,
    split_node,
)

Table = dict[str, tuple[type[str], tuple[str, ...]]]

RIGHT: Table = {
    "SiteId": (SiteId, ("01-00097-01", "79-27007-02")),
    "NodeId": (NodeId, ("01-00097-01-h1", "01-00097-01-s9")),
    "CounterId": (CounterId, ("1", "9", "10", "99")),
    "ServiceId": (ServiceId, ("1", "chung-thuc", "2b")),
    "TicketNumber": (TicketNumber, ("1001", "9999", "11000", "01001", "1234567")),
    "Name": (Name, ("printer-1", "pad.3", "A-17", "x", "usb:1-1.4")),
    "Day": (Day, ("2026-11-23", "1973-03-03", "9999-12-31")),
}
WRONG: Table = {
    "SiteId": (
        SiteId,
        ("1-97-1", "01-00097-01-h1", "01_00097_01", " 01-00097-01", "０１-00097-01"),
    ),
    "NodeId": (NodeId, ("01-00097-01", "01-00097-01-h0", "01-00097-01-x1", "01-00097-01-h12", "+")),
    "CounterId": (CounterId, ("", "0", "01", "100", "a", "-1", "٣")),
    "ServiceId": (ServiceId, ("", "-a", "A", "chứng-thực", "a" * 25, "a b")),
    "TicketNumber": (TicketNumber, ("", "0001", "999", "001001", "12345678", "1001a", "１００１")),
    "Name": (Name, ("", "-a", "a b", "Lan Nguyễn", "a" * 65, "a/b", "a\x00b")),
    "Day": (Day, ("2026-11-3", "26-11-23", "2026/11/23", "2026-11-23T00:00")),
}


def cases(table: Table) -> list[object]:
    return [
        pytest.param(kind, text, id=f"{name} {text!r}")
        for name, (kind, texts) in table.items()
        for text in texts
    ]


@pytest.mark.parametrize(("kind", "text"), cases(RIGHT))
def test_a_name(kind: type[str], text: str) -> None:
    assert msgspec.convert(text, kind) == text


@pytest.mark.parametrize(("kind", "text"), cases(WRONG))
def test_no_name(kind: type[str], text: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(text, kind)


def test_no_name_ends_in_a_line_feed() -> None:
    for kind, texts in RIGHT.values():
        for text in texts:
            with pytest.raises(msgspec.ValidationError):
                msgspec.convert(f"{text}\n", kind)


def test_a_nodes_name_tells_where_it_is() -> None:
    assert split_node("01-00097-01-h1") == ("01-00097-01", "01", "00097", "h1")


@pytest.mark.parametrize("text", [*WRONG["NodeId"][1], "01-00097-01-h1\n"])
def test_what_is_no_node_is_not_split(text: str) -> None:
    with pytest.raises(ValueError, match="is not the name of a node"):
        split_node(text)
