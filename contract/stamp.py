"""When something happened, as far as a machine without a clock chip can say."""

from typing import Annotated

from msgspec import Meta, Struct

Int64 = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Seq = Annotated[int, Meta(ge=0, le=2**63 - 1)]

MS_PER_DAY = 86_400_000


class Stamp(Struct, frozen=True, array_like=True, gc=False):
    """One reading of a node's clocks.

    `wall_ms` is UTC milliseconds since 1970 and may be wrong by decades until `synced`;
    `mono_ns` never runs backwards, and compares only within one `boot`.
    """

    wall_ms: Int64
    mono_ns: Int64
    boot: str
    synced: bool

    @property
    def mono_s(self) -> float:
        """The monotonic clock in seconds."""
        return self.mono_ns / 1e9


class Span(Struct, frozen=True, array_like=True, gc=False):
    """A measured duration; `approximate` when it had to be taken from the wall clock."""

    ms: int
    approximate: bool = False


def total(first: Span | None, second: Span | None) -> Span | None:
    """The sum of two durations; unknown when either is."""
    if first is None or second is None:
        return None
    return Span(first.ms + second.ms, first.approximate or second.approximate)


def span(start: Stamp, end: Stamp) -> Span | None:
    """Measure from `start` to `end`, or return None when no clock can tell.

    Within a boot the monotonic clock decides. Across boots two synchronised wall clocks give an
    approximate answer; anything negative or beyond a day is a clock error and not a duration.
    """
    if start.boot == end.boot:
        # Both ends in whole milliseconds, so that stretches add up to the whole.
        elapsed_ms = end.mono_ns // 1_000_000 - start.mono_ns // 1_000_000
        return Span(elapsed_ms) if elapsed_ms >= 0 else None
    if not (start.synced and end.synced):
        return None
    elapsed_ms = end.wall_ms - start.wall_ms
    return Span(elapsed_ms, approximate=True) if 0 <= elapsed_ms <= MS_PER_DAY else None
