"""The naive way to ingest, to be measured against: a pydantic model for each event, sqlite-utils'
`insert_all`, and an object with sketches of its own for each cell, read and written with it.

It makes the same cells as the centre: a site's by service and quarter of an hour and by day, the
days of province and nation, the counters' times and the ratings. It follows neither who waits nor
which counters are open, and checks neither chain nor sequence.
"""

import json
import math
from pathlib import Path
from typing import Any

import msgspec
import zstandard
from pydantic import BaseModel, Field
from sqlite_utils import Database

from central.rollup.business_day import day_of, quarter_of


class _StampModel(BaseModel):
    wall_ms: int
    mono_ns: int
    boot: str
    synced: bool


class _EntryModel(BaseModel):
    seq: int
    stamp: _StampModel
    actor: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")
    command_id: bytes
    training: bool
    event: list[Any]


class _Sketch(BaseModel):
    """A logarithmic sketch within 1 %."""

    bins: dict[int, int] = {}
    sum_ms: int = 0

    def add(self, ms: int) -> None:
        """Count a duration."""
        key = math.ceil(math.log(max(1, ms)) / math.log(1.02))
        self.bins[key] = self.bins.get(key, 0) + 1
        self.sum_ms += ms


class _Cell(BaseModel):
    counts: dict[str, int] = {}
    times_ms: dict[str, int] = {}
    wait: _Sketch = Field(default_factory=_Sketch)
    service: _Sketch = Field(default_factory=_Sketch)

    def count(self, what: str) -> None:
        """Count one more."""
        self.counts[what] = self.counts.get(what, 0) + 1

    def spend(self, how: str, span: list[int] | None) -> None:
        """Add a duration."""
        self.times_ms[how] = self.times_ms.get(how, 0) + (span[0] if span else 0)


_COUNTED = {
    "TicketIssued": "issued",
    "TicketCalled": "called",
    "ServiceStarted": "started",
    "ServiceFinished": "finished",
}
_SPENT = {
    "TicketCalled": ("idle", 4),
    "ServiceStarted": ("walk", 3),
    "ServiceFinished": ("service", 3),
}


def take_naively(path: Path, payloads: list[bytes]) -> None:
    """Store messages, one after the other."""
    db = Database(path)
    db.enable_wal()
    cells = db.table("cells")
    cells.create({"key": str, "cell": str}, pk="key")
    for payload in payloads:
        _, node, *_, entries = msgspec.msgpack.decode(zstandard.decompress(payload))
        models = [_model(entry) for entry in entries]
        rows = [{"node": node, **_row(model)} for model in models]
        db.table("events").insert_all(rows, pk=("node", "seq"))
        known: dict[str, _Cell] = {}
        for model in models:
            _count(db, node, model, known)
        cells.upsert_all(
            [{"key": key, "cell": cell.model_dump_json()} for key, cell in known.items()], pk="key"
        )
    db.close()


def _model(entry: list[Any]) -> _EntryModel:
    fields = dict(zip(_EntryModel.model_fields, entry, strict=True))
    stamp = dict(zip(_StampModel.model_fields, entry[1], strict=True))
    return _EntryModel.model_validate({**fields, "stamp": stamp})


def _row(model: _EntryModel) -> dict[str, object]:
    kind, *fields = model.event
    return {
        "seq": model.seq,
        "wall_ms": model.stamp.wall_ms,
        "kind": kind,
        "training": model.training,
        "fields": json.dumps(fields),
    }


def _count(db: Database, node: str, model: _EntryModel, known: dict[str, _Cell]) -> None:
    kind, *fields = model.event
    day, quarter_ms = day_of(model.stamp.wall_ms), quarter_of(model.stamp.wall_ms)
    if kind in _COUNTED:
        service = fields[1][0] if kind == "TicketIssued" else fields[2]
        province = node.split("-", maxsplit=1)[0]
        for key in (f"{node} {service} {quarter_ms}", f"{node} {day}", f"{province} {day}", day):
            cell = _cell(db, key, known)
            cell.count(_COUNTED[kind])
            if kind == "TicketCalled" and fields[3]:
                cell.wait.add(fields[3][0])
            if kind == "ServiceFinished" and fields[4]:
                cell.service.add(fields[4][0])
    if kind in _SPENT:
        how, place = _SPENT[kind]
        cell = _cell(db, f"{node} counter {fields[1]} {quarter_ms}", known)
        cell.count(_COUNTED[kind])
        cell.spend(how, fields[place])
    if kind == "RatingGiven":
        _, service, level, levels, _ = fields
        _cell(db, f"{node} rated {service} {levels} {day}", known).count(f"rated {level}")


def _cell(db: Database, key: str, known: dict[str, _Cell]) -> _Cell:
    if key not in known:
        found = db.execute("SELECT cell FROM cells WHERE key = ?", (key,)).fetchone()
        known[key] = _Cell.model_validate_json(found[0]) if found else _Cell()
    return known[key]
