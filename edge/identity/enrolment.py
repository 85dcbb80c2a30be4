"""Asking the centre for the first certificate, with the one-time token."""

import http.client
from contextlib import closing
from http import HTTPStatus
from urllib.parse import urlsplit

import msgspec

from contract.codec import ContractError, decode_message, encode_message
from contract.wire import VERSION, Certificate, CertificateRequest
from edge.identity.folder import IdentityFolder
from runtime.enrolment import ENROL_PATH, EnrolmentToken
from runtime.http_unverified import unverified

_ANSWER_S = 20.0
_MOST_BYTES = 100_000


class EnrolmentRefused(Exception):  # noqa: N818 - a refusal, not an error
    """The centre says no, and will say no again; the words are the centre's own."""

    def __init__(self, reason: str, words: str) -> None:
        super().__init__(words)
        self.reason = reason


class CentreUnreachable(Exception):  # noqa: N818 - nobody's error: try again
    """No answer that can be used has come. The token is good still."""


def enrol(
    centre: str, token: EnrolmentToken, folder: IdentityFolder, node: str, language: str = "vi"
) -> None:
    """Get a certificate for `node` from the centre at the URL `centre`, and put it in use.

    May be repeated: the same key is asked for until an answer has come. The line needs no trust,
    for the request and the answer prove themselves; so neither the clock nor the certificate of
    whoever speaks HTTPS matters. Raises EnrolmentRefused, CentreUnreachable and IdentityError.
    """
    request = folder.asking().data
    asked = CertificateRequest(VERSION, node, request, token.public_key, token.proof(request))
    url = f"{centre.rstrip('/')}{ENROL_PATH}"
    status, said = _post(url, encode_message(asked), language)
    if status == HTTPStatus.FORBIDDEN:
        reason = _word(said, "reason")
        if reason == "revoked":
            folder.forget_asking()  # the next token gets a key that is not
        raise EnrolmentRefused(reason, _word(said, "detail"))
    if status != HTTPStatus.OK:
        raise CentreUnreachable(f"HTTP {status} {_word(said, 'detail')}")
    try:
        answer = decode_message(said, Certificate)
    except ContractError as error:
        raise CentreUnreachable(str(error)) from error
    folder.take(answer.chain, token.authority)


def _post(url: str, content: bytes, language: str) -> tuple[int, bytes]:
    headers = {"Content-Type": "application/msgpack", "Accept-Language": language}
    try:
        with closing(unverified(url, _ANSWER_S)) as connection:
            connection.request("POST", urlsplit(url).path, content, headers)
            response = connection.getresponse()
            return response.status, response.read(_MOST_BYTES)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise CentreUnreachable(f"{type(error).__name__}: {error}") from error


def _word(said: bytes, name: str) -> str:
    try:
        body = msgspec.json.decode(said)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    return str(body.get(name, "")) if isinstance(body, dict) else ""
