"""The one client of a hub's local API: for displays, terminals, robots and simulated people."""

import contextlib
import secrets
import socket
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar
from uuid import UUID, uuid4

import httpx
import msgspec

from contract.commands import Answer, AnyCommand, Role
from contract.decoders import from_json
from contract.ids import Name, ServiceId
from contract.refusals import Reason, Refused
from contract.slips import Slips
from contract.snapshot import Snapshot
from runtime.backoff import Backoff
from runtime.clock import Clock, SystemClock
from runtime.server_events import event_data
from runtime.shared_http import HttpClosed, SharedHttp
from runtime.trust import certificate_fault, distrust, trust_in
from runtime.wording import say

ATTEMPTS = 5
_CONNECT_S = 2.0
_ANSWER_S = 4.0
_STREAM_QUIET_S = 15.0  # the hub says something at least every 10 s
_NOTICE_A_CUT_LINE = (  # within 5 s: no close ever comes from a cable that was pulled
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 2),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
)
_BACKOFF = Backoff(first_s=0.25, cap_s=2.0)
_AGENT = f"thutu/{version('thutu')}"

_T = TypeVar("_T")
_random = secrets.SystemRandom().random


class HubError(Exception):
    """The hub gave no answer to a request; the words are in the caller's language."""


class HubUnreachable(HubError):  # noqa: N818 - read as a sentence: except HubUnreachable
    """No answer came. A command may or may not have been carried out: ask with the same id."""


class HubDenied(HubError):  # noqa: N818 - read as a sentence: except HubDenied
    """The hub does not know the token, or its role may not do this. Nothing was done."""


class HubRejected(HubError):  # noqa: N818 - read as a sentence: except HubRejected
    """The hub could not read the request, such as a malformed number, or do it now; nothing was
    changed."""


class Refusal(Refused, frozen=True, kw_only=True):
    """The hub's "no" to a command, with its words in the caller's language."""

    words: str


class Silence(msgspec.Struct, frozen=True):
    """The stream's way to say that the last snapshot can no longer be trusted, and why; `distrust`
    is what is wrong with the certificate of whoever answers, in TLS's words, empty for nothing."""

    cause: str
    distrust: str = ""


class StaffSession(msgspec.Struct, frozen=True):
    """Someone who has signed in; their commands go under `token`."""

    token: str
    staff: Name
    role: Role


class SignInRefused(msgspec.Struct, frozen=True):
    """A wrong name or PIN, or too many of them, in the hub's words."""

    words: str


class OfferedService(msgspec.Struct, frozen=True):
    """A service of the site, its name by language, and how long it usually takes."""

    id: ServiceId
    name: dict[str, str]
    usual_min: float = 10.0


class OfferedPriority(msgspec.Struct, frozen=True):
    """A class of citizens who are called earlier, and its name by language."""

    id: Name
    name: dict[str, str]


class Catalogue(msgspec.Struct, frozen=True):
    """What displays and terminals need of the site's catalogue."""

    services: tuple[OfferedService, ...]
    priorities: tuple[OfferedPriority, ...] = ()


