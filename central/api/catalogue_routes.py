"""The operations of `/api/v1` about the catalogue of procedures."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.exceptions import RequestValidationError

from central.access.permissions import Permission
from central.api.catalogue_models import (
    CatalogueChanges,
    Procedures,
    WantedCatalogue,
    shown,
    shown_changes,
)
from central.api.entrance import Admission, Entrance
from central.api.freshness import local_time
from central.api.models import Problem
from central.api.parameters import PROBLEMS, OnQuery, admitting, page_of
from central.api.problems import language_of
from central.api.ranking import Page
from central.catalogue.reading import checked
from central.registry.lists import ListError
from contract.procedures import Procedure
from runtime.wording import say

_MEANWHILE: dict[int | str, dict[str, Any]] = {
    409: {
        "description": "Another edition came meanwhile; nothing was stored.",
        "content": {
            "application/problem+json": {
                "schema": Problem.model_json_schema(),
                "example": Problem(
                    title="Conflict",
                    status=409,
                    detail=say("catalogue_refused.edited_meanwhile", "en", edited=3, found=4),
                ).model_dump(),
            }
        },
    }
}


def catalogue_router(entrance: Entrance) -> APIRouter:
    """The operations, each for whom `entrance` lets in to it."""
    watching = admitting(entrance, Permission.MACHINES)
    Editing = Annotated[Admission, admitting(entrance, Permission.CATALOGUE)]  # noqa: N806 - a type
    OnPage = Annotated[Page, Depends(page_of)]  # noqa: N806 - as above
    router = APIRouter(prefix="/api/v1", responses=PROBLEMS, tags=["registry"])
    book = entrance.catalogue

    @router.get("/procedures", summary="The catalogue of procedures", dependencies=[watching])
    def procedures(page: OnPage, on: OnQuery = None) -> Procedures:
        """The same for all: what hubs are sent, each the procedures of its services."""
        found = book.read()
        chosen = [one for one in found.procedures if on is None or one.is_in_force(on.isoformat())]
        return Procedures(
            edition=found.edition,
            published=local_time(found.at_ms) if found.edition else None,
            total=len(chosen),
            next_offset=page.next_offset(len(chosen)),
            procedures=[shown(one) for one in chosen[page.offset : page.offset + page.limit]],
        )

    @router.put("/procedures", summary="Put another catalogue into force", responses=_MEANWHILE)
    def publish(
        request: Request,
        admission: Editing,
        wanted: WantedCatalogue,
        *,
        dry_run: Annotated[
            bool, Query(description="Only say what would change.", examples=[True])
        ] = False,
    ) -> CatalogueChanges:
        """For who administers the nation. It makes the next edition, unless nothing changes, which
        goes to each hub when that next reports, and comes into force there once nobody is in the
        house. Written to the audit log."""
        chosen = _checked(wanted, language_of(request))
        if dry_run:
            return shown_changes(book.compare(chosen))
        return shown_changes(
            book.publish(admission.admin, admission.address, chosen, wanted.edited)
        )

    return router


def _checked(wanted: WantedCatalogue, language: str) -> tuple[Procedure, ...]:
    try:
        return checked(tuple(one.procedure() for one in wanted.procedures))
    except ListError as error:
        said = error.words(language)
    except ValueError as error:
        said = str(error)
    raise RequestValidationError([{"loc": ("body", "procedures"), "msg": said, "type": "list"}])
