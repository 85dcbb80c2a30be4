"""The operations of `/api/v1` about updates of hubs' software."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from central.access.permissions import Permission
from central.api.entrance import Admission, Entrance
from central.api.parameters import PROBLEMS, admitting, found, page_of, where_of, within
from central.api.ranking import Page
from central.api.update_models import RolloutHubs, Rollouts
from central.store.visible import Where
from central.updates.progress import Progress

RolloutPath = Annotated[int, Path(ge=1, le=2**53, description="A rollout.", examples=[4])]
ProgressQuery = Annotated[
    Progress | None, Query(description="Only hubs that are so far.", examples=["refused"])
]


def update_router(entrance: Entrance) -> APIRouter:
    """The operations, each for whom `entrance` lets in to it."""
    Watching = Annotated[Admission, admitting(entrance, Permission.MACHINES)]  # noqa: N806 - a type
    OnPage = Annotated[Page, Depends(page_of)]  # noqa: N806 - as above
    Somewhere = Annotated[Where, Depends(where_of)]  # noqa: N806 - as above
    router = APIRouter(prefix="/api/v1", responses=PROBLEMS, tags=["machines"])

    @router.get("/rollouts", summary="Software on its way to hubs")
    def rollouts(admission: Watching, page: OnPage, where: Somewhere) -> Rollouts:
        """Which release goes to which share of hubs, and how far they are, by province. They are
        begun, widened and stopped by an operator's commands (`thutu-central rollout`)."""
        return admission.updates.rollouts(within(admission, where), page)

    @router.get("/rollouts/{rollout}/hubs", summary="The hubs of a rollout")
    def hubs(
        admission: Watching,
        rollout: RolloutPath,
        page: OnPage,
        where: Somewhere,
        progress: ProgressQuery = None,
    ) -> RolloutHubs:
        """How far each is, and why it refused; those that refused first."""
        return found(admission.updates.hubs(rollout, within(admission, where), page, progress))

    return router
