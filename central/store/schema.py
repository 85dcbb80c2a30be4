"""The SQLite schema, as migrations. Times are UTC milliseconds since 1970, days ISO 8601."""

from sqlite_utils import Database, Migrations

from central.store.cells import COUNTER_COLUMNS, TALLY_COLUMNS, TOTAL_COLUMNS

migrations = Migrations("thutu-central")

_TALLY = ", ".join(
    f"{name} {'BLOB' if name.endswith('_bins') else 'INTEGER'} NOT NULL" for name in TALLY_COLUMNS
)
_COUNTER = ", ".join(f"{name} INTEGER NOT NULL" for name in COUNTER_COLUMNS)
_TOTAL = ", ".join(
    f"{name} {'BLOB' if name.endswith('_bins') else 'INTEGER'} NOT NULL" for name in TOTAL_COLUMNS
)


@migrations()
def m001_registry(db: Database) -> None:
    """Sites, nodes, and the names of things by their codes."""
    db.execute(
        """CREATE TABLE sites (site INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE,
        province TEXT NOT NULL, type TEXT, national_code TEXT,
        registered INTEGER NOT NULL DEFAULT 0) STRICT"""
    )
    db.execute("CREATE INDEX sites_of_province ON sites (province)")
    db.execute(
        """CREATE TABLE names (kind TEXT NOT NULL, code TEXT NOT NULL, from_day TEXT NOT NULL,
        name TEXT NOT NULL, PRIMARY KEY (kind, code, from_day)) STRICT, WITHOUT ROWID"""
    )
    db.execute(
        "CREATE TABLE services (service INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE) STRICT"
    )
    db.execute("CREATE TABLE kinds (kind INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT")


@migrations()
def m002_ingest(db: Database) -> None:
    """Nodes, journals, events, and what was refused."""
    db.execute(
        """CREATE TABLE nodes (node INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE,
        site INTEGER NOT NULL REFERENCES sites, current_journal INTEGER, online INTEGER,
        online_since_ms INTEGER, heard_ms INTEGER, synced INTEGER, unsent INTEGER,
        software TEXT, config TEXT, status BLOB, rejected INTEGER NOT NULL DEFAULT 0) STRICT"""
    )
    db.execute("CREATE INDEX nodes_of_site ON nodes (site)")
    db.execute(
        """CREATE TABLE journals (journal INTEGER PRIMARY KEY,
        node INTEGER NOT NULL REFERENCES nodes, epoch TEXT NOT NULL,
        watermark INTEGER NOT NULL, chain BLOB NOT NULL,
        highest INTEGER NOT NULL, beyond INTEGER NOT NULL, received_ms INTEGER,
        announced INTEGER NOT NULL DEFAULT 0, announced_ms INTEGER,
        duplicates INTEGER NOT NULL DEFAULT 0, contradictions INTEGER NOT NULL DEFAULT 0,
        not_understood INTEGER NOT NULL DEFAULT 0,
        folded INTEGER NOT NULL DEFAULT 0, folded_ms INTEGER, business_day TEXT,
        fold_state BLOB NOT NULL DEFAULT x'',
        UNIQUE (node, epoch)) STRICT"""
    )
    db.execute("CREATE INDEX unfolded ON journals (journal) WHERE folded < watermark")
    db.execute(
        """CREATE TABLE runs (journal INTEGER NOT NULL REFERENCES journals,
        first INTEGER NOT NULL, last INTEGER NOT NULL, before BLOB NOT NULL, after BLOB NOT NULL,
        PRIMARY KEY (journal, first)) STRICT, WITHOUT ROWID"""
    )
    db.execute(
        """CREATE TABLE events (journal INTEGER NOT NULL REFERENCES journals,
        seq INTEGER NOT NULL, wall_ms INTEGER NOT NULL, kind INTEGER REFERENCES kinds,
        ticket TEXT, counter INTEGER, service INTEGER REFERENCES services,
        training INTEGER NOT NULL, entry BLOB NOT NULL,
        PRIMARY KEY (journal, seq)) STRICT, WITHOUT ROWID"""
    )
    db.execute(
        """CREATE VIEW event_log AS SELECT sites.code AS site, nodes.code AS node, journals.epoch,
        events.seq, datetime(events.wall_ms / 1000, 'unixepoch', '+7 hours') AS local_time,
        kinds.name AS event, events.ticket, events.counter, services.code AS service,
        events.training
        FROM events JOIN journals USING (journal) JOIN nodes USING (node) JOIN sites USING (site)
        LEFT JOIN kinds USING (kind) LEFT JOIN services ON services.service = events.service"""
    )
    db.execute(
        """CREATE TABLE quarantine (id INTEGER PRIMARY KEY AUTOINCREMENT,
        received_ms INTEGER NOT NULL, topic TEXT NOT NULL, node INTEGER REFERENCES nodes,
        reason TEXT NOT NULL, detail TEXT NOT NULL, bytes INTEGER NOT NULL,
        payload BLOB NOT NULL) STRICT"""
    )


