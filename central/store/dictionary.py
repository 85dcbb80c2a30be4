"""Small integers in place of strings that repeat."""

from central.store.connection import Connection
from central.store.database import claim


class Dictionary:
    """The keys of one table of codes, made at the first mention, remembered in memory."""

    def __init__(self, conn: Connection, table: str, key: str, code: str) -> None:
        self._conn = conn
        self._find = f"SELECT {key} FROM {table} WHERE {code} = ?"  # noqa: S608 - our own names
        self._add = f"INSERT INTO {table} ({code}) VALUES (?) RETURNING {key}"  # noqa: S608 - as above
        self._known: dict[str, int] = {}

    def key(self, code: str) -> int:
        """The key of `code`."""
        known = self._known.get(code)
        if known is None:
            known = self._known[code] = self._found(code) or self._added(code)
        return known

    def forget(self) -> None:
        """Forget what was undone with a transaction."""
        self._known.clear()

    def _found(self, code: str) -> int | None:
        found = self._conn.execute(self._find, (code,)).fetchone()
        return int(found[0]) if found else None

    def _added(self, code: str) -> int:
        claim(self._conn)
        return self._found(code) or int(self._conn.execute(self._add, (code,)).fetchone()[0])
