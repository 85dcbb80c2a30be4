"""One press of a key is one wish, however long the finger stays on it. Pure."""

_AGAIN_AFTER_NS = 800_000_000


class Presses:
    """Tells a key that bounces, repeats or was hit twice from one that is pressed again."""

    def __init__(self) -> None:
        self._key = ""
        self._at_ns = 0

    def same(self, key: str, mono_ns: int) -> bool:
        """Whether this is still the press before; `mono_ns` is a monotonic time.

        A key that is held down stays one press until it was left alone for 0.8 s.
        """
        still = key == self._key and mono_ns - self._at_ns < _AGAIN_AFTER_NS
        self._key, self._at_ns = key, mono_ns
        return still
