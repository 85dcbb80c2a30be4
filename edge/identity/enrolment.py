"""Asking the centre for the first certificate, with the one-time token."""

import ssl

import httpx
import msgspec

from contract.codec import ContractError, decode_message, encode_message
from contract.wire import VERSION, Certificate, CertificateRequest
from edge.identity.folder import IdentityFolder
from runtime.enrolment import ENROL_PATH, EnrolmentToken

_ANSWER_S = 20.0


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
    try:
        response = httpx.post(
            f"{centre.rstrip('/')}{ENROL_PATH}",
            content=encode_message(asked),
            headers={"Content-Type": "application/msgpack", "Accept-Language": language},
            timeout=_ANSWER_S,
            verify=_any_server(),
        )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise CentreUnreachable(f"{type(error).__name__}: {error}") from error
    if response.status_code == httpx.codes.FORBIDDEN:
        reason = _said(response, "reason")
        if reason == "revoked":
            folder.forget_asking()  # the next token gets a key that is not
        raise EnrolmentRefused(reason, _said(response, "detail"))
    if response.status_code != httpx.codes.OK:
        raise CentreUnreachable(f"HTTP {response.status_code} {_said(response, 'detail')}")
    try:
        answer = decode_message(response.content, Certificate)
    except ContractError as error:
        raise CentreUnreachable(str(error)) from error
    folder.take(answer.chain, token.authority)


def _any_server() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _said(response: httpx.Response, what: str) -> str:
    try:
        body = msgspec.json.decode(response.content)
    except msgspec.DecodeError:
        return ""
    return str(body.get(what, "")) if isinstance(body, dict) else ""
