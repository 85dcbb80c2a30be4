"""One look at every site: facts in, findings judged, alerts begun and ended."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from central.alerts.facts import FactReader
from central.alerts.hysteresis import Phase, Watched, follow
from central.alerts.rules import (
    Detail,
    Finding,
    Key,
    Rule,
    SiteFacts,
    findings,
    given_up,
    is_worse,
)
from central.alerts.settings import AlertSettings, Receiver
from central.alerts.thresholds import ThresholdsOfSites
from central.scope import Scope, unit_of
from central.store.alerts import AlertBook, WatchedRow
from central.store.database import Location, reading, transaction, writing
from runtime.clock import Clock


class AlertWatch:
    """Looks at the database when asked; `live_within_ms` and `wait_target_ms` are those of the
    pages. What it watches is in the database, so a restart loses nothing."""

    def __init__(
        self,
        database: Location,
        clock: Clock,
        settings: AlertSettings,
        *,
        live_within_ms: int,
        wait_target_ms: int,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._thresholds = ThresholdsOfSites(settings, wait_target_ms)
        self._facts = FactReader(
            self._thresholds.everywhere.limits, live_within_ms, settings.opening_hours()
        )

    def look(self) -> int:
        """Judge every site now; returns how many alerts began or ended. Raises StoreError."""
        now_ms = self._clock.stamp().wall_ms
        with reading(self._database) as conn:
            facts = self._facts.read(conn, now_ms)
            watched = AlertBook(conn).watched()
        found = {
            finding.key: finding
            for site in facts
            for finding in findings(
                site,
                self._thresholds.of(site.site).limits,
                self._facts.opening(site.site),
                now_ms,
            )
        }
        moves = self._judge(watched, found, facts, now_ms)
        if not moves:
            return 0
        with writing(self._database) as db, transaction(db.conn):
            book = AlertBook(db.conn)
            return sum(self._write(book, move, now_ms) for move in moves)

    def _judge(
        self,
        watched: list[WatchedRow],
        found: dict[Key, Finding],
        facts: Sequence[SiteFacts],
        now_ms: int,
    ) -> "list[_Move]":
        hubs = _hubs(facts)
        not_watched = set[Key]().union(*map(given_up, facts))
        before = {Key(Rule(row.rule), row.site, row.subject): row for row in watched}
        moves = []
        for key in before.keys() | found.keys():
            row, finding = before.get(key), found.get(key)
            was = Watched(Phase(row.phase), row.phase_ms) if row else None
            if finding is not None and finding.raises is None and not _is_over(was, finding):
                continue
            raises = finding.raises if finding else None
            detail = finding.detail if finding and finding.detail else None
            worse = bool(row and detail and is_worse(key.rule, row.detail, detail))
            patience = self._thresholds.of(key.site).patience[key.rule]
            now = follow(was, raises, patience, now_ms, is_worse=worse)
            if worse and now is not None and now.phase is Phase.WORSE:
                detail = None  # what it was when somebody closed it stays to be compared with
            if now != was or (row and detail not in (None, row.detail)):
                is_watched = key not in not_watched and _is_watched(key, hubs)
                alert = row.alert if row else None
                moves.append(_Move(key, alert, was, now, detail, is_watched))
        return sorted(moves, key=lambda move: move.key)

    def _write(self, book: AlertBook, move: "_Move", now_ms: int) -> bool:
        """Whether an alert began or ended."""
        key, detail = move.key, json.dumps(move.detail or {})
        alert = move.alert
        if move.now is None:
            if alert is not None:
                book.forget(alert)
            return False
        if alert is None:
            alert = book.begin(key.rule, key.site, key.subject, detail, now_ms)
        elif move.detail is not None:
            book.describe(alert, detail)
        phase_before = move.was.phase if move.was else Phase.PENDING
        if not book.move(alert, phase_before, move.now.phase, move.now.since_ms):
            return False
        if not (what := _news(move.was, move.now)):
            return False
        is_let_go = what == "cleared" and not move.is_watched
        book.step(alert, now_ms, "let_go" if is_let_go else what)
        for receiver in self._settings.receivers:
            if wants(receiver, key.rule, key.site):
                book.tell(receiver.name, alert, "closed" if is_let_go else what, now_ms)
        return True


class _Move(NamedTuple):
    key: Key
    alert: int | None
    was: Watched | None
    now: Watched | None
    detail: Detail | None
    is_watched: bool


def wants(receiver: Receiver, rule: Rule, site: str) -> bool:
    """Whether a receiver hears of a rule at a site."""
    scope = Scope.of(receiver.province, receiver.unit)
    return rule in receiver.rules and scope.covers_unit(unit_of(site))


def _hubs(facts: Iterable[SiteFacts]) -> dict[str, list[str]]:
    return {
        site.site: [*(hub.hub for hub in site.hubs), *(hub.hub for hub in site.awaited)]
        for site in facts
    }


def _is_over(was: Watched | None, finding: Finding) -> bool:
    """Whether somebody closed what only a former card said: the present one says what is new."""
    return finding.is_former and was is not None and was.phase in (Phase.DISMISSED, Phase.WORSE)


def _is_watched(key: Key, hubs: Mapping[str, Sequence[str]]) -> bool:
    """Whether anybody could still say that something is well: not where the hub was taken away, or
    the site has ended."""
    hub = key.subject.partition("/")[0]
    return key.site in hubs and hub in ("", *hubs[key.site])


def _news(was: Watched | None, now: Watched) -> str | None:
    """What is told of a move: that an alert began or ended, but not that it nearly ended, nor the
    end of what somebody closed."""
    before = was.phase if was else Phase.PENDING
    if now.phase is Phase.OPEN and before in (Phase.PENDING, Phase.WORSE):
        return "opened"
    if now.phase is Phase.CLOSED and before not in (Phase.DISMISSED, Phase.WORSE):
        return "cleared"
    return None
