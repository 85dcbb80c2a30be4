"""What the API and the alerts read of devices and programs, by scope."""

from msgspec import Struct

from central.scope import Scope
from central.store.connection import Connection, greater
from central.store.journal_reach import REACHES_MS
from central.store.visible import IN_SERVICE, STILL_RUNNING, Visible, Where

_LAST_WORD_MS = greater("coalesce(announced_ms, 0)", "coalesce(folded_ms, 0)")


class DeviceRow(Struct, frozen=True):
    """What a hub last said of a device; see `central.rollup.devices.DeviceNow`."""

    site: str
    node: str
    device: str
    state: str
    condition: str | None
    since_ms: int | None


class Machines:
    """Reads what the present journals of `scope` say, over one connection."""

    def __init__(self, conn: Connection, scope: Scope) -> None:
        self._visible = Visible(conn, scope)

    def devices(self, where: Where, *, broken: bool = False) -> list[DeviceRow]:
        """Devices by node and name, all or only those that do not work or are low on paper."""
        rows = self._visible.query(
            f"""SELECT visible.code, nodes.code, device, state, condition, since_ms
            FROM devices_now JOIN nodes ON current_journal = journal JOIN visible USING (site)
            WHERE {IN_SERVICE} AND state <> 'removed' AND (state <> 'working' OR :broken = 0)
            ORDER BY nodes.code, device""",  # noqa: S608 - our own condition
            where,
            broken=int(broken),
        )
        return [DeviceRow(*row) for row in rows]

    def lost_before(self, where: Where) -> list[tuple[DeviceRow, int | None]]:
        """Devices that a journal of a former card called lost, and of which no later journal has
        spoken: a hub says again only what has changed for it. Each with for how long the present
        card has been heard without a word of it, in milliseconds, since the former one's last; None
        when that is not known."""
        rows = self._visible.query(
            f"""SELECT visible.code, nodes.code, device, state, condition, since_ms,
                reaches_ms - {greater(_LAST_WORD_MS, "present_began_ms")}
            FROM devices_now AS said JOIN journals USING (journal) JOIN nodes USING (node)
            JOIN visible USING (site)
            JOIN (SELECT journal AS present, began_ms AS present_began_ms,
                {REACHES_MS} AS reaches_ms FROM journals) AS present ON present = current_journal
            WHERE {IN_SERVICE} AND state = 'lost' AND said.journal <> current_journal
            AND NOT EXISTS (SELECT 1 FROM journals AS others JOIN devices_now AS later
                ON later.journal = others.journal
                WHERE others.node = nodes.node AND later.device = said.device
                AND (later.journal = nodes.current_journal OR later.journal > said.journal))
            ORDER BY nodes.code, device""",  # noqa: S608 - our own condition
            where,
        )
        return [(DeviceRow(*row), unspoken_ms) for *row, unspoken_ms in rows]

    def software(self, where: Where, today: str) -> dict[str, int]:
        """How many hubs said last that they run each version, the most frequent first; those of
        sites that have ended left out."""
        rows = self._visible.query(
            f"""SELECT software, count(*) AS hubs FROM visible JOIN nodes USING (site)
            WHERE software <> '' AND {STILL_RUNNING}
            GROUP BY software ORDER BY hubs DESC, software DESC""",  # noqa: S608 - our own condition
            where,
            today=today,
        )
        return dict(rows)
