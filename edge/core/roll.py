"""Decisions about the pre-printed roll, the last step of the ladder when no printer prints.

While a series is on its roll, `next_number` is the roll's: loading it raises the day's highest
number to just below, so that issuing, the high-water mark and leaving the roll need no rule of
their own, and no number comes twice.
"""

from contract import commands as c
from contract import events as e
from contract.refusals import Reason
from edge.core.case import Case, No
from edge.core.numbering import is_training, number_of, series_and_order

MOST_SKIPPED = 500  # a mistyped number, 1999 for 1099, must not use up the series
HIGHEST_START = 9_999  # of a supervisor, who may skip further


def use(case: Case, command: c.UseRoll, *, training: bool) -> list[e.AnyEvent]:
    """Go on with the roll's number, which may skip forward, a supervisor's further, never back."""
    series, order = series_and_order(command.number)
    _known_series(case, series)
    least = case.state.orders.get(series, 0) + 1
    most = least + MOST_SKIPPED
    if case.actor.role == "supervisor":
        most = max(most, HIGHEST_START)
    if is_training(command.number) != training or not least <= order <= most:
        raise No(
            Reason.ROLL_NUMBER,
            number=command.number,
            least=number_of(series, least, training=training),
            most=number_of(series, most, training=training),
        )
    if series in case.state.rolls and order == least:
        return []
    return [e.RollStarted(command.number)]


def leave(case: Case, command: c.LeaveRoll) -> list[e.AnyEvent]:
    """Print tickets of the series again."""
    _known_series(case, command.series)
    if command.series not in case.state.rolls:
        raise No(Reason.NO_ROLL, series=command.series)
    return [e.RollEnded(command.series)]


def _known_series(case: Case, series: str) -> None:
    if series not in {service.series for service in case.rules.services}:
        raise No(Reason.UNKNOWN_SERIES, series=series)