@migrations()
def m003_rollup(db: Database) -> None:
    """Cells, and who is in the house now."""
    db.execute(
        f"""CREATE TABLE cells (site INTEGER NOT NULL REFERENCES sites,
        quarter_ms INTEGER NOT NULL, service INTEGER NOT NULL REFERENCES services, {_TALLY},
        PRIMARY KEY (site, quarter_ms, service)) STRICT, WITHOUT ROWID"""
    )
    db.execute(
        f"""CREATE TABLE site_days (day TEXT NOT NULL, site INTEGER NOT NULL REFERENCES sites,
        {_TALLY}, PRIMARY KEY (day, site)) STRICT, WITHOUT ROWID"""
    )
    db.execute(
        f"""CREATE TABLE counter_cells (site INTEGER NOT NULL REFERENCES sites,
        quarter_ms INTEGER NOT NULL, counter INTEGER NOT NULL, {_COUNTER},
        PRIMARY KEY (site, quarter_ms, counter)) STRICT, WITHOUT ROWID"""
    )
    db.execute(
        """CREATE TABLE ratings (day TEXT NOT NULL, site INTEGER NOT NULL REFERENCES sites,
        service INTEGER NOT NULL REFERENCES services, levels INTEGER NOT NULL,
        level INTEGER NOT NULL, n INTEGER NOT NULL,
        PRIMARY KEY (day, site, service, levels, level)) STRICT, WITHOUT ROWID"""
    )
    db.execute(
        """CREATE TABLE queue_now (journal INTEGER NOT NULL REFERENCES journals,
        ticket TEXT NOT NULL, services TEXT NOT NULL, phase TEXT NOT NULL, since_ms INTEGER,
        PRIMARY KEY (journal, ticket)) STRICT, WITHOUT ROWID"""
    )


@migrations()
def m004_access(db: Database) -> None:
    """Tokens of admins and the sessions of their browsers; only hashes are kept."""
    db.execute(
        """CREATE TABLE tokens (token INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE,
        name TEXT NOT NULL UNIQUE, role TEXT NOT NULL, province TEXT,
        created_ms INTEGER NOT NULL) STRICT"""
    )
    db.execute(
        """CREATE TABLE sessions (hash BLOB PRIMARY KEY,
        token INTEGER NOT NULL REFERENCES tokens ON DELETE CASCADE,
        until_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID"""
    )


