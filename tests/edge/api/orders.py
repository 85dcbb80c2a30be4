"""Commands over HTTP as tests give them."""

import uuid
from typing import Any

import httpx


def order(
    client: httpx.Client, type_: str, *, key: uuid.UUID | None = None, **fields: Any
) -> httpx.Response:
    """POST one command."""
    return client.post(
        "/api/commands",
        headers={"Idempotency-Key": str(key or uuid.uuid4())},
        json={"type": type_, **fields},
    )


def raw(client: httpx.Client, body: bytes) -> httpx.Response:
    """POST bytes that may or may not be a command."""
    return client.post(
        "/api/commands", headers={"Idempotency-Key": str(uuid.uuid4())}, content=body
    )
