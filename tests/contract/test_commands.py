"""Commands as clients write them: JSON objects with a type."""

import msgspec
import pytest
from hypothesis import given, settings

from contract import commands as c
from contract.commands import Answer, AnyCommand, Order
from tests.contract.values import structs, values


def read(text: str) -> AnyCommand:
    command: AnyCommand = msgspec.json.decode(text, type=AnyCommand)
    return command


def test_a_command_in_json() -> None:
    assert read('{"type": "CallNext", "counter": "3"}') == c.CallNext("3")
    assert read('{"type": "IssueTicket", "services": ["1", "8"], "language": "en"}') == (
        c.IssueTicket(("1", "8"), language="en")
    )


def test_every_command_of_the_module_is_in_the_union() -> None:
    defined = {
        value
        for value in vars(c).values()
        if isinstance(value, type) and issubclass(value, c.Command) and value is not c.Command
    }
    assert defined == set(structs(AnyCommand))


@given(values(Order))
@settings(deadline=None, max_examples=200)
def test_every_order_survives_json(order: Order) -> None:
    assert msgspec.json.decode(msgspec.json.encode(order), type=Order) == order


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('{"counter": "3"}', "type"),
        ('{"type": "CallEveryone", "counter": "3"}', "CallEveryone"),
        ('{"type": "CallNext"}', "counter"),
        ('{"type": "CallNext", "counter": 3}', "counter"),
        ('{"type": "CallNext", "counter": "3", "hurry": true}', "hurry"),
        ('{"type": "IssueTicket", "services": []}', "services"),
        ('{"type": "IssueTicket", "services": ["1","2","3","4","5","6"]}', "services"),
        ('{"type": "VoidTicket", "number": "1001", "reason": ""}', "reason"),
        ('{"type": "ParkTicket", "counter": "3", "reason": "coffee"}', "reason"),
        ('{"type": "Rate", "counter": "3", "level": 0}', "level"),
        ('{"type": "FinishService", "counter": "3", "dossier": "a b"}', "dossier"),
        ('{"type": "Rate", "counter": "3", "level": 1, "reason": "rất chậm"}', "reason"),
        ('{"type": "LeaveRoll", "series": "12"}', "series"),
        ('{"type": "UseRoll", "number": "45"}', "number"),
        ('{"type": "AssignServices", "counter": "3", "reason": ""}', "reason"),
        ("[]", "array"),
    ],
)
def test_an_error_names_what_is_wrong(text: str, names: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=names):
        read(text)


def test_an_answer_says_only_what_it_knows() -> None:
    assert msgspec.json.encode(Answer(7, "1001")) == b'{"seq":7,"number":"1001"}'
