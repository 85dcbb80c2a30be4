from typing import Any, get_args

import httpx
import pytest

from contract.commands import AnyCommand
from tests.edge.running_site import RunningSite

VERBS = {"get", "put", "post", "delete"}
OPEN = {"/api/health", "/api/sessions", "/api/browser", "/api/words/{language}"}


@pytest.fixture
def document(site: RunningSite) -> Any:
    return httpx.get(f"{site.url}/api/openapi.json", trust_env=False, timeout=30).json()


def test_every_reference_leads_somewhere(document: Any) -> None:
    def references(part: Any) -> set[str]:
        if isinstance(part, dict):
            own = {part["$ref"]} if isinstance(part.get("$ref"), str) else set()
            return own.union(*(references(value) for value in part.values()))
        if isinstance(part, list):
            return set().union(*(references(value) for value in part))
        return set()

    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert references(document) <= known
    assert document["openapi"].startswith("3.1")


def test_every_command_is_described(document: Any) -> None:
    body = document["paths"]["/api/commands"]["post"]["requestBody"]
    mapping = body["content"]["application/json"]["schema"]["discriminator"]["mapping"]
    assert set(mapping) == {command.__name__ for command in get_args(AnyCommand)}
    for reference in mapping.values():
        name = reference.rpartition("/")[2]
        assert document["components"]["schemas"][name]["description"]


def test_every_route_says_who_may_and_what_it_does(document: Any) -> None:
    for path, operations in document["paths"].items():
        for verb, operation in operations.items():
            assert verb in VERBS
            assert operation["description"]
            assert ("security" in operation) == (path not in OPEN)
            assert operation["responses"]


def test_every_described_route_is_served(document: Any, site: RunningSite) -> None:
    for path, operations in document["paths"].items():
        for verb in operations:
            address = f"{site.url}{path.replace('{language}', 'vi')}"
            status = httpx.request(verb, address, trust_env=False, timeout=30).status_code
            assert status not in (404, 405, 500)
