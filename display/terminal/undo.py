"""What takes back the last command, for as long as it can be taken back. Pure."""

from msgspec import Struct

from contract import commands as c


class Undo(Struct, frozen=True):
    """The command that takes back what was done to a `number`, until then by the hub's clock."""

    command: c.AnyCommand
    number: str
    until_ms: int


def undo_of(done: c.AnyCommand, answer: c.Answer, now_ms: int) -> Undo | None:
    """How to take back what the hub has just done, if there is a way."""
    command = _opposite(done, answer)
    if command is None:
        return None
    return Undo(command, answer.finished or answer.number or "", now_ms + c.REOPEN_WITHIN_S * 1000)


def _opposite(done: c.AnyCommand, answer: c.Answer) -> c.AnyCommand | None:
    match done:
        case c.FinishService(counter=counter):
            return c.ReopenService(counter)
        case c.CallNext(counter=counter) if answer.finished is not None:
            return c.ReopenService(counter)
        case c.CallNext(counter=counter) | c.CallTicket(counter=counter):
            return c.TakeBackCall(counter)
        case c.AddService(number=number, service=service):
            return c.RemoveService(number, service)
        case c.MarkNoShow(counter=counter):
            return c.TakeBackNoShow(counter)
    return None
