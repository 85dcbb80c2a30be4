"""How a command of `thutu-hub` says no."""

from runtime.worded_error import WordedError


class CommandRefused(WordedError):  # noqa: N818 - a refusal, not an error
    """What was asked for cannot be; nothing was changed unless the words say so."""

    section = "hub_tool"
