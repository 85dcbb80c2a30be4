"""The tables of accounts and of the audit log, as migrations."""

from sqlite_utils import Database, Migrations

access_migrations = Migrations("thutu-central-access")


@access_migrations()
def m001_accounts(db: Database) -> None:
    """Accounts with a password, tokens or both, instead of tokens alone; only hashes are kept."""
    db.execute(
        """CREATE TABLE accounts (account INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
        role TEXT NOT NULL, province TEXT, unit TEXT, password TEXT,
        created_ms INTEGER NOT NULL, failures INTEGER NOT NULL DEFAULT 0,
        locked_until_ms INTEGER NOT NULL DEFAULT 0) STRICT"""
    )
    db.execute(
        """CREATE TABLE access_tokens (hash BLOB PRIMARY KEY,
        account INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
        created_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID"""
    )
    db.execute(
        """INSERT INTO accounts (account, name, role, province, created_ms)
        SELECT token, name, role, province, created_ms FROM tokens"""
    )
    db.execute(
        """INSERT INTO access_tokens (hash, account, created_ms)
        SELECT hash, token, created_ms FROM tokens"""
    )
    db.execute("DROP TABLE sessions")
    db.execute("DROP TABLE tokens")
    db.execute(
        """CREATE TABLE sessions (hash BLOB PRIMARY KEY,
        account INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
        until_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID"""
    )
    db.execute("CREATE INDEX tokens_of_account ON access_tokens (account)")
    db.execute("CREATE INDEX sessions_of_account ON sessions (account)")


@access_migrations()
def m002_audit(db: Database) -> None:
    """Who did what; each row carries a hash over its predecessor's and its own fields."""
    db.execute(
        """CREATE TABLE audit (entry INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL,
        who TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL, address TEXT NOT NULL,
        chain BLOB NOT NULL) STRICT"""
    )


@access_migrations()
def m003_openid_links(db: Database) -> None:
    """Which claims of an OpenID Connect provider's ID tokens open which account."""
    db.execute(
        """CREATE TABLE openid_links (issuer TEXT NOT NULL, claim TEXT NOT NULL,
        value TEXT NOT NULL, account INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
        linked_ms INTEGER NOT NULL, PRIMARY KEY (issuer, claim, value)) STRICT, WITHOUT ROWID"""
    )
    db.execute("CREATE INDEX openid_links_of_account ON openid_links (account)")
