"""What each citizen of a simulated day will do: drawn from the load model, or read from a file."""

import csv
import re
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path
from random import Random
from typing import NamedTuple

from contract.local_time import wall_ms_of
from simulation import load_model as model
from simulation.load_model import Mix

_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]")
_FIRST_MINUTE = {7: 20, 13: 20}
_LAST_MINUTE = {11: 20, 16: 50}
_REQUIRED = ("arrived_at", "service", "service_s")
_OPTIONAL = ("priority", "shows_up", "sign_wait_s", "rating")
_MOST_PROBLEMS_SHOWN = 20


class Visit(NamedTuple):
    """One citizen's day at the centre. Seconds unless named otherwise; None is "does not happen".

    `rating` is a level from 1; `appointment_slot_ms` a booked slot; `issued_by` who presses.
    """

    arrives_ms: int
    service: str
    service_s: float
    priority: str | None = None
    shows_up: bool = True
    returns_after_s: float | None = None
    walk_s: float = 20.0
    sign_wait_s: float | None = None
    papers_wait_s: float | None = None
    transfer_to: str | None = None
    further_service: str | None = None
    rating: int | None = None
    rates_after_s: float = 15.0
    issued_by: str = "kiosk"
    language: str = "vi"
    appointment_slot_ms: int | None = None


class ArrivalsError(ValueError):
    """A file of arrivals that cannot be used; each line of the message names a line of it."""


def day_of_visits(
    day: date, population: int, mix: Mix, services: Sequence[str], random: Random
) -> list[Visit]:
    """The visits of a day at a commune's centre, in order of arrival."""
    kinds = model.MIXES[mix]
    hours = list(model.HOURS)
    expected = model.tickets_expected(population, day.isoweekday(), random)
    visits = []
    for _ in range(expected):
        hour = random.choices(hours, list(model.HOURS.values()))[0]
        minute = random.uniform(_FIRST_MINUTE.get(hour, 0), _LAST_MINUTE.get(hour, 60))
        arrives_ms = at(day, time(hour)) + int(minute * 60_000)
        kind = random.choices(list(kinds), list(kinds.values()))[0]
        visits.append(_visit(arrives_ms, kind, services, random))
    return sorted(visits, key=lambda visit: visit.arrives_ms)


def at(day: date, clock: time) -> int:
    """UTC milliseconds of a local time of day at the site."""
    return wall_ms_of(datetime.combine(day, clock))


