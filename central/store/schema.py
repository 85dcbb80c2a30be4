"""The SQLite schema, as migrations. Times are UTC milliseconds since 1970, days ISO 8601."""

from collections.abc import Sequence

from sqlite_utils import Database, Migrations

from central.store import figures_edition
from central.store.cells import COUNTER_COLUMNS, TALLY_COLUMNS, TOTAL_COLUMNS

migrations = Migrations("thutu-central")


def _summed(columns: Sequence[str]) -> str:
    return ", ".join(
        f"{name} {'BLOB' if name.endswith('_bins') else 'INTEGER'} NOT NULL" for name in columns
    )


_REGISTRY = (
    """CREATE TABLE sites (
        site INTEGER PRIMARY KEY,
        code TEXT NOT NULL UNIQUE,
        province TEXT NOT NULL,
        type TEXT,
        national_code TEXT,
        registered INTEGER NOT NULL DEFAULT 0, -- 1: in the list that was imported
        valid_to TEXT -- its last day; NULL: until further notice
    ) STRICT""",
    "CREATE INDEX sites_of_province ON sites (province)",
    """CREATE TABLE names (
        kind TEXT NOT NULL,
        code TEXT NOT NULL,
        from_day TEXT NOT NULL,
        name TEXT NOT NULL,
        PRIMARY KEY (kind, code, from_day)
    ) STRICT, WITHOUT ROWID""",
)
_INGEST = (
    """CREATE TABLE nodes (
        node INTEGER PRIMARY KEY,
        code TEXT NOT NULL UNIQUE,
        site INTEGER NOT NULL REFERENCES sites,
        current_journal INTEGER,
        online INTEGER,
        online_since_ms INTEGER,
        heard_ms INTEGER,
        synced INTEGER,
        unsent INTEGER,
        software TEXT,
        config TEXT,
        status BLOB, -- as it came last
        machines TEXT, -- what it last said of those beside it, as JSON
        rejected INTEGER NOT NULL DEFAULT 0,
        retired_ms INTEGER -- when it was taken away for good
    ) STRICT""",
    "CREATE INDEX nodes_of_site ON nodes (site)",
    """CREATE TABLE journals (
        journal INTEGER PRIMARY KEY,
        node INTEGER NOT NULL REFERENCES nodes,
        epoch TEXT NOT NULL,
        watermark INTEGER NOT NULL, -- every row up to it is held, and proven by the chain
        chain BLOB NOT NULL,
        highest INTEGER NOT NULL,
        beyond INTEGER NOT NULL, -- how many rows are held behind the watermark
        received_ms INTEGER,
        in_time INTEGER NOT NULL DEFAULT 0, -- rows up to it came by the day of in_time_ms,
        in_time_ms INTEGER, -- and not on that of the last message
        announced INTEGER NOT NULL DEFAULT 0,
        announced_ms INTEGER,
        began_ms INTEGER, -- its first trusted time, since when former cards wrote nothing more
        written_off_ms INTEGER, -- since when nothing more is awaited of it
        taken INTEGER NOT NULL DEFAULT 0,
        duplicates INTEGER NOT NULL DEFAULT 0,
        contradictions INTEGER NOT NULL DEFAULT 0,
        not_understood INTEGER NOT NULL DEFAULT 0,
        folded INTEGER NOT NULL DEFAULT 0,
        folded_ms INTEGER,
        counted INTEGER NOT NULL DEFAULT 0, -- the highest row that was ever folded
        business_day TEXT,
        waiting INTEGER NOT NULL DEFAULT 0,
        waiting_since_ms INTEGER,
        counters_open INTEGER DEFAULT 0, -- NULL: what one of them does is unknown
        counters_paused INTEGER DEFAULT 0,
        fold_state BLOB NOT NULL DEFAULT x'',
        UNIQUE (node, epoch)
    ) STRICT""",
    "CREATE INDEX unfolded ON journals (journal) WHERE folded < watermark",
    """CREATE TABLE runs (
        journal INTEGER NOT NULL REFERENCES journals,
        first INTEGER NOT NULL,
        last INTEGER NOT NULL,
        before BLOB NOT NULL,
        after BLOB NOT NULL,
        PRIMARY KEY (journal, first)
    ) STRICT, WITHOUT ROWID""",
    "CREATE TABLE kinds (kind INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT",
    "CREATE TABLE services (service INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE) STRICT",
    # No references: journal, kind and service were just written by the same code, and checking
    # three of them for each row costs a third of the time of storing it.
    """CREATE TABLE events (
        journal INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        wall_ms INTEGER NOT NULL,
        kind INTEGER,
        ticket TEXT,
        counter INTEGER,
        service INTEGER,
        training INTEGER NOT NULL,
        entry BLOB NOT NULL,
        PRIMARY KEY (journal, seq)
    ) STRICT, WITHOUT ROWID""",
    """CREATE VIEW event_log AS SELECT sites.code AS site, nodes.code AS node, journals.epoch,
        events.seq, datetime(events.wall_ms / 1000, 'unixepoch', '+7 hours') AS local_time,
        kinds.name AS event, events.ticket, events.counter, services.code AS service,
        events.training
        FROM events JOIN journals USING (journal) JOIN nodes USING (node) JOIN sites USING (site)
        LEFT JOIN kinds USING (kind) LEFT JOIN services ON services.service = events.service""",
    """CREATE TABLE quarantine (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        received_ms INTEGER NOT NULL,
        topic TEXT NOT NULL,
        node INTEGER REFERENCES nodes,
        reason TEXT NOT NULL,
        detail TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        payload BLOB NOT NULL -- the first 64 KiB
    ) STRICT""",
)
_FIGURES = (
    f"""CREATE TABLE cells (
        site INTEGER NOT NULL REFERENCES sites,
        quarter_ms INTEGER NOT NULL,
        service INTEGER NOT NULL REFERENCES services,
        {_summed(TALLY_COLUMNS)},
        PRIMARY KEY (site, quarter_ms, service)
    ) STRICT, WITHOUT ROWID""",
    f"""CREATE TABLE counter_cells (
        site INTEGER NOT NULL REFERENCES sites,
        quarter_ms INTEGER NOT NULL,
        counter INTEGER NOT NULL,
        {_summed(COUNTER_COLUMNS)},
        PRIMARY KEY (site, quarter_ms, counter)
    ) STRICT, WITHOUT ROWID""",
    f"""CREATE TABLE site_days (
        day TEXT NOT NULL,
        site INTEGER NOT NULL REFERENCES sites,
        {_summed(TALLY_COLUMNS)},
        PRIMARY KEY (day, site)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE ratings (
        day TEXT NOT NULL,
        site INTEGER NOT NULL REFERENCES sites,
        service INTEGER NOT NULL REFERENCES services,
        levels INTEGER NOT NULL,
        level INTEGER NOT NULL, -- 0: presses that were ignored
        n INTEGER NOT NULL,
        PRIMARY KEY (day, site, service, levels, level)
    ) STRICT, WITHOUT ROWID""",
    f"""CREATE TABLE totals (
        day TEXT NOT NULL,
        province TEXT NOT NULL, -- empty: the nation
        {_summed(TOTAL_COLUMNS)},
        PRIMARY KEY (day, province)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE queue_now (
        journal INTEGER NOT NULL REFERENCES journals,
        ticket TEXT NOT NULL,
        services TEXT NOT NULL, -- still to come, the present one first
        phase TEXT NOT NULL,
        since_ms INTEGER,
        PRIMARY KEY (journal, ticket)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE counters_now (
        journal INTEGER NOT NULL REFERENCES journals,
        counter INTEGER NOT NULL,
        state TEXT NOT NULL,
        reason TEXT,
        since_ms INTEGER,
        PRIMARY KEY (journal, counter)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE devices_now (
        journal INTEGER NOT NULL REFERENCES journals,
        device TEXT NOT NULL,
        state TEXT NOT NULL,
        condition TEXT,
        since_ms INTEGER,
        PRIMARY KEY (journal, device)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE restatements (
        site INTEGER NOT NULL REFERENCES sites,
        day TEXT NOT NULL, -- the day that late events changed,
        on_day TEXT NOT NULL, -- and the day on which they came
        first_ms INTEGER NOT NULL,
        last_ms INTEGER NOT NULL,
        events INTEGER NOT NULL,
        PRIMARY KEY (site, day, on_day)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX restatements_of_day ON restatements (day)",
    # By which definition the figures were folded: see `figures_edition`.
    """CREATE TABLE definitions (
        part TEXT NOT NULL PRIMARY KEY,
        edition INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
)


@migrations()
def m001_first(db: Database) -> None:
    """What is known of sites, what hubs have sent, and the figures made of it."""
    for statement in (*_REGISTRY, *_INGEST, *_FIGURES):
        db.execute(statement)
    figures_edition.begin(db.conn)


@migrations()
def m002_awaited_nodes(db: Database) -> None:
    """Nodes that are to report from a day on, until they are first heard."""
    db.execute(
        """CREATE TABLE awaited_nodes (
            code TEXT NOT NULL PRIMARY KEY,
            site INTEGER NOT NULL REFERENCES sites,
            from_ms INTEGER NOT NULL -- the beginning of that day
        ) STRICT, WITHOUT ROWID"""
    )


@migrations()
def m003_fingerprints(db: Database) -> None:
    """What a node last said of the files of its software; see `contract.wire.Status`."""
    db.execute("ALTER TABLE nodes ADD COLUMN fingerprint TEXT")


@migrations()
def m004_health(db: Database) -> None:
    """What a node itself last said of its machine (JSON; see `contract.wire.Health`), and when: the
    broker's word that it has gone says nothing of that."""
    db.execute("ALTER TABLE nodes ADD COLUMN health TEXT")
    db.execute("ALTER TABLE nodes ADD COLUMN health_ms INTEGER")


@migrations()
def m005_dropped_days(db: Database) -> None:
    """Days whose events were dropped before all else was moved here; see `dropped_days`."""
    db.execute("CREATE TABLE dropped_days (day TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID")
