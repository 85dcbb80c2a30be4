"""What was half read from a copy that went away is asked once more, and nothing else is."""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus

import httpx
import pytest
from fastapi import FastAPI

from central.api.again import Again
from central.api.problems import say_problems
from central.store.protocol import CopyLostError, StoreError

LOST, BROKEN = CopyLostError("the copy stands still"), StoreError("the disk is full")
OK, UNAVAILABLE = HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE


def asked(method: str, errors: Sequence[StoreError]) -> tuple[int, int]:
    """The status that whoever asks sees, and how often the centre was asked."""
    api, left, times = FastAPI(), list(errors), 0

    @api.api_route("/overview", methods=["GET", "POST"])
    def overview() -> str:
        nonlocal times
        times += 1
        if left:
            raise left.pop(0)
        return "figures"

    say_problems(api)

    async def ask() -> int:
        line = httpx.ASGITransport(Again(api))
        async with httpx.AsyncClient(
            transport=line, base_url="http://centre", timeout=30
        ) as client:
            return (await client.request(method, "/overview")).status_code

    return asyncio.run(ask()), times


@pytest.mark.parametrize(
    ("method", "errors", "seen"),
    [
        ("GET", [], (OK, 1)),
        ("GET", [LOST], (OK, 2)),
        ("GET", [LOST, LOST], (UNAVAILABLE, 2)),
        ("GET", [BROKEN], (UNAVAILABLE, 1)),
        ("POST", [LOST], (UNAVAILABLE, 1)),
    ],
)
def test_only_what_a_lost_copy_spoilt_is_asked_again_and_once(
    method: str, errors: list[StoreError], seen: tuple[int, int]
) -> None:
    assert asked(method, errors) == seen