def read_arrivals(
    path: Path, day: date, services: Sequence[str], priorities: Sequence[str], random: Random
) -> list[Visit]:
    """A recorded day from CSV: columns `arrived_at` (HH:MM:SS), `service`, `service_s`, and
    optionally `priority`, `shows_up` (0 or 1), `sign_wait_s`, `rating`.

    What the file does not say (how long people walk) is drawn from `random`. Raises
    ArrivalsError naming every bad line; then nothing of the file is used.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ArrivalsError(f"{path}: cannot be read: {error}") from error
    reader = csv.DictReader(text.splitlines(), restkey="?")
    columns = reader.fieldnames or []
    problems = [f"line 1: unknown column {name!r}" for name in columns if name not in _COLUMNS]
    problems += [f"line 1: column {name!r} is missing" for name in _REQUIRED if name not in columns]
    visits = []
    if not problems:
        for row in reader:
            wrong = _problems_of(row, services, priorities)
            problems += [f"line {reader.line_num}: {what}" for what in wrong]
            if not wrong:
                visits.append(_recorded(row, day, random))
    if not problems and not visits:
        problems = ["line 2: there is no arrival in it"]
    if problems:
        shown = "\n".join(problems[:_MOST_PROBLEMS_SHOWN])
        more = len(problems) - _MOST_PROBLEMS_SHOWN
        rest = f"\n... and {more} more" if more > 0 else ""
        raise ArrivalsError(f"{path} is not used:\n{shown}{rest}")
    return sorted(visits, key=lambda visit: visit.arrives_ms)


_COLUMNS = frozenset((*_REQUIRED, *_OPTIONAL))


def _visit(arrives_ms: int, kind: str, services: Sequence[str], random: Random) -> Visit:
    service, median_min, sigma = model.KINDS[kind]
    others = [other for other in services if other != service]

    def happens(share: float) -> bool:
        return random.random() < share

    shows_up = not happens(model.NO_SHOW_SHARE)
    signs = kind == "certification" and happens(model.SIGNATURE_SHARE)
    priority = random.choice(("elderly", "disabled", "expecting", "merit"))
    return Visit(
        arrives_ms=arrives_ms,
        service=service,
        service_s=model.lognormal_s(random, median_min, sigma),
        priority=priority if happens(model.PRIORITY_SHARE) else None,
        shows_up=shows_up,
        returns_after_s=random.uniform(120, 1500) if happens(model.NO_SHOW_RETURNS) else None,
        walk_s=random.uniform(8, 40),
        sign_wait_s=(
            model.lognormal_s(random, model.SIGNATURE_MEDIAN_MIN, model.SIGNATURE_SIGMA)
            if signs
            else None
        ),
        papers_wait_s=random.uniform(900, 3600) if happens(model.PAPERS_SHARE) else None,
        transfer_to=random.choice(others) if happens(model.TRANSFER_SHARE) else None,
        further_service=random.choice(others) if happens(model.FURTHER_SERVICE_SHARE) else None,
        rating=(
            random.choices((1, 2, 3, 4), model.RATING_LEVELS)[0]
            if happens(model.RATING_SHARE)
            else None
        ),
        rates_after_s=random.uniform(3, 25),
        issued_by=random.choices(("kiosk", "greeter"), (0.9, 0.1))[0],
        language=random.choices(("vi", "en"), (0.98, 0.02))[0],
        appointment_slot_ms=(
            arrives_ms + random.randrange(-600_000, 900_000) if happens(0.04) else None
        ),
    )


def _problems_of(
    row: dict[str, str | None], services: Sequence[str], priorities: Sequence[str]
) -> list[str]:
    problems = []
    if "?" in row:
        problems.append("has more values than there are columns")

    def check(column: str, fits: bool, needs: str) -> None:
        if not fits:
            problems.append(f"{column} is {row.get(column)!r}, but must be {needs}")

    text = {column: (row.get(column) or "").strip() for column in _COLUMNS}
    check("arrived_at", bool(_TIME.fullmatch(text["arrived_at"])), "HH:MM:SS")
    check("service", text["service"] in services, f"one of {', '.join(services)}")
    check("service_s", _is_seconds(text["service_s"], least=1), "seconds from 1 to 28800")
    check(
        "priority",
        text["priority"] in ("", *priorities),
        f"empty or one of {', '.join(priorities)}",
    )
    check("shows_up", text["shows_up"] in ("", "0", "1"), "0 or 1")
    check(
        "sign_wait_s",
        text["sign_wait_s"] == "" or _is_seconds(text["sign_wait_s"], least=0),
        "empty or seconds up to 28800",
    )
    check("rating", text["rating"] in ("", "1", "2", "3", "4"), "empty or 1 to 4")
    return problems


def _is_seconds(text: str, least: float) -> bool:
    return bool(re.fullmatch(r"[0-9]{1,5}(\.[0-9]+)?", text)) and least <= float(text) <= 28_800


def _recorded(row: dict[str, str | None], day: date, random: Random) -> Visit:
    text = {column: (row.get(column) or "").strip() for column in _COLUMNS}
    return Visit(
        arrives_ms=at(day, time.fromisoformat(text["arrived_at"])),
        service=text["service"],
        service_s=float(text["service_s"]),
        priority=text["priority"] or None,
        shows_up=text["shows_up"] != "0",
        walk_s=random.uniform(8, 40),
        sign_wait_s=float(text["sign_wait_s"]) if text["sign_wait_s"] else None,
        rating=int(text["rating"]) if text["rating"] else None,
        rates_after_s=random.uniform(3, 25),
    )
