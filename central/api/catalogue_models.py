"""What the API says and is told of the catalogue of procedures."""

from datetime import date, datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from central.api.models import Count, InAll, Model, NextOffset
from central.catalogue.catalogue import Changes
from contract import procedures as contract

Name = Annotated[str, Field(min_length=1, max_length=200)]


class Names(Model):
    """What citizens read, in Vietnamese and, if there is one, in English."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    vi: Name = Field(examples=["Đăng ký khai sinh"])
    en: Name | None = Field(default=None, examples=["Birth registration"])


class Procedure(Model):
    """A procedure and the days on which it is in force, both included; null leaves an end open.
    One code may have several entries, of days that do not meet."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str = Field(
        pattern=r"^[0-9]\.[0-9]{6}(\.[0-9A-Z.]+)?$", max_length=40, examples=["1.001193"]
    )
    name: Names
    service: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]{0,23}$",
        description="The service, or field, that handles it.",
        examples=["1"],
    )
    valid_from: date | None = Field(default=None, examples=["2027-01-01"])
    valid_to: date | None = Field(default=None, examples=[None])

    def procedure(self) -> contract.Procedure:
        """As the catalogue keeps it. Raises ValueError when it ends before it begins."""
        names = {"vi": self.name.vi} | ({"en": self.name.en} if self.name.en else {})
        return contract.Procedure(self.code, names, self.service, self.valid_from, self.valid_to)


class Procedures(Model):
    """The catalogue in force, by code and days."""

    edition: Count = Field(description="0 before the first.", examples=[3])
    published: datetime | None = Field(examples=["2026-11-20T10:42:00+07:00"])
    total: InAll = Field(examples=[320])
    next_offset: NextOffset
    procedures: list[Procedure]


class WantedCatalogue(Model):
    """A whole catalogue to be put into force; what is not in it is taken out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    edited: int = Field(
        ge=0, le=2**53, description="The `edition` that was read and edited.", examples=[3]
    )
    procedures: list[Procedure] = Field(min_length=1, max_length=3000)


class CatalogueChanges(Model):
    """What a catalogue changes, or has changed; an entry is known by its code and first day."""

    added: list[Procedure]
    ended: list[Procedure] = Field(description="Their last day was set or moved.")
    changed: list[Procedure] = Field(description="Something else of them.")
    removed: list[Procedure]
    unchanged: Count


def shown(one: contract.Procedure) -> Procedure:
    """A procedure of the catalogue."""
    return Procedure(
        code=one.code,
        name=Names(vi=one.name["vi"], en=one.name.get("en")),
        service=one.service,
        valid_from=one.valid_from,
        valid_to=one.valid_to,
    )


def shown_changes(changes: Changes) -> CatalogueChanges:
    """What a catalogue changes."""
    return CatalogueChanges(
        added=[shown(one) for one in changes.added],
        ended=[shown(one) for one in changes.ended],
        changed=[shown(one) for one in changes.changed],
        removed=[shown(one) for one in changes.removed],
        unchanged=changes.unchanged,
    )
