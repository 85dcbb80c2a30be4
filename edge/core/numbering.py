"""Ticket numbers: a series' digit, then the order in the day; a `0` before it in training."""


def number_of(series: str, order: int, *, training: bool) -> str:
    """The number of the `order`-th ticket of a series, with at least three digits of order."""
    return f"{'0' if training else ''}{series}{order:03d}"


def series_and_order(number: str) -> tuple[str, int]:
    """The series of a ticket's number, and its order therein."""
    digits = number.removeprefix("0")
    return digits[0], int(digits[1:])


def is_training(number: str) -> bool:
    """Whether the number is one of those that staff practise with."""
    return number.startswith("0")
