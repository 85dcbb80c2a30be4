"""What all ways out have in common."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import httpx

from central.alerts.message import Message
from runtime.settings import SettingsError

PATIENCE_S = 10.0
_MOST_BYTES = 65_536


class SendError(Exception):
    """A message that was not taken; it is kept, and tried again. The words hold no secret."""


Send = Callable[[Message], None]
"""Hand a message over. Raises SendError."""


def read_secret(path: Path, at_least: int = 1) -> str:
    """The secret in a file of one line. Raises SettingsError for a file that cannot be read or
    holds fewer than `at_least` characters."""
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read") from error
    if len(secret) < at_least:
        raise SettingsError(f"{path}: has fewer than {at_least} characters")
    return secret


class Answer(NamedTuple):
    """What a server said, of whatever status."""

    host: str
    status: int
    content: bytes


def post(url: str, headers: dict[str, str], body: bytes) -> Answer:
    """The answer to a POST; nothing follows a redirection. Raises SendError when there is none, or
    it is not whole within `PATIENCE_S`, or longer than anybody's."""
    return asyncio.run(_post(url, headers, body))


async def _post(url: str, headers: dict[str, str], body: bytes) -> Answer:
    """No read of a server that drips is ever late: the exchange as a whole has to be timed."""
    as_it_is = {"accept-encoding": "identity", **headers}
    content = bytearray()
    try:
        async with (
            asyncio.timeout(PATIENCE_S),
            httpx.AsyncClient(timeout=PATIENCE_S) as client,
            client.stream("POST", url, headers=as_it_is, content=body) as answer,
        ):
            async for part in answer.aiter_raw():
                content += part
                if len(content) > _MOST_BYTES:
                    raise SendError(f"{answer.url.host}: answers more than {_MOST_BYTES} bytes")
            return Answer(answer.url.host, answer.status_code, bytes(content))
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, UnicodeError) as error:
        raise SendError(f"{httpx.URL(url).host}: {type(error).__name__}") from error
