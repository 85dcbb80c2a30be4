"""The operations of `/api/v1` about machines, single events and the audit log."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from central.access.permissions import Permission
from central.api.entrance import Admission, Entrance
from central.api.parameters import (
    PROBLEMS,
    LimitQuery,
    SitePath,
    admitting,
    found,
    page_of,
    where_of,
    within,
)
from central.api.ranking import Page
from central.api.record_models import (
    Audit,
    BrokenDevices,
    Devices,
    Differences,
    Nodes,
    RawEvents,
)
from central.store.visible import Where


def record_router(entrance: Entrance) -> APIRouter:
    """The operations, each for whom `entrance` lets in to it."""
    Watching = Annotated[Admission, admitting(entrance, Permission.MACHINES)]  # noqa: N806 - a type
    Auditing = Annotated[Admission, admitting(entrance, Permission.EVENTS)]  # noqa: N806 - as above
    Checking = Annotated[Admission, admitting(entrance, Permission.AUDIT)]  # noqa: N806 - as above
    OnPage = Annotated[Page, Depends(page_of)]  # noqa: N806 - as above
    Somewhere = Annotated[Where, Depends(where_of)]  # noqa: N806 - as above
    router = APIRouter(prefix="/api/v1", responses=PROBLEMS)

    @router.get("/nodes", tags=["machines"], summary="The hubs and their states")
    def nodes(admission: Watching, page: OnPage, where: Somewhere) -> Nodes:
        """Online or not and since when, clock, software, configuration, what is not sent yet, and
        how the machine fares; the silent ones first."""
        return admission.records.nodes(within(admission, where), page)

    @router.get("/devices", tags=["machines"], summary="Devices that need somebody")
    def broken_devices(admission: Watching, page: OnPage, where: Somewhere) -> BrokenDevices:
        """Everywhere in the scope: what does not work, the oldest trouble first, and then what is
        low on paper."""
        return admission.records.broken_devices(within(admission, where), page)

    @router.get("/differences", tags=["machines"], summary="Hubs that run something else")
    def differences(admission: Watching, page: OnPage, where: Somewhere) -> Differences:
        """Hubs that run another configuration than was decided for them, or other software than
        a rollout gave them; and how many run each version."""
        return admission.records.differences(within(admission, where), page)

    @router.get("/sites/{site}/devices", tags=["machines"], summary="A site's devices")
    def devices(admission: Watching, site: SitePath) -> Devices:
        """Printers, displays and buttons by what the hub last said of them."""
        return found(admission.records.devices(site))

    @router.get("/sites/{site}/events", tags=["audit"], summary="The stored events themselves")
    def events(
        admission: Auditing,
        site: SitePath,
        after: Annotated[
            str,
            Query(
                pattern=r"^[0-9]{1,15}\.[0-9]{1,15}$",
                description="`next_after` of the page before.",
                examples=["4.1042"],
            ),
        ] = "0.0",
        limit: LimitQuery = 100,
        event: Annotated[
            str | None,
            Query(
                pattern=r"^[A-Za-z]{1,40}$",
                description="Only events of this name.",
                examples=["TicketCalled"],
            ),
        ] = None,
    ) -> RawEvents:
        """For auditors, row by row, as the hubs sent them. Reading them is itself written to the
        audit log."""
        journal, _, seq = after.partition(".")
        answer = found(admission.records.events(site, (int(journal), int(seq)), limit, event))
        entrance.note(admission, "events-read", f"{site} after {after}")
        return answer

    @router.get("/audit", tags=["audit"], summary="Who signed in and who read what")
    def audit(
        admission: Checking,
        after: Annotated[
            int,
            Query(
                ge=0,
                le=2**53,
                description="`next_after` of the page before.",
                examples=[0],
            ),
        ] = 0,
        limit: LimitQuery = 100,
    ) -> Audit:
        """The audit log, oldest first; for auditors and operators of the whole nation."""
        return found(admission.records.audit(after, limit))

    return router
