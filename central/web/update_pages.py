"""The page about updates of hubs' software."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from central.access.permissions import Permission, may
from central.api.entrance import Admission, Entrance
from central.api.parameters import OffsetQuery, where_of, within
from central.api.ranking import Page
from central.store.visible import Where
from central.updates.progress import Progress
from central.updates.reasons import reason_words, refusal_words
from central.vietnamese_order import by_name
from central.web.pages import Pages, page_admitting
from central.web.words import page_language

_AT_ONCE = 5
_REFUSALS = Page(0, 100)


def update_pages(entrance: Entrance, pages: Pages) -> APIRouter:
    """The page, to whom `entrance` lets in to it."""
    Watching = Annotated[  # noqa: N806 - a type
        Admission, page_admitting(entrance, Permission.MACHINES)
    ]
    Somewhere = Annotated[Where, Depends(where_of)]  # noqa: N806 - as above
    router = APIRouter(include_in_schema=False)

    @router.get("/updates")
    def updates(
        request: Request, admission: Watching, where: Somewhere, offset: OffsetQuery = 0
    ) -> Response:
        found = admission.updates.rollouts(within(admission, where), Page(offset, _AT_ONCE))
        software = admission.updates.software(where)
        names, today = entrance.places(), entrance.today()
        provinces = {province for hubs in software.values() for province in hubs}
        return pages.render(
            request,
            "updates.html",
            admin=admission.admin,
            found=found,
            refusals={
                one.rollout: admission.updates.hubs(one.rollout, where, _REFUSALS, Progress.REFUSED)
                for one in found.rollouts
                if one.counts.refused
            },
            reasons={
                one.rollout: reason_words(one.reason, page_language(request))
                for one in found.rollouts
            },
            refusal_words=partial(refusal_words, language=page_language(request)),
            steps=list(Progress),
            software=software,
            provinces=sorted(
                ((code, names.name(code, today)) for code in provinces),
                key=lambda one: by_name(one[1]),
            ),
            sees_sites=may(admission.admin.role, Permission.FIGURES),
        )

    return router
