"""One press of a key is one wish, however long the finger stays on it. Pure."""

AGAIN_AFTER_S = 0.8
_AGAIN_AFTER_NS = int(AGAIN_AFTER_S * 1e9)
_DIGIT_AGAIN_AFTER_NS = 300_000_000  # 1 and 1 answer two questions, as quick as a clerk knows them


class Presses:
    """Tells a key that bounces, repeats or was hit twice from one that is pressed again."""

    def __init__(self) -> None:
        self._key = ""
        self._at_ns = 0

    def same(self, key: str, mono_ns: int) -> bool:
        """Whether this is still the press before; `mono_ns` is a monotonic time.

        A key that is held down stays one press until it was left alone for 0.8 s, a digit 0.3 s.
        """
        again_after_ns = _DIGIT_AGAIN_AFTER_NS if key.isdigit() else _AGAIN_AFTER_NS
        still = key == self._key and mono_ns - self._at_ns < again_after_ns
        self._key, self._at_ns = key, mono_ns
        return still
