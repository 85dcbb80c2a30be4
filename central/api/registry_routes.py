"""The operations of `/api/v1` about what exists."""

from typing import Annotated

from fastapi import APIRouter, Depends
from msgspec.structs import asdict

from central.access.permissions import Permission
from central.api.entrance import Admission, Entrance
from central.api.parameters import PROBLEMS, OnQuery, ProvinceQuery, admitting, page_of
from central.api.ranking import Page
from central.api.registry_models import (
    ProvinceInForce,
    ProvincesInForce,
    UnitInForce,
    UnitsInForce,
)


def registry_router(entrance: Entrance) -> APIRouter:
    """The operations, each for whom `entrance` lets in to it."""
    Watching = Annotated[Admission, admitting(entrance, Permission.MACHINES)]  # noqa: N806 - a type
    OnPage = Annotated[Page, Depends(page_of)]  # noqa: N806 - as above
    router = APIRouter(prefix="/api/v1/registry", responses=PROBLEMS, tags=["registry"])

    @router.get("/provinces", summary="Provinces and cities in force on a day")
    def provinces(admission: Watching, page: OnPage, on: OnQuery = None) -> ProvincesInForce:
        """Those within the scope, also without a site, under the name that they have on that day;
        today when it is left out."""
        day, scope = on or entrance.today(), admission.admin.scope
        found = [one for one in entrance.places().provinces.in_force(day) if scope.covers(one.code)]
        return ProvincesInForce(
            day=day,
            total=len(found),
            next_offset=page.next_offset(len(found)),
            provinces=[
                ProvinceInForce(**asdict(one))
                for one in found[page.offset : page.offset + page.limit]
            ],
        )

    @router.get("/units", summary="Commune-level units in force on a day")
    def units(
        admission: Watching, page: OnPage, on: OnQuery = None, province: ProvinceQuery = None
    ) -> UnitsInForce:
        """Wards, communes and special zones, also those without a site, under the name that they
        have on that day; today when it is left out."""
        day = on or entrance.today()
        found = [
            unit
            for unit in entrance.places().units.in_force(day)
            if admission.admin.scope.covers_unit(unit.code) and province in (None, unit.code[:2])
        ]
        return UnitsInForce(
            day=day,
            total=len(found),
            next_offset=page.next_offset(len(found)),
            units=[
                UnitInForce(**asdict(unit), province=unit.code[:2])
                for unit in found[page.offset : page.offset + page.limit]
            ],
        )

    return router
