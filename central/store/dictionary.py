"""Small integers in place of strings that repeat."""

from central.store.connection import Connection
from central.store.database import claim


class Dictionary(dict[str, int]):
    """The key of each code of one table, made at the first mention, remembered until `clear`."""

    def __init__(self, conn: Connection, table: str, key: str, code: str) -> None:
        super().__init__()
        self._conn = conn
        self._find = f"SELECT {key} FROM {table} WHERE {code} = ?"  # noqa: S608 - our own names
        self._add = f"INSERT INTO {table} ({code}) VALUES (?) RETURNING {key}"  # noqa: S608 - as above

    def __missing__(self, code: str) -> int:
        """The key of a code that is not remembered."""
        key = self[code] = self._found(code) or self._added(code)
        return key

    def _found(self, code: str) -> int | None:
        found = self._conn.execute(self._find, (code,)).fetchone()
        return int(found[0]) if found else None

    def _added(self, code: str) -> int:
        claim(self._conn)
        return self._found(code) or int(self._conn.execute(self._add, (code,)).fetchone()[0])
