"""`RollupStore` in SQL."""

from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from itertools import islice

from central.rollup.business_day import day_of
from central.rollup.counters import CounterNow
from central.rollup.devices import DeviceNow
from central.store.cells import (
    COUNTER_COLUMNS,
    TALLY_COLUMNS,
    TOTAL_COLUMNS,
    CellKey,
    CounterKey,
    CounterTally,
    DayTotal,
    InHouse,
    RatingKey,
    Tally,
    TotalKey,
    counter_tally_to_row,
    tally_to_row,
    total_from_row,
    total_to_row,
)
from central.store.connection import Database, greater
from central.store.database import claim, transaction
from central.store.dictionary import Dictionary
from central.store.figures_edition import empty
from central.store.journal_rows import entries_between
from central.store.protocol import Cursor, Unfolded
from contract.topics import lane_of


def _upsert(
    table: str, key: tuple[str, ...], columns: tuple[str, ...], *, replace: bool = False
) -> str:
    """Add to a row of numbers and histograms, or `replace` it, or make it."""
    added = ", ".join(
        f"{name} = excluded.{name}"
        if replace
        else f"{name} = CAST({table}.{name} || excluded.{name} AS BLOB)"
        if name.endswith("_bins")
        else f"{name} = {table}.{name} + excluded.{name}"
        for name in columns
    )
    names = ", ".join(key + columns)
    values = ", ".join("?" * len(key + columns))
    return (
        f"INSERT INTO {table} ({names}) VALUES ({values}) "  # noqa: S608 - our own names
        f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {added}"
    )


_ADD_CELL = _upsert("cells", ("site", "quarter_ms", "service"), TALLY_COLUMNS)
_ADD_DAY = _upsert("site_days", ("day", "site"), TALLY_COLUMNS)
_ADD_COUNTER = _upsert("counter_cells", ("site", "quarter_ms", "counter"), COUNTER_COLUMNS)
_ADD_RATING = _upsert("ratings", ("day", "site", "service", "levels", "level"), ("n",))
_TOTAL = ", ".join(TOTAL_COLUMNS)
_FIND_TOTAL = f"SELECT {_TOTAL} FROM totals WHERE day = ? AND province = ?"  # noqa: S608 - as above
_PUT_TOTAL = _upsert("totals", ("day", "province"), TOTAL_COLUMNS, replace=True)
_PUT_IN_HOUSE = _upsert(
    "queue_now", ("journal", "ticket"), ("services", "phase", "since_ms"), replace=True
)
_PUT_COUNTER = _upsert(
    "counters_now", ("journal", "counter"), ("state", "reason", "since_ms"), replace=True
)
_PUT_DEVICE = _upsert(
    "devices_now", ("journal", "device"), ("state", "condition", "since_ms"), replace=True
)


