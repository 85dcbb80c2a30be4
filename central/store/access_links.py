"""Which accounts an OpenID Connect provider's claims open."""

from msgspec import Struct

from central.scope import Role
from central.store.access import AccountRow
from central.store.connection import Connection


class Link(Struct, frozen=True):
    """A claim (`sub` or `email`) of a provider's ID tokens, and its value."""

    issuer: str
    claim: str
    value: str


_LINK = "issuer, claim, value"
_THIS = "issuer = ? AND claim = ? AND value = ?"


class LinkStore:
    """Reads and, inside a transaction, writes the links of accounts."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def account(self, link: Link) -> AccountRow | None:
        """Which account a claim opens."""
        found: tuple[int, str, Role, str | None, str | None, str | None] | None = (
            self._conn.execute(
                f"""SELECT account, name, role, province, unit, password
                FROM accounts JOIN openid_links USING (account) WHERE {_THIS}""",  # noqa: S608 - our own names
                (link.issuer, link.claim, link.value),
            ).fetchone()
        )
        return AccountRow(*found) if found else None

    def links(self, account: int) -> list[Link]:
        """What opens an account."""
        rows = self._conn.execute(
            f"SELECT {_LINK} FROM openid_links WHERE account = ? ORDER BY {_LINK}",  # noqa: S608 - as above
            (account,),
        )
        return [Link(*row) for row in rows]

    def add(self, account: int, link: Link) -> None:
        """Let a claim open an account."""
        self._conn.execute(
            f"INSERT INTO openid_links ({_LINK}, account) VALUES (?, ?, ?, ?)",  # noqa: S608 - as above
            (link.issuer, link.claim, link.value, account),
        )

    def remove(self, link: Link) -> None:
        """Let a claim open nothing."""
        self._conn.execute(
            f"DELETE FROM openid_links WHERE {_THIS}",  # noqa: S608 - as above
            (link.issuer, link.claim, link.value),
        )

    def remove_all(self, account: int) -> None:
        """Let no claim open an account; its sessions end."""
        for table in ("openid_links", "sessions"):
            self._conn.execute(f"DELETE FROM {table} WHERE account = ?", (account,))  # noqa: S608 - as above
