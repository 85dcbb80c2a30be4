"""Slips for printers elsewhere on the site."""

from functools import partial

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from edge.api.guard import Guard
from edge.api.slips import SlipsForPrinters


def slip_routes(guard: Guard, slips: SlipsForPrinters) -> APIRouter:
    """The route by which another machine's printer learns what to print."""
    router = APIRouter(tags=["slips"])

    @router.get("/api/slips")
    async def follow_slips(request: Request) -> Response:
        """The open slips of the asking printer now and after every change, as server-sent events.

        Each is there until `ReportPrint` tells its outcome. Ends once the device is removed.
        """
        printer = guard.printer(request).id
        return StreamingResponse(
            slips.follow(printer, may_look=partial(guard.still_lets, request)),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store"},
        )

    return router
