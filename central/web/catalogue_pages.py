"""The page that shows the catalogue of procedures."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response

from central.access.permissions import Permission
from central.api.entrance import Admission, Entrance
from central.api.freshness import local_time
from central.configuration.service_names import service_names
from central.web.pages import Pages, page_admitting
from central.web.words import page_language


def catalogue_pages(entrance: Entrance, pages: Pages) -> APIRouter:
    """The page, to whom `entrance` lets in to it."""
    Watching = Annotated[  # noqa: N806 - a type
        Admission, page_admitting(entrance, Permission.MACHINES)
    ]
    router = APIRouter(include_in_schema=False)

    @router.get("/procedures")
    def procedures(request: Request, admission: Watching) -> Response:
        found = entrance.catalogue.read()
        today = entrance.today().isoformat()
        of_state: dict[str, int] = {"in_force": 0, "coming": 0, "over": 0}
        rows = []
        for one in found.procedures:
            state = "in_force" if one.is_in_force(today) else "over"
            if one.days[0].isoformat() > today:
                state = "coming"
            of_state[state] += 1
            rows.append((one, state))
        return pages.render(
            request,
            "procedures.html",
            admin=admission.admin,
            edition=found.edition,
            published=local_time(found.at_ms) if found.edition else None,
            rows=rows,
            counts=of_state,
            services=service_names(page_language(request)),
        )

    return router
