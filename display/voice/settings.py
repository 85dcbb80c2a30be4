"""The settings of `thutu-voice`: one TOML file."""

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from contract.ids import CounterId, Name, whole
from display.voice.backlog import Says

_GapMs = Annotated[int, Meta(ge=0, le=5000)]
_TimeOfDay = Annotated[str, Meta(pattern=whole(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"))]
_Percent = Annotated[int, Meta(ge=0, le=100)]
_ZoneName = Annotated[str, Meta(pattern=whole(r"[a-z0-9][a-z0-9-]{0,23}"))]
_Language = Annotated[str, Meta(pattern=whole(r"[a-z][a-z0-9-]{1,15}"))]


class Aplay(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="driver", tag="aplay"
):
    """A sound card, by its ALSA name; `aplay -L` lists them."""

    device: str = "default"


class Files(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="driver", tag="files"
):
    """No sound card: each announcement becomes a WAV file; only the newest `keep` stay."""

    folder: Path
    keep: Annotated[int, Meta(ge=1, le=10_000)] = 100


class Zone(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place with a loudspeaker of its own, and the counters that it calls for; none named
    means all. The hub knows it as device `voice-<name>`.

    `says` is "calls", "numbers" or both: "numbers" are told at the kiosk to those who get no slip;
    with `kiosks`, names of devices, to those alone who took their number at one of these.
    """

    name: _ZoneName
    player: Aplay | Files
    counters: tuple[CounterId, ...] = ()
    says: Annotated[tuple[Says, ...], Meta(min_length=1)] = ("calls", "numbers")
    kiosks: tuple[Name, ...] = ()

    def __post_init__(self) -> None:
        if self.kiosks and "numbers" not in self.says:
            raise ValueError(f"zone {self.name} has kiosks, but does not say numbers")


class Pace(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How calmly the voice speaks: the silence between words, and after the chime and between
    languages; how often each call is said, and how long after the end of the last time."""

    words_ms: _GapMs = 60
    sentences_ms: _GapMs = 500
    times: Annotated[int, Meta(ge=1, le=5)] = 2
    repeat_after_s: Annotated[float, Meta(ge=0, le=60)] = 2.0


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings file: where the hub is, the file with this program's token, and who is told
    what.

    `languages` are spoken in this order; each is a folder of `banks`, by default those shipped.
    `volume` maps times of the day to percent of the recorded amplitude, each until the next; an
    empty table means 100 always.
    `most_waiting` is how many calls a zone may owe; see docs/voice.md for who gives way.
    """

    hub: str
    token_file: Path
    ca_file: Path | None = None
    zones: Annotated[tuple[Zone, ...], Meta(min_length=1)]
    languages: Annotated[tuple[_Language, ...], Meta(min_length=1)] = ("vi",)
    banks: Path | None = None
    chime: bool = True
    pace: Pace = Pace()
    volume: dict[_TimeOfDay, _Percent] = {}
    most_waiting: Annotated[int, Meta(ge=1, le=50)] = 6

    def __post_init__(self) -> None:
        names = [zone.name for zone in self.zones]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two zones are called {twice[0]}: give each a name of its own")
