"""Answers about alerts, and what people do about them."""

from datetime import datetime

from central.access.accounts import Admin
from central.access.permissions import Permission, may
from central.alerts.message import describe
from central.alerts.rules import Rule
from central.api.alert_models import Alert, AlertCount, Alerts, AlertStep, AlertWithHistory, Seen
from central.api.freshness import local_time
from central.api.ranking import Page
from central.store.alerts import AlertRow, TallyRow
from central.store.alerts import Alerts as Store
from central.store.visible import Where

_OF_FIGURES = frozenset({Rule.WAIT, Rule.RATING})


class AlertDesk:
    """Answers within one scope; alerts that tell waits or ratings only to whose role sees
    figures."""

    def __init__(self, store: Store, admin: Admin) -> None:
        self._store = store
        sees_figures = may(admin.role, Permission.FIGURES)
        self._rules = tuple(rule for rule in Rule if sees_figures or rule not in _OF_FIGURES)

    def alerts(
        self,
        where: Where,
        page: Page,
        language: str,
        *,
        still_open: bool,
        rule: Rule | None = None,
        unseen_first: bool = False,
    ) -> Alerts:
        """Open or closed alerts, the youngest first; or those first that nobody has acknowledged,
        and among them the oldest."""
        rules = self._among(rule)
        if not rules:
            return Alerts(total=0, unacknowledged=0, opened_until=None, next_offset=None, alerts=[])
        counted = self._store.count(where, rules, still_open=still_open)
        rows = self._store.page(
            where,
            rules,
            page.offset,
            page.limit,
            still_open=still_open,
            unseen_first=unseen_first,
        )
        return Alerts(
            total=counted.total,
            unacknowledged=counted.unseen,
            opened_until=_when(counted.youngest_ms),
            next_offset=page.next_offset(counted.total),
            alerts=[_alert(row, language) for row in rows],
        )

    def unseen(self, where: Where, rule: Rule | None, seen: Seen) -> list[int]:
        """Those that somebody has `seen` of the open ones that nobody has acknowledged."""
        rules = self._among(rule)
        until_ms = round(seen.opened_until.timestamp() * 1000)
        found = self._store.unseen(where, rules, until_ms) if rules else []
        return found if seen.alerts is None else sorted({*found}.intersection(seen.alerts))

    def tally(self, where: Where, *, still_open: bool) -> list[TallyRow]:
        """How many are open or closed by each rule in each province."""
        return self._store.tally(where, self._rules, still_open=still_open)

    def alert(self, alert: int, language: str) -> AlertWithHistory | None:
        """One alert; None for one unknown or out of scope."""
        row = self._store.alert(alert, self._rules)
        if row is None:
            return None
        return AlertWithHistory(
            alert=_alert(row, language),
            history=[
                AlertStep(at=local_time(step.at_ms), what=step.what, who=step.who, note=step.note)
                for step in self._store.steps(alert)
            ],
        )

    def row(self, alert: int) -> AlertRow | None:
        """One alert as it is stored; None for one unknown or out of scope."""
        return self._store.alert(alert, self._rules)

    def count(self) -> AlertCount:
        """How many are open."""
        counted = self._store.count(Where(), self._rules, still_open=True)
        youngest = self._store.page(Where(), self._rules, 0, 1, still_open=True)
        return AlertCount(
            total=counted.total,
            unacknowledged=counted.unseen,
            youngest=youngest[0].alert if youngest else None,
        )

    def _among(self, rule: Rule | None) -> tuple[Rule, ...]:
        return tuple(one for one in self._rules if rule in (None, one))


def _when(ms: int | None) -> datetime | None:
    return None if ms is None else local_time(ms)


def _alert(row: AlertRow, language: str) -> Alert:
    return Alert(
        alert=row.alert,
        rule=Rule(row.rule),
        site=row.site,
        name=row.name,
        subject=row.subject,
        words=describe(row, language),
        began=local_time(row.began_ms),
        opened=local_time(row.opened_ms),
        acknowledged=_when(row.acknowledged_ms),
        closed=_when(row.closed_ms),
    )
