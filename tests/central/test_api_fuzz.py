"""Schemathesis asks what the description allows, and what it does not: no question makes the
server fail or answer other than described, and none shows a province another."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import positive_data_acceptance

from central.api import entrance
from tests.central.nation import Nation, nation
from tests.central.test_access_matrix import foreign_words

_EXAMPLES = 15
Operation = APIOperation[Any, Any, Any, Any]
_NO_SCHEMA_CAN_SAY: list[Any] = [positive_data_acceptance]
"""That a day is far away, or that a period ends before it begins."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nation]:
    """A small nation, at whose door as many wrong tokens may be shown as are asked about here."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(entrance, "_WRONG_PER_MINUTE", 1_000_000)
        with nation(tmp_path_factory.mktemp("nation")) as running:
            yield running


def operations(served: Nation) -> list[Operation]:
    """All but the endless stream, the slow report, and what has no parameters to go wrong."""
    schema = schemathesis.openapi.from_url(f"{served.url}/api/v1/openapi.json")
    asked = schema.exclude(path_regex="/(live|health)$|[.]pdf$")
    return [found.ok() for found in asked.get_all_operations() if isinstance(found, Ok)]


@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize(
    "who", ["national", "auditor", "auditor of danang", "hongha", "booking of danang"]
)
def test_no_question_breaks_the_api_or_its_walls(
    served: Nation, who: str, mode: GenerationMode
) -> None:
    asked = operations(served)
    assert len(asked) >= 36
    foreign = foreign_words(who)
    for operation in asked:
        _ask(operation, mode, served.tokens[who], foreign)


def _ask(operation: Operation, mode: GenerationMode, token: str, foreign: list[str]) -> None:
    @settings(
        max_examples=_EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case[Any]) -> None:
        answer = case.call(headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code < 500, case.as_curl_command()
        case.validate_response(answer, excluded_checks=_NO_SCHEMA_CAN_SAY)
        if answer.status_code == 200:
            text = answer.content.decode(errors="replace")
            shown = [word for word in foreign if word in text]
            assert shown == [], case.as_curl_command()

    ask()
