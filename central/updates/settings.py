"""The settings of hubs' updates, in `central.toml`."""

from typing import Annotated

from msgspec import Meta, Struct

from contract.ids import whole

_Key = Annotated[str, Meta(pattern=whole(r"[0-9a-f]{64}"))]
_Source = Annotated[str, Meta(pattern=whole(r"https?://[^\s?#]+"), max_length=500)]


class UpdateSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Releases are taken from whoever has one of the `publisher_keys` (`thutu-release key`). Hubs
    fetch them from `sources`, in turn: this centre's own address with `/releases` behind it, or
    wheelhouses elsewhere. At most so many fetch `at_once`."""

    publisher_keys: tuple[_Key, ...] = ()
    sources: Annotated[tuple[_Source, ...], Meta(max_length=10)] = ()
    at_once: Annotated[int, Meta(ge=1, le=10_000)] = 50
