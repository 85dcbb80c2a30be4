"""The settings of a terminal: one small TOML file, or none."""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the hub is, and how the screen speaks and looks at the start.

    Without `hub` it is looked for on the local network. With `ca_file`, the site's `ca.pem`, only a
    hub that this authority vouches for is spoken to. `wait_target_min` is how long a citizen
    should wait in the hall at most, `walk_target_s` how long the way to the counter takes. The end
    of a service shorter than `quick_finish_s` is asked about. Reports are saved in `reports`, else
    in the home folder; how far each clerk is in the course, in `progress`.
    """

    hub: str | None = None
    ca_file: Path | None = None
    language: Literal["vi", "en"] = "vi"
    high_contrast: bool = False
    wait_target_min: Annotated[int, Meta(ge=1, le=240)] = 20
    walk_target_s: Annotated[int, Meta(ge=10, le=600)] = 60
    quick_finish_s: Annotated[int, Meta(ge=0, le=60)] = 10
    reports: Path | None = None
    progress: Path | None = None

    def __post_init__(self) -> None:
        if self.ca_file is not None and not (self.hub or "https://").startswith("https://"):
            raise ValueError(f"hub = {self.hub!r}: with ca_file it must begin with https://")
