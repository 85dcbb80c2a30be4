"""The tables of accounts and of the audit log, as migrations. Times are UTC milliseconds since
1970; of secrets only hashes are kept."""

from sqlite_utils import Database, Migrations

access_migrations = Migrations("thutu-central-access")

_TABLES = (
    """CREATE TABLE accounts (
        account INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        role TEXT NOT NULL,
        province TEXT,
        unit TEXT,
        password TEXT -- NULL: opened by tokens or links only
    ) STRICT""",
    """CREATE TABLE access_tokens (
        hash BLOB PRIMARY KEY,
        account INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX tokens_of_account ON access_tokens (account)",
    """CREATE TABLE sessions (
        hash BLOB PRIMARY KEY,
        account INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
        until_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX sessions_of_account ON sessions (account)",
    # Which claims of an OpenID Connect provider's ID tokens open which account.
    """CREATE TABLE openid_links (
        issuer TEXT NOT NULL,
        claim TEXT NOT NULL,
        value TEXT NOT NULL,
        account INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
        PRIMARY KEY (issuer, claim, value)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX openid_links_of_account ON openid_links (account)",
    """CREATE TABLE audit (
        entry INTEGER PRIMARY KEY,
        at_ms INTEGER NOT NULL,
        who TEXT NOT NULL,
        action TEXT NOT NULL,
        subject TEXT NOT NULL,
        address TEXT NOT NULL,
        chain BLOB NOT NULL -- a hash over the predecessor's and this line's fields
    ) STRICT""",
)


@access_migrations()
def m001_first(db: Database) -> None:
    """Accounts, what opens them, and who did what."""
    for statement in _TABLES:
        db.execute(statement)
