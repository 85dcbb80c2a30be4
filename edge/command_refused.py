"""How a command of `thutu-hub` says no."""


class CommandRefused(Exception):  # noqa: N818 - a refusal, not an error
    """What was asked for cannot be; `key` and `values` are its words in the catalogue."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key = key
        self.values = values
