"""What people do about alerts; each deed is in the alert's history and in the audit log."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from central.access.audit import Deed, record
from central.alerts.rules import Rule
from central.alerts.settings import Receiver
from central.alerts.watch import wants
from central.store.alerts import AlertBook, AlertRow
from central.store.connection import Connection


class AlertOverError(Exception):
    """An alert that is closed already cannot be acknowledged or closed."""


def acknowledge(conn: Connection, alert: AlertRow, deed: Deed, note: str, now_ms: int) -> None:
    """Say that somebody has seen an alert, inside a transaction. Raises AlertOverError."""
    book = AlertBook(conn)
    if not book.acknowledge(alert.alert, now_ms):
        raise AlertOverError
    book.step(alert.alert, now_ms, "acknowledged", deed.who, note)
    record(conn, deed, now_ms)


def acknowledge_unseen(
    conn: Connection, alerts: Iterable[int], deed: Deed, note: str, now_ms: int
) -> int:
    """Say that somebody has seen those of these alerts that are open and that nobody has
    acknowledged, inside a transaction; how many they were. `deed` lacks its subject."""
    book, seen = AlertBook(conn), 0
    for alert in alerts:
        if book.acknowledge(alert, now_ms, if_unseen=True):
            book.step(alert, now_ms, "acknowledged", deed.who, note)
            record(conn, replace(deed, subject=f"{alert}"), now_ms)
            seen += 1
    return seen


def close(
    conn: Connection,
    alert: AlertRow,
    deed: Deed,
    *,
    note: str,
    now_ms: int,
    receivers: Sequence[Receiver],
) -> None:
    """Close an alert, inside a transaction; while it is still wrong it stays silent. Raises
    AlertOverError."""
    book = AlertBook(conn)
    if not book.dismiss(alert.alert, now_ms):
        raise AlertOverError
    book.step(alert.alert, now_ms, "closed", deed.who, note)
    record(conn, deed, now_ms)
    for receiver in receivers:
        if wants(receiver, Rule(alert.rule), alert.site):
            book.tell(receiver.name, alert.alert, "closed", now_ms)
