"""What a site may decide for itself, and what no site can."""

import msgspec
import pytest

from contract.site_rules import Counter, Priority, Rules, Service, Session, is_date
from tests.edge.core.story import RULES, WORKDAYS


def test_rules_survive_their_file() -> None:
    assert msgspec.convert(msgspec.to_builtins(RULES), Rules) == RULES


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"counters": (Counter("1", ("7",)),)}, "counter 1 serves the unknown service '7'"),
        ({"services": (*RULES.services, Service("1", "1", {}))}, "a service is named twice"),
        ({"counters": (Counter("1", ("1",)), Counter("1", ("2",)))}, "a counter is named twice"),
        ({"priorities": (Priority("elderly", {}),) * 2}, "a priority is named twice"),
        ({"closed_days": ("2026-02-30",)}, "2026-02-30 is no day of the calendar"),
        ({"extra_days": {"2026-13-01": ()}}, "2026-13-01 is no day of the calendar"),
    ],
)
def test_rules_that_contradict_themselves_say_where(wrong: dict[str, object], says: str) -> None:
    fields = {name: getattr(RULES, name) for name in RULES.__struct_fields__} | wrong
    with pytest.raises(ValueError, match=says):
        Rules(**fields)


@pytest.mark.parametrize(
    "times", [("11:15", "07:30", "11:30"), ("07:30", "11:30", "11:15"), ("07:30", "07:30", "08:00")]
)
def test_the_times_of_a_session_are_in_order(times: tuple[str, str, str]) -> None:
    with pytest.raises(ValueError, match="have to be in order"):
        Session(WORKDAYS, *times)


def test_an_error_in_a_file_names_the_place() -> None:
    table = msgspec.to_builtins(RULES)
    table["sessions"][1]["last_ticket"] = "13:00"
    with pytest.raises(msgspec.ValidationError, match=r"in order - at `\$\.sessions\[1\]`"):
        msgspec.convert(table, Rules)


def test_look_ups() -> None:
    assert RULES.service("2") == RULES.services[1]
    assert RULES.counter("3") == RULES.counters[2]
    assert (RULES.service("7"), RULES.counter("7")) == (None, None)
    assert (is_date("2028-02-29"), is_date("2026-02-29")) == (True, False)