class SqlRollupStore:
    """Cells and the cursor of the fold."""

    def __init__(self, db: Database) -> None:
        self._conn = db.conn
        self._services = Dictionary(self._conn, "services", "service", "code")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """See `RollupStore`."""
        try:
            with transaction(self._conn):
                yield
        except BaseException:
            self.forget()
            raise

    def forget(self) -> None:
        """See `RollupStore`."""
        self._services.clear()

    def unfolded(self, limit: int, lanes: Set[int] | None = None) -> list[Unfolded]:
        """See `RollupStore`."""
        if lanes is None:
            return self._unfolded("LIMIT ?", (limit,))
        rows = self._conn.execute(
            """SELECT journal, sites.code FROM journals JOIN nodes USING (node)
            JOIN sites USING (site) WHERE folded < watermark ORDER BY journal"""
        )
        own = (journal for journal, site in rows if lane_of(site) in lanes)
        found = list(islice(own, limit))
        return (
            self._unfolded(f"AND journal IN ({', '.join('?' * len(found))})", found)
            if found
            else []
        )

    def _unfolded(self, which: str, values: Sequence[int]) -> list[Unfolded]:
        rows = self._conn.execute(
            f"""SELECT journal, province, folded, counted,
                CASE WHEN folded < in_time THEN in_time ELSE watermark END,
                CASE WHEN folded < in_time THEN in_time_ms ELSE received_ms END,
                counters_open, fold_state
            FROM journals JOIN nodes USING (node) JOIN sites USING (site)
            WHERE folded < watermark {which}""",  # noqa: S608 - our own conditions
            values,
        )
        return [Unfolded(*row) for row in rows]

    def entries(self, journal: int, first: int, last: int) -> list[bytes]:
        """See `RollupStore`."""
        return entries_between(self._conn, journal, first, last)

    def queue(self, journal: int) -> dict[str, InHouse]:
        """See `RollupStore`."""
        rows = self._conn.execute(
            "SELECT ticket, services, phase, since_ms FROM queue_now WHERE journal = ?", (journal,)
        )
        return {
            ticket: InHouse(ticket, tuple(services.split()), phase, since_ms)
            for ticket, services, phase, since_ms in rows
        }

    def save_queue(
        self, journal: int, before: Mapping[str, InHouse], after: Mapping[str, InHouse]
    ) -> None:
        """See `RollupStore`."""
        self._conn.executemany(
            "DELETE FROM queue_now WHERE journal = ? AND ticket = ?",
            [(journal, ticket) for ticket in before.keys() - after.keys()],
        )
        self._conn.executemany(
            _PUT_IN_HOUSE,
            [
                (journal, ticket, " ".join(now.services), now.phase, now.since_ms)
                for ticket, now in after.items()
                if before.get(ticket) != now
            ],
        )
        waiting = [now.since_ms for now in after.values() if now.phase == "waiting"]
        since_ms = min((ms for ms in waiting if ms is not None), default=None)
        self._conn.execute(
            "UPDATE journals SET waiting = ?, waiting_since_ms = ? WHERE journal = ?",
            (len(waiting), since_ms, journal),
        )

    def devices(self, journal: int) -> dict[str, DeviceNow]:
        """See `RollupStore`."""
        rows = self._conn.execute(
            "SELECT device, state, condition, since_ms FROM devices_now WHERE journal = ?",
            (journal,),
        )
        return {device: DeviceNow(*said) for device, *said in rows}

    def save_devices(
        self, journal: int, before: Mapping[str, DeviceNow], after: Mapping[str, DeviceNow]
    ) -> None:
        """See `RollupStore`."""
        self._conn.executemany(
            _PUT_DEVICE,
            [
                (journal, device, now.state, now.condition, now.since_ms)
                for device, now in after.items()
                if before.get(device) != now
            ],
        )

    def counters(self, journal: int) -> dict[int, CounterNow]:
        """See `RollupStore`."""
        rows = self._conn.execute(
            "SELECT counter, state, reason, since_ms FROM counters_now WHERE journal = ?",
            (journal,),
        )
        return {counter: CounterNow(*said) for counter, *said in rows}

    def save_counters(
        self, journal: int, before: Mapping[int, CounterNow], after: Mapping[int, CounterNow]
    ) -> None:
        """See `RollupStore`."""
        self._conn.executemany(
            _PUT_COUNTER,
            [
                (journal, counter, now.state, now.reason, now.since_ms)
                for counter, now in after.items()
                if before.get(counter) != now
            ],
        )
        states = [now.state for now in after.values()]
        counted = [
            None if "unknown" in states else states.count(state) for state in ("open", "paused")
        ]
        self._conn.execute(
            "UPDATE journals SET counters_open = ?, counters_paused = ? WHERE journal = ?",
            (*counted, journal),
        )

    def add_cells(
        self,
        journal: int,
        quarters: Mapping[CellKey, Tally],
        days: Mapping[str, Tally],
        counters: Mapping[CounterKey, CounterTally],
        ratings: Mapping[RatingKey, int],
    ) -> None:
        """See `RollupStore`."""
        site = self._site(journal)
        service = self._services
        self._conn.executemany(
            _ADD_CELL,
            [
                (site, key.quarter_ms, service[key.service], *tally_to_row(tally))
                for key, tally in quarters.items()
            ],
        )
        self._conn.executemany(
            _ADD_DAY, [(day, site, *tally_to_row(tally)) for day, tally in days.items()]
        )
        self._conn.executemany(
            _ADD_COUNTER,
            [
                (site, key.quarter_ms, key.counter, *counter_tally_to_row(tally))
                for key, tally in counters.items()
            ],
        )
        self._conn.executemany(
            _ADD_RATING,
            [
                (key.day, site, service[key.service], key.levels, key.level, n)
                for key, n in ratings.items()
            ],
        )

    def add_totals(self, totals: Mapping[TotalKey, tuple[Tally, int]]) -> None:
        """See `RollupStore`."""
        claim(self._conn)
        for key, (tally, answers) in totals.items():
            found = self._conn.execute(_FIND_TOTAL, key).fetchone()
            total = total_from_row(found) if found else DayTotal()
            total.add(tally, answers)
            self._conn.execute(_PUT_TOTAL, (*key, *total_to_row(total)))

    def restate(self, journal: int, received_ms: int, events: Mapping[str, int]) -> None:
        """See `RollupStore`."""
        site, on_day = self._site(journal), day_of(received_ms)
        self._conn.executemany(
            """INSERT INTO restatements (site, day, on_day, first_ms, last_ms, events)
            VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (site, day, on_day) DO UPDATE
            SET last_ms = excluded.last_ms, events = restatements.events + excluded.events""",
            [(site, day, on_day, received_ms, received_ms, n) for day, n in events.items()],
        )

    def save_fold(self, journal: int, cursor: Cursor) -> None:
        """See `RollupStore`."""
        self._conn.execute(
            f"""UPDATE journals SET folded = ?, counted = {greater("counted", "?")},
            folded_ms = coalesce(?, folded_ms), began_ms = coalesce(began_ms, ?),
            business_day = ?, fold_state = ?
            WHERE journal = ?""",  # noqa: S608 - our own names
            (
                cursor.folded,
                cursor.folded,
                cursor.folded,
                cursor.folded_ms,
                cursor.began_ms,
                cursor.business_day,
                cursor.state,
                journal,
            ),
        )

    def reset_rollups(self) -> None:
        """See `RollupStore`."""
        empty(self._conn)

    def _site(self, journal: int) -> int:
        return int(
            self._conn.execute(
                "SELECT site FROM nodes JOIN journals USING (node) WHERE journals.journal = ?",
                (journal,),
            ).fetchone()[0]
        )
