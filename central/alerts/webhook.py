"""A signed POST, as Standard Webhooks 1.0 describes it (standardwebhooks.com)."""

import base64
import hashlib
import hmac

import msgspec

from central.alerts.message import Message
from central.alerts.sending import SendError, post, read_secret
from central.alerts.settings import Webhook

_SHORTEST_SECRET = 24


class SignedPost:
    """Posts to one address. Raises SettingsError for a secret that is missing or too short."""

    def __init__(self, webhook: Webhook) -> None:
        self._url = webhook.url
        self._secret = read_secret(webhook.secret_file, _SHORTEST_SECRET).encode()

    def send(self, message: Message) -> None:
        """Hand over one message; anything but a status of 2xx is a refusal. Raises SendError."""
        body = msgspec.json.encode(message)
        at_s = message.at_ms // 1000
        headers = {
            "content-type": "application/json",
            "webhook-id": message.id,
            "webhook-timestamp": str(at_s),
            "webhook-signature": signature(self._secret, message.id, at_s, body),
        }
        answer = post(self._url, headers, body)
        if not 200 <= answer.status < 300:
            raise SendError(f"{answer.host}: answered {answer.status}")


def signature(secret: bytes, message_id: str, at_s: int, body: bytes) -> str:
    """HMAC-SHA256 over id, time (seconds since 1970) and body, which a receiver computes too."""
    signed = b"%s.%d.%s" % (message_id.encode(), at_s, body)
    return "v1," + base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()
