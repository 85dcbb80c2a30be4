"""What the API answers about what exists."""

from datetime import date

from pydantic import Field

from central.api.models import InAll, Model, NextOffset


class NameInForce(Model):
    """A place under one name, and the days of that name, both included."""

    code: str
    name: str
    valid_from: date = Field(examples=["2025-07-01"])
    valid_to: date | None = Field(description="Null: until further notice.", examples=[None])


class ProvinceInForce(NameInForce):
    """A province or city under one name, and the days of that name, both included."""

    code: str = Field(examples=["01"])
    name: str = Field(examples=["Thành phố Hà Nội"])


class UnitInForce(NameInForce):
    """A commune-level unit under one name, and the days of that name, both included."""

    code: str = Field(examples=["01-00097"])
    name: str = Field(examples=["Phường Hồng Hà"])
    province: str = Field(examples=["01"])


class NamesInForce(Model):
    """The places of a day, by code."""

    day: date = Field(examples=["2026-11-20"])
    total: InAll = Field(examples=[34])
    next_offset: NextOffset


class ProvincesInForce(NamesInForce):
    """The provinces of a day, by code."""

    provinces: list[ProvinceInForce]


class UnitsInForce(NamesInForce):
    """The units of a day, by code."""

    units: list[UnitInForce]
