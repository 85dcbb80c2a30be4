"""Commands in, snapshots out."""

import asyncio
import functools
import unicodedata
import uuid
from http import HTTPStatus

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from contract.commands import AnyCommand, CheckIn, IssueTicket, Order, ReportDevice
from contract.refusals import Reason, Refused
from edge.api.guard import Guard
from edge.api.problems import Problem, refusal
from edge.api.snapshots import Snapshots
from edge.hub import Hub
from edge.issue_rate import IssuePace
from edge.last_news import LastNews

_command_decoder = msgspec.json.Decoder(AnyCommand)


def queue_routes(
    hub: Hub, guard: Guard, snapshots: Snapshots, pace: IssuePace, news: LastNews
) -> APIRouter:
    """The routes through which everything on site drives and follows the queue."""
    router = APIRouter(tags=["queue"])

    @router.post("/api/commands")
    async def give_command(request: Request, *, training: bool = False) -> Response:
        """Carry out one command; the same `Idempotency-Key` again returns the first answer.

        Who gives out numbers too fast is answered 429 with `Retry-After`.
        """
        actor = guard.actor(request)
        order = Order(_command_id(request), actor, await _command(request), training)
        if isinstance(order.command, IssueTicket | CheckIn):
            wait_s = pace.wait_s(actor)
            if wait_s and hub.journal.find_command(order.command_id) is None:
                too_fast = Refused(Reason.ISSUING_TOO_FAST, {"seconds": str(wait_s)})
                return refusal(request, too_fast, {"Retry-After": str(wait_s)})
        if isinstance(order.command, ReportDevice):
            news.hear(actor.id, order.command.device)
        reply = await asyncio.wrap_future(hub.submit(order))
        if isinstance(reply, Refused):
            return refusal(request, reply)
        return _fresh(msgspec.json.encode(reply))

    @router.get("/api/snapshot")
    async def read_snapshot(request: Request, *, training: bool = False) -> Response:
        """The whole site now."""
        guard.actor(request)
        return _fresh(msgspec.json.encode(hub.snapshot(training=training)))

    @router.get("/api/stream")
    async def follow_snapshots(request: Request, *, training: bool = False) -> Response:
        """The whole site now and after every change, as server-sent events.

        Ends once the device is removed or the session is over.
        """
        guard.actor(request)
        return StreamingResponse(
            snapshots.follow(
                training=training, may_look=functools.partial(guard.still_lets, request)
            ),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store"},
        )

    return router


def _command_id(request: Request) -> bytes:
    try:
        return uuid.UUID(request.headers.get("idempotency-key", "")).bytes
    except ValueError as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "api.no-key") from error


async def _command(request: Request) -> AnyCommand:
    try:
        command: AnyCommand = _command_decoder.decode(await request.body())
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "api.malformed", what=str(error)) from error
    return _composed(command)


def _composed(command: AnyCommand) -> AnyCommand:
    texts = {k: v for k, v in msgspec.structs.asdict(command).items() if isinstance(v, str)}
    nfc = {key: unicodedata.normalize("NFC", text) for key, text in texts.items()}
    return command if nfc == texts else msgspec.structs.replace(command, **nfc)


def _fresh(data: bytes) -> Response:
    return Response(data, media_type="application/json", headers={"Cache-Control": "no-store"})
