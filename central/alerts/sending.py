"""What all ways out have in common."""

from collections.abc import Callable
from pathlib import Path

import httpx

from central.alerts.message import Message
from runtime.settings import SettingsError

PATIENCE_S = 10.0


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


def post(url: str, headers: dict[str, str], body: bytes) -> httpx.Response:
    """The answer to a POST, of whatever status; nothing follows a redirection. Raises SendError
    when there is none."""
    try:
        return httpx.post(url, headers=headers, content=body, timeout=PATIENCE_S)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise SendError(f"{httpx.URL(url).host}: {type(error).__name__}") from error
