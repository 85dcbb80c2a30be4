"""Everything the demo needs, started and stopped in order: broker, centre, sites."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from msgspec.structs import replace

from central.broker import CENTRE, EmbeddedBroker
from central.registry.register import register
from central.registry.sites import SiteRecord, SiteType
from central.rollup.business_day import midnight_ms
from central.service import Centre, issue_token
from central.settings import FigureSettings, HttpSettings
from central.store.database import database_of, writing
from edge.settings import HubSettings
from simulation.clock import SimulatedClock, SimulatedTime
from simulation.communes import Commune, hub_settings
from simulation.satellite import PRINTS_ON
from simulation.site import SimulatedSite, SiteFiles

# Hubs send heartbeats in real time, in which a whole simulated day may pass.
_LIVE_WITHIN_S = 12 * 3600
TICKET_PAGE = "/t/{node}/{day}/{number}"
_REGISTERED_MS = midnight_ms("2025-07-01")


class Stage:
    """A broker, the centre and some sites in folders below `root`; a context manager.

    `centre_token` lets an admin of the whole nation in.
    """

    def __init__(
        self, root: Path, communes: Sequence[Commune], time: SimulatedTime, seed: int
    ) -> None:
        self._root = root
        self._time = time
        self._undo = ExitStack()
        with ExitStack() as undo:
            nodes = [f"{commune.site}-h1" for commune in communes]
            self.broker = undo.enter_context(EmbeddedBroker(root / "broker", nodes))
            self.centre_token = issue_token(self._centre_folder, "demo", "national")
            with writing(database_of(self._centre_folder)) as db:
                sites = [_record(commune) for commune in communes]
                register(db, sites, who="demo", now_ms=_REGISTERED_MS)
            self.centre = self._open_centre()
            undo.callback(self._stop_centre)
            self.sites: list[SimulatedSite] = []
            for commune, node in zip(communes, nodes, strict=True):
                site = SimulatedSite(
                    self._settings(commune),
                    SiteFiles(root / commune.site),
                    time,
                    self.broker.settings(node),
                    seed,
                )
                undo.callback(site.close)
                self.sites.append(site)
            self._undo = undo.pop_all()

    def __enter__(self) -> Self:
        """Everything has been started already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the sites, the centre and the broker."""
        self._undo.close()

    def restart_centre(self) -> None:
        """Stop the centre and start it again on its folder and port."""
        port = int(self.centre.url.rsplit(":", 1)[1])
        self.centre.stop()
        self.centre = self._open_centre(port)

    def restart_broker(self) -> None:
        """Stop the broker and start it again on its port."""
        self.broker.stop()
        self.broker.start()

    def ask(self, path: str) -> Any:
        """What the centre's API answers the demo's admin."""
        headers = {"Authorization": f"Bearer {self.centre_token}"}
        url = f"{self.centre.url}/api/v1/{path}"
        answer = httpx.get(url, headers=headers, timeout=10, trust_env=False)
        return answer.raise_for_status().json()

    def _settings(self, commune: Commune) -> HubSettings:
        """Those of the commune's hub; the first commune's hall has a satellite."""
        settings = hub_settings(commune)
        has_satellite = not self.sites
        site = replace(settings.site, prints_on=PRINTS_ON if has_satellite else {})
        return replace(settings, site=site, follow_url=self.centre.url + TICKET_PAGE)

    def _stop_centre(self) -> None:
        self.centre.stop()

    @property
    def _centre_folder(self) -> Path:
        return self._root / "centre"

    def _open_centre(self, port: int = 0) -> Centre:
        clock = SimulatedClock(self._time, "centre")
        centre = Centre(
            self._centre_folder,
            self.broker.settings(CENTRE),
            clock=clock,
            http=HttpSettings(port=port),
            figures=FigureSettings(live_within_s=_LIVE_WITHIN_S),
        )
        centre.start()
        return centre


def _record(commune: Commune) -> SiteRecord:
    name = hub_settings(commune).site.site_name
    return SiteRecord(commune.site, name, SiteType.CENTRE, national_code=None)
