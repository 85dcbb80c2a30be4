"""Which answers have an entity tag, by the API's own description and in truth."""

from typing import Any

import pytest

from central.access.permissions import PERMISSIONS, Permission
from tests.central.nation import SITE, WHO, Nation
from tests.central.test_access_matrix import NEEDS, addresses

JSON = "application/json"


@pytest.fixture(scope="module")
def described(served: Nation) -> Any:
    with served.client("national") as client:
        return client.get("/api/v1/openapi.json").json()


def is_described(operation: Any) -> bool:
    """Whether an operation is said to have a tag: in its answer, in a 304, and as what may be
    asked; all three or none."""
    answers = operation["responses"]
    asked = [(one["in"], one["name"]) for one in operation.get("parameters", [])]
    said = [
        "ETag" in answers["200"].get("headers", {}),
        "ETag" in answers.get("304", {}).get("headers", {}),
        ("header", "If-None-Match") in asked,
    ]
    assert len(set(said)) == 1, operation["summary"]
    return said[0]


def whoever_may(need: Permission | None) -> str:
    """An account of the whole nation that may ask."""
    return next(
        who
        for who, (role, province, _) in WHO.items()
        if province is None and (need is None or need in PERMISSIONS[role])
    )


@pytest.mark.parametrize("path", NEEDS)
def test_an_operation_has_a_tag_if_it_is_described_with_one(
    served: Nation, described: Any, path: str
) -> None:
    operation = described["paths"][f"/api/v1{path}"]["get"]
    address = f"/api/v1{addresses(path, SITE)[0]}"
    with served.client(whoever_may(NEEDS[path])) as client:
        with client.stream("GET", address) as answer:
            assert answer.status_code == 200
            tag = answer.headers.get("etag")
            assert (tag is not None) is is_described(operation)
            assert (tag is not None) is answer.headers["content-type"].startswith(JSON)
        if tag is not None:
            again = client.get(address, headers={"If-None-Match": tag})
            assert (again.status_code, again.content) == (304, b"")


def test_what_changes_something_has_no_tag(described: Any) -> None:
    for methods in described["paths"].values():
        for method, operation in methods.items():
            assert method == "get" or "304" not in operation["responses"]
