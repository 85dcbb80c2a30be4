"""The tables of alerts, as migrations. Times are UTC milliseconds since 1970."""

from sqlite_utils import Database, Migrations

alert_migrations = Migrations("thutu-central-alerts")

_TABLES = (
    """CREATE TABLE alerts (
        alert INTEGER PRIMARY KEY AUTOINCREMENT,
        rule TEXT NOT NULL,
        site INTEGER NOT NULL REFERENCES sites,
        subject TEXT NOT NULL,
        phase TEXT NOT NULL,
        phase_ms INTEGER NOT NULL,
        began_ms INTEGER NOT NULL,
        opened_ms INTEGER,
        closed_ms INTEGER,
        acknowledged_ms INTEGER,
        detail TEXT NOT NULL
    ) STRICT""",
    "CREATE UNIQUE INDEX alerts_watched ON alerts (rule, site, subject) WHERE phase <> 'closed'",
    "CREATE INDEX alerts_by_opening ON alerts (opened_ms) WHERE opened_ms IS NOT NULL",
    "CREATE INDEX alerts_open ON alerts (site) WHERE closed_ms IS NULL",
    """CREATE TABLE alert_steps (
        step INTEGER PRIMARY KEY AUTOINCREMENT,
        alert INTEGER NOT NULL REFERENCES alerts ON DELETE CASCADE,
        at_ms INTEGER NOT NULL,
        what TEXT NOT NULL,
        who TEXT NOT NULL,
        note TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX steps_of_alert ON alert_steps (alert)",
    """CREATE TABLE alert_news (
        news INTEGER PRIMARY KEY AUTOINCREMENT,
        receiver TEXT NOT NULL,
        alert INTEGER NOT NULL REFERENCES alerts ON DELETE CASCADE,
        what TEXT NOT NULL,
        at_ms INTEGER NOT NULL
    ) STRICT""",
    "CREATE INDEX news_of_receiver ON alert_news (receiver)",
    "CREATE INDEX news_of_alert ON alert_news (alert)",
)


@alert_migrations()
def m001_first(db: Database) -> None:
    """Alerts with their history, and the news of them that is not sent yet."""
    for statement in _TABLES:
        db.execute(statement)
