from datetime import date

import msgspec
import pytest

from contract.procedures import Procedure, WrittenProcedure, named_twice
from contract.wire import VERSION, Configuration

NAME = {"vi": "Đăng ký khai sinh"}
NODE = "01-00097-01-h1"


def procedure(first: str | None, last: str | None, code: str = "1.001193") -> Procedure:
    days = [date.fromisoformat(day) if day else None for day in (first, last)]
    return Procedure(code, NAME, "1", *days)


def test_it_is_in_force_on_both_ends_and_an_open_end_has_none() -> None:
    found = procedure("2027-01-01", "2027-06-30")
    days = ("2026-12-31", "2027-01-01", "2027-06-30", "2027-07-01")
    assert [found.is_in_force(day) for day in days] == [False, True, True, False]
    assert all(procedure(None, None).is_in_force(day) for day in days)


def test_it_does_not_end_before_it_begins() -> None:
    with pytest.raises(ValueError, match=r"1\.001193 ends before it begins"):
        procedure("2027-01-01", "2026-12-31")


@pytest.mark.parametrize(
    ("before", "after", "twice"),
    [
        ((None, None), (None, None), True),
        ((None, "2026-12-31"), ("2027-01-01", None), False),
        ((None, "2027-01-01"), ("2027-01-01", None), True),
        (("2027-01-01", "2027-03-31"), ("2027-07-01", None), False),
    ],
)
def test_a_code_may_have_several_entries_but_one_a_day(
    before: tuple[str | None, str | None], after: tuple[str | None, str | None], twice: bool
) -> None:
    entries = [procedure(*after), procedure(*before), procedure(None, None, "2.000815")]
    assert named_twice(entries) == (["1.001193"] if twice else [])


def test_a_configuration_without_a_catalogue_is_as_it_always_was() -> None:
    old = msgspec.msgpack.encode([VERSION, NODE, 7, "x"])
    found = msgspec.msgpack.decode(old, type=Configuration)
    assert found == Configuration(VERSION, NODE, 7, "x")
    assert found.label == "7-2d711642b726"  # the first digits of the SHA-256 of "x"


def test_the_label_knows_the_catalogue() -> None:
    made = [
        Configuration(VERSION, NODE, 7, "x", catalogue)
        for catalogue in (None, (), (procedure(None, None),), (procedure("2027-01-01", None),))
    ]
    assert len({one.label for one in made}) == len(made)
    for one in made:
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(one), type=Configuration) == one


def test_an_unknown_key_is_passed_over_in_a_message_and_a_mistake_in_a_file() -> None:
    newer = {"code": "1.001193", "name": NAME, "service": "1", "fee": 8000}
    sent = msgspec.msgpack.encode([VERSION, NODE, 7, "x", [newer], "new too"])
    found = msgspec.msgpack.decode(sent, type=Configuration)
    assert found.catalogue == (procedure(None, None),)
    with pytest.raises(msgspec.ValidationError, match="fee"):
        msgspec.convert(newer, WrittenProcedure)
