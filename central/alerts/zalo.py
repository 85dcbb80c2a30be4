"""Messages of a Zalo Official Account (Official Account API 3.0).

Zalo's access tokens live for a day at most and are bought with a refresh token that serves once:
the one that comes back is kept in a file before the first use of what it came with.
"""

import hashlib
import logging
from pathlib import Path
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from central.alerts.message import Message
from central.alerts.sending import SendError, post, read_secret
from central.alerts.settings import Zalo
from contract.decoders import from_json
from runtime.private_file import write_private

logger = logging.getLogger(__name__)

_LONGEST_TEXT = 2000
_TOKEN_INVALID = (-216, -220)


class _Kept(Struct, frozen=True):
    """`granted` tells by its hash which grant of the owner the token descends from."""

    refresh_token: str
    granted: str


class _Tokens(Struct, frozen=True):
    access_token: str
    refresh_token: str


class _Answer(Struct, frozen=True):
    """Zalo answers 200 to everything; `error` is 0 when the message was taken."""

    error: int = 0


class ZaloAccount:
    """Writes to one person, who must have written to the account or follow it. Raises
    SettingsError for a secret or a token that cannot be read."""

    def __init__(self, zalo: Zalo, folder: Path) -> None:
        self._zalo = zalo
        self._secret = read_secret(zalo.secret_file)
        self._granted = read_secret(zalo.refresh_token_file)
        self._file = folder / f"zalo-{hashlib.sha256(zalo.app_id.encode()).hexdigest()[:12]}.json"
        self._access_token = ""

    def send(self, message: Message) -> None:
        """Hand over one message. Raises SendError."""
        error = self._write(message) if self._access_token else _TOKEN_INVALID[0]
        if error in _TOKEN_INVALID:
            self._renew()
            error = self._write(message)
        if error:
            raise SendError(f"Zalo refused the message with error {error}")

    def _write(self, message: Message) -> int:
        body = {
            "recipient": {"user_id": self._zalo.user_id},
            "message": {"text": message.text[:_LONGEST_TEXT]},
        }
        headers = {"content-type": "application/json", "access_token": self._access_token}
        answer = post(self._zalo.message_url, headers, msgspec.json.encode(body))
        try:
            return from_json(answer.content, _Answer).error
        except msgspec.DecodeError as error:
            raise SendError(f"Zalo answered {answer.status}, which says nothing") from error

    def _renew(self) -> None:
        fields = {
            "app_id": self._zalo.app_id,
            "grant_type": "refresh_token",
            "refresh_token": self._refresh_token(),
        }
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "secret_key": self._secret,
        }
        answer = post(self._zalo.token_url, headers, urlencode(fields).encode())
        try:
            tokens = from_json(answer.content, _Tokens)
        except msgspec.DecodeError as error:
            raise SendError(
                "Zalo gave no access token: grant the account's access again, and put the new "
                f"refresh token into {self._zalo.refresh_token_file}"
            ) from error
        kept = _Kept(tokens.refresh_token, self._grant())
        try:
            write_private(self._file, msgspec.json.encode(kept))
        except OSError as error:
            logger.warning("Zalo's refresh token cannot be kept: %s", error.strerror)
        self._access_token = tokens.access_token

    def _refresh_token(self) -> str:
        """The kept one, unless the owner has granted anew since."""
        try:
            kept = from_json(self._file.read_bytes(), _Kept)
        except (OSError, msgspec.DecodeError):
            return self._granted
        return kept.refresh_token if kept.granted == self._grant() else self._granted

    def _grant(self) -> str:
        return hashlib.sha256(self._granted.encode()).hexdigest()
