"""The settings of the centre, from `central.toml`; `THUTU_CENTRAL_...` in the environment
overrides them."""

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from central.access.openid.settings import OpenIdSettings
from central.alerts.settings import AlertSettings
from central.appointments.settings import AppointmentSettings
from central.store.database import Location, database_of
from central.store.postgres import Postgres
from central.updates.settings import UpdateSettings
from contract.ids import NodeId
from contract.topics import LANES
from runtime.http_connections import Limits
from runtime.mqtt import MqttSettings

_Address = Annotated[str, Meta(pattern=r"^[0-9a-fA-F.:]{2,45}$")]
_PostgresUrl = Annotated[str, Meta(pattern=r"^postgres(ql)?://")]
_CONNECTIONS_PER_ADDRESS = 128
_Port = Annotated[int, Meta(ge=0, le=65535)]


class StoreSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`folder` holds everything the centre must keep; the database too, unless `url` says where a
    PostgreSQL database is (`postgresql://user@host/name`). Figures are read from `read_url`, a
    streaming replica of it, where there is one; while it is away, from `url`."""

    folder: Path
    url: _PostgresUrl | None = None
    read_url: _PostgresUrl | None = None


class IngestSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Who takes in what hubs send: with 0 `workers` the centre itself, else so many programs
    beside it, `thutu-central ingest 1` and so on, each for its share of all sites. That needs
    PostgreSQL and a broker elsewhere."""

    workers: Annotated[int, Meta(ge=0, le=LANES)] = 0


class HttpSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where pages and API are served, and whether a proxy in front speaks HTTPS; then `proxies`,
    and nobody else, are believed when they say in `X-Forwarded-For` for whom they ask."""

    host: str = "127.0.0.1"
    port: _Port = 8080
    behind_https: bool = False
    proxies: tuple[_Address, ...] = ("127.0.0.1", "::1")

    @property
    def limits(self) -> Limits:
        """How many connections there may be; without a proxy in front nobody is believed."""
        proxies = self.proxies if self.behind_https else ()
        return Limits(per_address=_CONNECTIONS_PER_ADDRESS, proxies=proxies)


class PublicSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where `thutu-central public` serves tickets' pages, beside the centre, which serves them too:
    a crowd of readers then takes nothing from those who take in what hubs send."""

    host: str = "127.0.0.1"
    port: _Port = 8081


class EmbeddedBrokerSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """A broker of our own on the loopback interface, for these nodes."""

    port: _Port = 1883
    nodes: tuple[NodeId, ...] = ()


class FigureSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """A site counts as live when it was heard, and is complete, within the last `live_within_s`,
    unless the broker has said that its line is gone: hubs say something every 200 seconds, and a
    line that fails is there again within two; waits above the target are marked."""

    live_within_s: Annotated[int, Meta(ge=10, le=3600)] = 420
    wait_target_s: Annotated[int, Meta(ge=60, le=14_400)] = 1200


class AccessSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How often an account may ask; how often a network address may fail to sign in, and an account
    be tried by all addresses that are new to it; and after how many wrong passwords in a row an
    account is locked for the address that they came from, and for how long. With `openid` people
    may sign in through a provider as well."""

    requests_per_minute: Annotated[int, Meta(ge=10)] = 600
    sign_ins_per_minute: Annotated[int, Meta(ge=1)] = 10
    lock_after: Annotated[int, Meta(ge=3, le=100)] = 5
    lock_s: Annotated[int, Meta(ge=60, le=86_400)] = 900
    openid: OpenIdSettings | None = None


class CentralSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """All settings: exactly one of `[mqtt]`, a broker elsewhere, and `[embedded_broker]`."""

    store: StoreSettings
    ingest: IngestSettings = IngestSettings()
    http: HttpSettings = HttpSettings()
    public: PublicSettings = PublicSettings()
    figures: FigureSettings = FigureSettings()
    access: AccessSettings = AccessSettings()
    alerts: AlertSettings = AlertSettings()
    appointments: AppointmentSettings = AppointmentSettings()
    updates: UpdateSettings = UpdateSettings()
    mqtt: MqttSettings | None = None
    embedded_broker: EmbeddedBrokerSettings | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for settings that contradict each other."""
        if (self.mqtt is None) == (self.embedded_broker is None):
            raise ValueError("give either [mqtt] or [embedded_broker]")
        if self.store.read_url is not None and self.store.url is None:
            raise ValueError("[store] read_url is a replica of the PostgreSQL database in url")
        if self.ingest.workers and self.store.url is None:
            raise ValueError(
                "[ingest] workers need PostgreSQL, give [store] url: SQLite has one writer"
            )
        if self.ingest.workers and self.mqtt is None:
            raise ValueError("[ingest] workers need a broker that all reach, give [mqtt]")

    @property
    def folder(self) -> Path:
        """The data folder."""
        return self.store.folder

    def database(self) -> Location:
        """Where the database is."""
        return self.postgres() or database_of(self.store.folder)

    def postgres(self) -> Postgres | None:
        """Where the PostgreSQL database is, if it is one."""
        url = self.store.url
        return None if url is None else Postgres(url, self.store.read_url)
