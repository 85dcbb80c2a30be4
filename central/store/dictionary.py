"""Small integers in place of strings that repeat."""

from central.store.connection import Connection


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
            found = self._conn.execute(self._find, (code,)).fetchone()
            known = (found or self._conn.execute(self._add, (code,)).fetchone())[0]
            self._known[code] = int(known)
        return known

    def forget(self) -> None:
        """Forget what was undone with a transaction."""
        self._known.clear()
