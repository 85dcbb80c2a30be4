"""What the API answers about what exists."""

from datetime import date

from pydantic import Field

from central.api.models import Count, Model


class UnitInForce(Model):
    """A commune-level unit under one name, and the days of that name, both included."""

    code: str = Field(examples=["01-00097"])
    name: str = Field(examples=["Phường Hồng Hà"])
    province: str = Field(examples=["01"])
    valid_from: date = Field(examples=["2025-07-01"])
    valid_to: date | None = Field(description="Null: until further notice.", examples=[None])


class UnitsInForce(Model):
    """The units of a day, by code."""

    day: date = Field(examples=["2026-11-20"])
    total: Count = Field(description="How many in all.", examples=[3321])
    next_offset: int | None = Field(
        description="`offset` of the next page; null on the last.", examples=[100]
    )
    units: list[UnitInForce]
