"""Statements that see sites only through `visible`, which holds the sites of a scope: whoever
writes a question cannot forget to filter."""

from typing import Any

from msgspec import Struct

from central.scope import Scope
from central.store.connection import Connection

STILL_THERE = "coalesce(valid_to, :today) >= :today"
"""The condition that a row of `sites` has not ended before a day, the parameter `today`."""
IN_SERVICE = "retired_ms IS NULL"
"""The condition that a row of `nodes` was not taken away for good."""
HUBS = ", ".join(f"visible.code || '-h{number}'" for number in range(1, 10))
"""The names that hubs of a row of `visible` can have."""
IS_TAKEN_AWAY = f"""(EXISTS (SELECT 1 FROM nodes WHERE nodes.site = visible.site)
    AND NOT EXISTS (SELECT 1 FROM nodes WHERE nodes.site = visible.site AND {IN_SERVICE})
    AND NOT EXISTS (SELECT 1 FROM configurations
        LEFT JOIN nodes AS told ON told.code = configurations.node
        WHERE configurations.node IN ({HUBS}) AND told.retired_ms IS NULL)
    AND NOT EXISTS (SELECT 1 FROM awaited_nodes WHERE awaited_nodes.site = visible.site))"""  # noqa: S608 - our own names
"""The condition that all hubs of a row of `visible` were taken away for good, and that nothing was
decided for another and none is listed, which is then awaited."""
STILL_RUNNING = f"{STILL_THERE} AND {IN_SERVICE}"
"""Both conditions, of a row of `sites` joined with `nodes`."""


class Where(Struct, frozen=True):
    """What narrows a question within the scope: a province, a unit, or a site."""

    province: str | None = None
    unit: str | None = None
    site: str | None = None


EVERYWHERE = Where()


class Visible:
    """Asks within `scope`, over one connection and one state of the database.

    Every statement may name the table `visible`: the rows of `sites` that `scope` covers.
    `where` narrows it; nothing widens it.
    """

    def __init__(self, conn: Connection, scope: Scope) -> None:
        self._conn = conn
        self.scope = scope

    def query(self, sql: str, where: Where = EVERYWHERE, **values: object) -> list[Any]:
        """The rows of a statement, with `values` as its named parameters."""
        filters = {
            "province = :scope_province": self.scope.province,
            "substr(code, 1, 8) = :scope_unit": self.scope.unit,
            "province = :province": where.province,
            "substr(code, 1, 8) = :unit": where.unit,
            "code = :site": where.site,
        }
        used = [condition for condition, value in filters.items() if value is not None]
        seen = f"SELECT * FROM sites WHERE {' AND '.join(used) or 'true'}"  # noqa: S608 - our own conditions
        asked = {
            **values,
            "scope_province": self.scope.province,
            "scope_unit": self.scope.unit,
            "province": where.province,
            "unit": where.unit,
            "site": where.site,
        }
        visible = f"WITH visible AS NOT MATERIALIZED ({seen}) "
        return self._conn.execute(visible + sql, asked).fetchall()