@migrations()
def m005_totals(db: Database) -> None:
    """Days of provinces and of the nation, what was restated, who waits by journal, and how many
    messages were taken. All figures are folded anew."""
    for column in (
        "taken INTEGER NOT NULL DEFAULT 0",
        "counted INTEGER NOT NULL DEFAULT 0",
        "waiting INTEGER NOT NULL DEFAULT 0",
        "waiting_since_ms INTEGER",
    ):
        db.execute(f"ALTER TABLE journals ADD COLUMN {column}")
    db.execute(
        f"""CREATE TABLE totals (day TEXT NOT NULL, province TEXT NOT NULL, {_TOTAL},
        PRIMARY KEY (day, province)) STRICT, WITHOUT ROWID"""
    )
    db.execute(
        """CREATE TABLE restatements (site INTEGER NOT NULL REFERENCES sites, day TEXT NOT NULL,
        on_day TEXT NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,
        events INTEGER NOT NULL, PRIMARY KEY (site, day, on_day)) STRICT, WITHOUT ROWID"""
    )
    db.execute("CREATE INDEX restatements_of_day ON restatements (day)")
    for table in ("cells", "site_days", "counter_cells", "ratings", "queue_now"):
        db.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
    db.execute(
        """UPDATE journals SET counted = folded, folded = 0, folded_ms = NULL,
        business_day = NULL, fold_state = x''"""
    )


@migrations()
def m006_events_unchecked(db: Database) -> None:
    """Rows of events refer to journals, kinds and services that the same code has just written;
    checking three references for each of them cost a third of the time of storing it."""
    view = db.execute("SELECT sql FROM sqlite_master WHERE name = 'event_log'").fetchone()[0]
    db.execute("DROP VIEW event_log")
    db.execute(
        """CREATE TABLE rows (journal INTEGER NOT NULL, seq INTEGER NOT NULL,
        wall_ms INTEGER NOT NULL, kind INTEGER, ticket TEXT, counter INTEGER, service INTEGER,
        training INTEGER NOT NULL, entry BLOB NOT NULL,
        PRIMARY KEY (journal, seq)) STRICT, WITHOUT ROWID"""
    )
    db.execute("INSERT INTO rows SELECT * FROM events")
    db.execute("DROP TABLE events")
    db.execute("ALTER TABLE rows RENAME TO events")
    db.execute(view)


@migrations()
def m007_answers_by_fives(db: Database) -> None:
    """Answers of citizens are counted by fives. All figures are folded anew."""
    for table in ("cells", "site_days", "counter_cells", "ratings", "queue_now", "totals"):
        db.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
    db.execute(
        """UPDATE journals SET folded = 0, folded_ms = NULL, business_day = NULL,
        fold_state = x'', waiting = 0, waiting_since_ms = NULL"""
    )


@migrations()
def m008_sites_end(db: Database) -> None:
    """The last day of a site; NULL: until further notice."""
    db.execute("ALTER TABLE sites ADD COLUMN valid_to TEXT")


@migrations()
def m009_definitions(db: Database) -> None:
    """By which definition figures were folded (see `figures_edition`); until here the migrations
    had them folded anew."""
    db.execute(
        """CREATE TABLE definitions (part TEXT NOT NULL PRIMARY KEY, edition INTEGER NOT NULL)
        STRICT, WITHOUT ROWID"""
    )
    db.execute("INSERT INTO definitions (part, edition) VALUES ('figures', 1)")


@migrations()
def m010_given_up(db: Database) -> None:
    """When a hub was taken away for good, and when it was decided not to wait any longer for what
    a journal of a former card lacks; NULL: never. Rows of a journal up to `in_time` came on the day
    of `in_time_ms` or before, not on that of its last message."""
    db.execute("ALTER TABLE nodes ADD COLUMN retired_ms INTEGER")
    db.execute("ALTER TABLE journals ADD COLUMN written_off_ms INTEGER")
    db.execute("ALTER TABLE journals ADD COLUMN in_time INTEGER NOT NULL DEFAULT 0")
    db.execute("ALTER TABLE journals ADD COLUMN in_time_ms INTEGER")


@migrations()
def m011_began(db: Database) -> None:
    """The first trusted time of a journal, since when former cards of its node wrote nothing more;
    NULL: unknown."""
    db.execute("ALTER TABLE journals ADD COLUMN began_ms INTEGER")