class HubClient:
    """Speaks to one hub, from any thread; a stream is read by one thread at a time.

    `silent_after_s` is how long a lost stream may take to come back before it tells Silence;
    `attempts` how often a request is made while answers are lost. `turned` is called by the
    stream's reader at every picture and every failure, at least every 20 s. Without a token there
    is only `sign_in`. With `ca_file` it speaks only to a hub that this authority vouches for.
    `agent` tells the hub which software asks.
    """

    def __init__(
        self,
        base_url: str,
        token: str = "",
        language: str = "vi",
        *,
        clock: Clock | None = None,
        silent_after_s: float = 5.0,
        attempts: int = ATTEMPTS,
        turned: Callable[[], object] = bool,
        ca_file: Path | None = None,
        agent: str = _AGENT,
    ) -> None:
        """Raises OSError for a `ca_file` of no use, SettingsError for one without https."""
        self._address = base_url
        self._language = language
        self._clock = clock or SystemClock()
        self._silent_after_ns = int(silent_after_s * 1e9)
        self._attempts = attempts
        self._turned = turned
        self._stream_socket: socket.socket | None = None
        authorization = {"Authorization": f"Bearer {token}"} if token else {}
        trust = trust_in(base_url, ca_file, self._clock)
        line = httpx.HTTPTransport(trust, trust_env=False, socket_options=_NOTICE_A_CUT_LINE)
        self._http = SharedHttp(
            httpx.Client(
                base_url=base_url,
                headers={"Accept-Language": language, "User-Agent": agent, **authorization},
                transport=line,
                trust_env=False,  # the hub is on site: never by a proxy
            )
        )
        self._closed = self._http.closed

    def command(
        self, command: AnyCommand, command_id: UUID | None = None, *, training: bool = False
    ) -> Answer | Refusal:
        """Give an order, and ask again with the same id while answers are lost.

        The hub carries out one id once, so a caller that got HubUnreachable may repeat
        `command_id`. Raises HubUnreachable, HubDenied or HubRejected.
        """
        headers = {
            "Idempotency-Key": str(command_id or uuid4()),
            "Content-Type": "application/json",
        }
        content = msgspec.json.encode(command)
        response = self._request(
            "POST", "/api/commands", headers=headers, content=content, params=_params(training)
        )
        return self._read_reply(response)

    def snapshot(self, *, training: bool = False) -> Snapshot:
        """Ask for the whole picture. Raises HubUnreachable or HubDenied."""
        return self.read("/api/snapshot", Snapshot, training=training)

    def catalogue(self) -> Catalogue:
        """Ask what the site offers. Raises HubUnreachable or HubDenied."""
        return self.read("/api/catalogue", Catalogue)

    def read(self, path: str, kind: type[_T], *, training: bool = False, **asked: str) -> _T:
        """Read what is at `path`, asking with the parameters `asked`, as a value of `kind`.

        Raises HubUnreachable, HubDenied or HubRejected.
        """
        return self._decode(self.read_file(path, training=training, **asked), kind)

    def read_file(self, path: str, *, training: bool = False, **asked: str) -> bytes:
        """Read the bytes at `path`. Raises HubUnreachable, HubDenied or HubRejected."""
        response = self._request("GET", path, params={**asked, **_params(training)})
        self._check(response)
        return response.content

    def post(self, path: str, *, within_s: float, training: bool = False, **asked: str) -> None:
        """Have the hub do what is at `path`, once: what may have been done is not asked again.

        Raises HubUnreachable, HubDenied or HubRejected.
        """
        params = {**asked, **_params(training)}
        self._check(self._request("POST", path, params=params, attempts=1, answer_s=within_s))

    def sign_in(self, staff: str, pin: str) -> StaffSession | SignInRefused:
        """Open a session for a member of staff. Raises HubUnreachable or HubRejected."""
        response = self._request(
            "POST",
            "/api/sessions",
            headers={"Content-Type": "application/json"},
            content=msgspec.json.encode({"staff": staff, "pin": pin}),
            params={},
        )
        if response.status_code in (401, 429):
            return SignInRefused(_detail(response))
        self._check(response)
        return self._decode(response.content, StaffSession)

    def sign_out(self) -> None:
        """End the session of this client's token. Raises HubUnreachable."""
        self._check(self._request("DELETE", "/api/sessions", params={}))

    def stream(self, *, training: bool = False) -> Iterator[Snapshot | Silence]:
        """Yield the whole picture now and at every change, reconnecting for ever, until close().

        Yields Silence once when the pictures stop, and again for every other cause to distrust who
        answers then; the next Snapshot ends it. Raises HubDenied.
        """
        return self._follow("/api/stream", _params(training), Snapshot)

    def slips(self) -> Iterator[Slips | Silence]:
        """Yield what this printer has yet to bring out, as `stream` does. Raises HubDenied."""
        return self._follow("/api/slips", {}, Slips)

    def _follow(self, path: str, params: dict[str, str], kind: type[_T]) -> Iterator[_T | Silence]:
        failures = 0
        lost_ns = 0
        told: _Lost | None = None
        while not self._closed.is_set():
            for heard in self._listen(path, params, kind):
                self._turned()
                if self._closed.is_set():
                    return
                if not isinstance(heard, _Lost):
                    failures, told = 0, None
                    yield heard
                    continue
                now_ns = self._clock.stamp().mono_ns
                lost_ns = lost_ns if failures else now_ns
                failures += 1
                long = heard.quiet or now_ns - lost_ns >= self._silent_after_ns
                if long and (told is None or (heard.distrust and heard.cause != told.cause)):
                    told = heard
                    yield Silence(heard.cause, heard.distrust)
            self._closed.wait(_BACKOFF.pause_s(failures, _random))

    def close(self) -> None:
        """End the stream, wherever it is read; connections end with the last request on them."""
        self._http.close()
        stream_socket = self._stream_socket
        if stream_socket is not None:
            with contextlib.suppress(OSError):  # it may have ended by itself just now
                # Below TLS, whose own shutdown would disturb the reader.
                socket.socket.shutdown(stream_socket, socket.SHUT_RDWR)

    def _request(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str] | None = None,
        content: bytes | None = None,
        params: dict[str, str],
        attempts: int | None = None,
        answer_s: float = _ANSWER_S,
    ) -> httpx.Response:
        timeout = httpx.Timeout(answer_s, connect=_CONNECT_S)
        cause = ""
        for attempt in range(attempts or self._attempts):
            if attempt:
                self._closed.wait(_BACKOFF.pause_s(attempt, _random))
            try:
                with self._http.lent() as http:
                    response = http.request(
                        method,
                        path,
                        headers=headers,
                        content=content,
                        params=params,
                        timeout=timeout,
                    )
            except httpx.TransportError as error:
                cause = self._cause(error)
                if distrust(error):
                    raise HubUnreachable(cause) from error
                continue
            except HttpClosed:
                cause = "closed"
                break
            if response.status_code < 500 or _problem(response) is not None:
                return response
            cause = f"HTTP {response.status_code}"
        raise HubUnreachable(self._say("unreachable", cause=cause))

    def _read_reply(self, response: httpx.Response) -> Answer | Refusal:
        problem = _problem(response)
        if problem is not None:
            return Refusal(problem.reason, words=problem.detail)
        self._check(response)
        return self._decode(response.content, Answer)

    def _listen(self, path: str, params: dict[str, str], kind: type[_T]) -> Iterator["_T | _Lost"]:
        """Read one connection's pictures to its end, and then tell how it ended."""
        try:
            yield from self._pictures(path, params, kind)
        except httpx.ReadTimeout:
            yield _Lost("no sign of the hub", quiet=True)
        except httpx.TransportError as error:
            yield _Lost(self._cause(error), distrust=certificate_fault(error))
        except HubUnreachable as error:
            yield _Lost(str(error))
        except HttpClosed:
            return
        else:
            yield _Lost("the hub ended the stream")

    def _pictures(self, path: str, params: dict[str, str], kind: type[_T]) -> Iterator[_T]:
        timeout = httpx.Timeout(_STREAM_QUIET_S, connect=_CONNECT_S)
        with (
            self._http.lent() as http,
            http.stream("GET", path, params=params, timeout=timeout) as response,
        ):
            if response.status_code != 200:
                response.read()
            self._check(response)
            network: object = response.extensions["network_stream"].get_extra_info("socket")
            self._stream_socket = network if isinstance(network, socket.socket) else None
            try:
                for data in event_data(response.iter_bytes()):
                    yield self._decode(data, kind)
            finally:
                self._stream_socket = None

    def _check(self, response: httpx.Response) -> None:
        status = response.status_code
        if status in (200, 204):
            return
        detail = _detail(response)
        if status == 409 and detail:
            raise HubRejected(detail)
        if status >= 500:
            raise HubUnreachable(self._say("unreachable", cause=f"HTTP {status} {detail}"))
        error, key = (HubDenied, "denied") if status in (401, 403) else (HubRejected, "rejected")
        detail = detail or self._say(f"{key}_silently")
        raise error(self._say(key, status=f"{status}", detail=detail))

    def _decode(self, data: bytes, kind: type[_T]) -> _T:
        try:
            return from_json(data, kind)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise HubUnreachable(self._say("unreachable", cause=f"{error}")) from error

    def _cause(self, error: httpx.TransportError) -> str:
        words = f"{type(error).__name__}: {error}"
        return self._say("not_trusted", cause=words) if distrust(error) else words

    def _say(self, key: str, **values: str) -> str:
        return say(f"hub_client.{key}", self._language, address=self._address, **values)


class _Lost(msgspec.Struct, frozen=True):
    """How a connection ended; `quiet` when it was already silent for long, `distrust` as in
    Silence."""

    cause: str
    quiet: bool = False
    distrust: str = ""


class _Problem(msgspec.Struct):
    """An application/problem+json of a refusal (RFC 9457)."""

    reason: Reason
    detail: str


def _problem(response: httpx.Response) -> _Problem | None:
    with contextlib.suppress(msgspec.DecodeError):
        return from_json(response.content, _Problem)
    return None


def _detail(response: httpx.Response) -> str:
    try:
        body = msgspec.json.decode(response.content)
    except msgspec.DecodeError:
        return ""
    return str(body.get("detail", "")) if isinstance(body, dict) else ""


def _params(training: bool) -> dict[str, str]:
    return {"training": "true"} if training else {}
