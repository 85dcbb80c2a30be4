"""The three communes of the demo: a busy ward, a median commune, a commune in the mountains."""

from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from contract import site_rules as r
from edge.settings import HubSettings
from runtime.wording import say
from simulation.load_model import Mix, counters_for

_SERVICES = ("1", "2", "3", "4", "7", "8", "9")
_USUAL_MIN = {"1": 7.0, "2": 15.0, "3": 12.0, "4": 12.0, "7": 18.0, "8": 3.0, "9": 3.0}
_PRIORITIES = ("elderly", "disabled", "expecting", "merit", "appointment")
_RATING_REASONS = ("attitude", "waiting", "guidance", "facilities")
_WORKDAYS = (1, 2, 3, 4, 5)


class Commune(NamedTuple):
    """A commune-level unit and its centre. The population is that of July 2025."""

    site: str
    unit: str
    population: int
    mix: Mix
    remote: bool = False


COMMUNES = (
    Commune("01-00097-01", "Phường Hồng Hà", 123_282, "urban"),
    Commune("08-00874-01", "Xã Quản Bạ", 18_436, "rural"),
    Commune("04-01738-01", "Xã Ca Thành", 4_684, "rural", remote=True),
)


def hub_settings(commune: Commune) -> HubSettings:
    """The settings of a commune's hub, still without data folder, printer and uplink."""
    counters = counters_for(commune.population)
    return HubSettings(
        node=f"{commune.site}-h1",
        data=Path(),
        procedures_file=Path(str(files("firmware_config") / "procedures.toml")),
        site=r.Rules(
            site=commune.site,
            unit=commune.unit,
            site_name=f"Trung tâm Phục vụ hành chính công {commune.unit}",
            services=tuple(_service(id_) for id_ in _SERVICES),
            counters=tuple(_counter(number, counters) for number in range(1, counters + 1)),
            sessions=(
                r.Session(_WORKDAYS, issue_from="07:15", last_ticket="11:15", closes="11:30"),
                r.Session(_WORKDAYS, issue_from="13:15", last_ticket="16:45", closes="17:00"),
            ),
            priorities=tuple(r.Priority(id_, _names("priority", id_)) for id_ in _PRIORITIES),
            rating_reasons=tuple(
                r.RatingReason(id_, _names("rating", f"reason_{id_}")) for id_ in _RATING_REASONS
            ),
        ),
    )


def _service(id_: str) -> r.Service:
    return r.Service(id_, series=id_, name=_names("service", id_), usual_min=_USUAL_MIN[id_])


def _counter(number: int, counters: int) -> r.Counter:
    """Small centres have counters for everything; large ones share the work out by field."""
    if counters <= 3:
        return r.Counter(str(number), _SERVICES)
    fields = (("1", "9"), ("1", "8"), ("2", "3", "9"), ("4", "7", "8"))
    return r.Counter(str(number), fields[(number - 1) % len(fields)])


def _names(section: str, id_: str) -> dict[str, str]:
    return {language: say(f"{section}.{id_}", language) for language in ("vi", "en")}
