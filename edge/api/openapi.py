"""The OpenAPI description: FastAPI's own, with the contract's structs where they travel."""

from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from contract.commands import Answer, AnyCommand
from contract.day_log import LogPage
from contract.day_report import DayReport, Me
from contract.snapshot import Snapshot

_REF = "#/components/schemas/{name}"


def describe(app: FastAPI) -> dict[str, Any]:
    """The description of `app`, made once and kept by it."""
    if app.openapi_schema is None:
        app.openapi_schema = _with_contract(
            get_openapi(
                title=app.title, version=app.version, routes=app.routes, description=_DESCRIPTION
            )
        )
    return app.openapi_schema


def _with_contract(document: dict[str, Any]) -> dict[str, Any]:
    (command, answer, snapshot, me, log, report), schemas = msgspec.json.schema_components(
        (AnyCommand, Answer, Snapshot, Me, LogPage, DayReport), ref_template=_REF
    )
    document["components"]["schemas"].update(schemas)
    paths = document["paths"]
    give = paths["/api/commands"]["post"]
    give["requestBody"] = {"required": True, "content": {"application/json": {"schema": command}}}
    give["parameters"].append(
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": True,
            "schema": {"type": "string", "format": "uuid"},
        }
    )
    _answers(give, answer)
    give["responses"]["409"] = {"description": "Refused; `detail` says why, in words."}
    for path, schema in {
        "/api/snapshot": snapshot,
        "/api/me": me,
        "/api/log": log,
        "/api/report": report,
    }.items():
        _answers(paths[path]["get"], schema)
    document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for path, operations in paths.items():
        for operation in operations.values():
            if path not in _OPEN:
                operation["security"] = [{"token": []}]
                operation["responses"]["401"] = {"description": "The token is not known here."}
    return document


def _answers(operation: dict[str, Any], schema: dict[str, Any]) -> None:
    operation["responses"]["200"]["content"] = {"application/json": {"schema": schema}}


_OPEN = {"/api/health", "/api/sessions", "/api/browser", "/api/words/{language}"}
_DESCRIPTION = (
    "Everything on site speaks to the hub in this way: kiosk page, terminals, displays, robots. "
    "Commands are JSON objects with a `type`; errors are `application/problem+json`."
)
