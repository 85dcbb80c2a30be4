"""The settings of a terminal: one small TOML file, or none."""

from typing import Annotated, Literal

from msgspec import Meta, Struct


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the hub is, and how the screen speaks and looks at the start.

    `wait_target_min` is how long a citizen should wait in the hall at most, `walk_target_s` how
    long the way to the counter takes.
    """

    hub: str = "http://127.0.0.1:8100"
    language: Literal["vi", "en"] = "vi"
    high_contrast: bool = False
    wait_target_min: Annotated[int, Meta(ge=1, le=240)] = 20
    walk_target_s: Annotated[int, Meta(ge=10, le=600)] = 60
