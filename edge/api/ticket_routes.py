"""What a ticket looks like."""

from http import HTTPStatus
from typing import Literal

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from edge.api.guard import Guard
from edge.api.problems import Problem
from edge.api.ticket_picture import picture, sample_content, ticket_content
from edge.hub import Hub
from edge.ticket.layout import Paper
from edge.ticket.template import TicketTemplate


class PictureResponse(Response):
    """A PNG."""

    media_type = "image/png"


def ticket_routes(
    hub: Hub, guard: Guard, paper: Paper, template: TicketTemplate, follow_url: str | None
) -> APIRouter:
    """The route that shows tickets as they are printed on `paper`, by the site's `template`."""
    router = APIRouter(tags=["tickets"])

    @router.get("/api/ticket-preview.png", response_class=PictureResponse)
    def draw_ticket(
        request: Request, *, number: str | None = None, language: Literal["vi", "en"] = "vi"
    ) -> Response:
        """A ticket of today as a picture, in its citizen's language; a sample without `number`.

        For a kiosk without a printer, to be photographed, and for those who install a site.
        """
        guard.actor(request)
        if number is None:
            content = sample_content(hub.rules, language, hub.snapshot().now_ms, follow_url)
        else:
            found = ticket_content(hub.rules, hub.house, number, follow_url)
            if found is None:
                raise Problem(HTTPStatus.NOT_FOUND, "refusal.unknown-ticket", number=number)
            content = found
        return PictureResponse(
            picture(content, paper, template), headers={"Cache-Control": "no-store"}
        )

    return router
