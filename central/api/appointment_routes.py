"""The operations of `/api/v1` about appointments, for booking systems."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Response

from central.access.permissions import Permission
from central.api.appointment_models import (
    CODE_PATTERN,
    SERVICE_PATTERN,
    Appointment,
    AppointmentPage,
    BookingProblem,
    BookingWanted,
    FreeSlot,
    FreeSlots,
    SlotWanted,
    appointment,
)
from central.api.entrance import Admission, Entrance
from central.api.freshness import local_time
from central.api.parameters import PROBLEMS, DayQuery, SitePath, admitting, found, page_of
from central.api.ranking import Page
from runtime.wording import catalogue

_REFUSED: dict[int | str, dict[str, Any]] = {
    409: {
        "description": "Not as things stand; `type` ends in the reason. Nothing was changed.",
        "content": {
            "application/problem+json": {
                "schema": BookingProblem.model_json_schema(),
                "example": BookingProblem(
                    type="urn:thutu:booking:slot-full",
                    title="Conflict",
                    status=409,
                    detail=catalogue("en")["booking.slot-full"].format(free="08:45 23/11/2026"),
                    free_slots=[local_time(1_795_398_300_000)],
                ).model_dump(mode="json"),
            }
        },
    }
}
AppointmentPath = Annotated[
    str,
    Path(
        alias="appointment",
        pattern=CODE_PATTERN,
        description="An appointment's code.",
        examples=["HK7PX3M9"],
    ),
]
ServicePath = Annotated[
    str,
    Path(
        pattern=SERVICE_PATTERN,
        description="A service of the site's configuration.",
        examples=["1"],
    ),
]
Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[A-Za-z0-9-]{8,64}$",
        description="New for each booking, and the same when it is asked again.",
        examples=["6f1f7b0e-5d0c-4a55-9a3e-0d5c7f1f2a10"],
    ),
]


def appointment_router(entrance: Entrance) -> APIRouter:
    """The operations, each for whom `entrance` lets in to it."""
    Booking = Annotated[  # noqa: N806 - a type
        Admission, admitting(entrance, Permission.APPOINTMENTS)
    ]
    OnPage = Annotated[Page, Depends(page_of)]  # noqa: N806 - as above
    book = entrance.appointments
    router = APIRouter(prefix="/api/v1/sites/{site}", responses=PROBLEMS, tags=["appointments"])

    @router.get("/services/{service}/slots", summary="The free slots of a day", responses=_REFUSED)
    def free_slots(
        admission: Booking, site: SitePath, service: ServicePath, day: DayQuery = None
    ) -> FreeSlots:
        """In which a service can be booked now; none on a day when the site is closed, full, or
        that is over or too far ahead. Another may be quicker to book one of them."""
        of = day.isoformat() if day else book.today
        free = found(book.free(admission.admin.scope, site, service, of))
        return FreeSlots(
            slots=[FreeSlot(slot=local_time(one.slot_ms), left=one.left) for one in free]
        )

    @router.get("/appointments", summary="The appointments of a day")
    def appointments(
        admission: Booking, site: SitePath, page: OnPage, day: DayQuery = None
    ) -> AppointmentPage:
        """By slot, and what became of each."""
        of = day.isoformat() if day else book.today
        total, rows = found(book.page(admission.admin.scope, site, of, page.offset, page.limit))
        return AppointmentPage(
            total=total,
            next_offset=page.next_offset(total),
            appointments=[appointment(row, book.today) for row in rows],
        )

    @router.post(
        "/appointments", summary="Book a slot", status_code=HTTPStatus.CREATED, responses=_REFUSED
    )
    def book_slot(
        response: Response, admission: Booking, site: SitePath, wanted: BookingWanted, key: Key
    ) -> Appointment:
        """Durable when answered, and told to the site's hub as soon as its line is there. The same
        again with the same key books nothing more, and answers how the first booking stands."""
        row = found(book.book(admission.admin, site, wanted.wanted(wanted.code), key))
        response.headers["Location"] = f"/api/v1/sites/{site}/appointments/{row.code}"
        return appointment(row, book.today)

    @router.get("/appointments/{appointment}", summary="One appointment")
    def one(admission: Booking, site: SitePath, code: AppointmentPath) -> Appointment:
        """How it stands."""
        return appointment(found(book.one(admission.admin.scope, site, code)), book.today)

    @router.put(
        "/appointments/{appointment}", summary="Move it to another slot", responses=_REFUSED
    )
    def move(
        admission: Booking,
        site: SitePath,
        code: AppointmentPath,
        wanted: SlotWanted,
    ) -> Appointment:
        """Another slot or service under the same code; the same again changes nothing. If the
        citizen has checked in meanwhile at a site without a line, the check-in stands."""
        return appointment(
            found(book.move(admission.admin.scope, site, code, wanted.wanted())), book.today
        )

    @router.delete(
        "/appointments/{appointment}",
        summary="Cancel it",
        status_code=HTTPStatus.NO_CONTENT,
        responses=_REFUSED,
    )
    def cancel(admission: Booking, site: SitePath, code: AppointmentPath) -> None:
        """Give the slot back; the same again changes nothing. As with a move, a check-in that
        came before it at a site without a line stands, and is told by its state."""
        found(book.cancel(admission.admin.scope, site, code))

    return router
