"""How long to wait before trying again, so that thousands do not come back in step."""

from collections.abc import Callable

from msgspec import Struct


class Backoff(Struct, frozen=True):
    """Exponential backoff with full jitter (Brooker, "Exponential Backoff And Jitter", 2015).

    `first_s` is the longest pause after the first failure; it doubles up to `cap_s`.
    """

    first_s: float = 1.0
    cap_s: float = 120.0

    def longest_s(self, failures: int) -> float:
        """The longest pause after `failures` in a row, in seconds."""
        doublings = min(max(failures - 1, 0), 60)
        return min(self.cap_s, self.first_s * 2.0**doublings)

    def pause_s(self, failures: int, random: Callable[[], float]) -> float:
        """A pause anywhere up to the longest, in seconds; `random` draws from [0, 1)."""
        return random() * self.longest_s(failures)
