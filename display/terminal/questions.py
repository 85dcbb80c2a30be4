"""The questions on the way to a command: how they are asked, and what there is to choose from."""

from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any, Generic, Protocol, TypeVar

import msgspec

from contract.decoders import from_builtins
from contract.ids import ServiceId, TicketNumber
from contract.snapshot import CounterView, TicketView
from display.terminal.scene import Scene, minutes, priority_name, service_name
from runtime.wording import say

_T = TypeVar("_T")
_Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Choice(msgspec.Struct, Generic[_T], frozen=True):
    """One thing to choose, in words, with what is worth knowing about it."""

    value: _T
    words: str
    note: str = ""


class NotNow(Exception):  # noqa: N818 - said to the clerk, not an error
    """There is nothing to choose from; the words say so."""


class GivenUp(Exception):  # noqa: N818 - the clerk's own choice, not an error
    """The clerk went back."""


class Asker(Protocol):
    """Asks the clerk; every question may end with GivenUp."""

    async def choose(self, title: str, choices: Sequence[Choice[_T]]) -> _T:
        """One of `choices`."""

    async def type(
        self, title: str, complaint: str, acceptable: Callable[[str], bool], begun: str = ""
    ) -> str:
        """What the clerk types, once it is acceptable; until then the complaint is shown."""

    async def choose_some(
        self, title: str, complaint: str, choices: Sequence[Choice[_T]], chosen: Sequence[_T]
    ) -> tuple[_T, ...]:
        """At least one of `choices`, in their order; `chosen` are marked at first."""

    async def confirm(self, question: str) -> None:
        """Ask once before something that cannot be taken back."""


class Case(msgspec.Struct, frozen=True):
    """Who asks whom about which counter; `typed` is the digit that a number began with."""

    asker: Asker
    scene: Scene
    counter: CounterView
    typed: str

    def ticket(self) -> TicketView:
        """The ticket at the counter; the hub's own words when there is none."""
        if self.counter.ticket is None:
            words = say("refusal.counter-empty", self.scene.language, counter=self.counter.counter)
            raise NotNow(words)
        return self.counter.ticket

    def free(self) -> None:
        """Ask nothing while a citizen is at the counter; the hub's own words say so."""
        if self.counter.ticket is not None:
            words = say(
                "refusal.counter-busy",
                self.scene.language,
                counter=self.counter.counter,
                number=self.counter.ticket.number,
            )
            raise NotNow(words)

    def say(self, key: str, **values: object) -> str:
        """The terminal's words in the clerk's language."""
        return say(f"terminal.{key}", self.scene.language, **values)


async def ask_number(case: Case) -> str:
    """A ticket's number, as it stands on the slip."""
    return await case.asker.type(
        case.say("ask_number"), case.say("ask_number_wrong"), is_a(TicketNumber), case.typed
    )


async def ask_reason(case: Case, title: str, known: Iterable[str]) -> str:
    """One of the `known` reasons, or another in the clerk's own words."""
    choices: list[Choice[str | None]] = [
        Choice(reason, case.say(f"reason_{reason}")) for reason in known
    ]
    choices.append(Choice(None, case.say("other_reason")))
    reason = await case.asker.choose(title, choices)
    if reason is not None:
        return reason
    return await case.asker.type(
        case.say("ask_reason"), case.say("ask_reason_wrong"), is_a(_Reason)
    )


def service_choices(case: Case) -> list[Choice[ServiceId]]:
    """The site's services, each with where it is served and how many wait."""
    views = {view.service: view for view in case.scene.snapshot.services}
    choices = []
    for service, view in views.items():
        waiting = case.say("people_wait", count=view.waiting)
        where = [
            other.counter
            for other in case.scene.snapshot.counters
            if other.phase == "open" and service in other.services
        ]
        at = (
            case.say("at_counters", counters=", ".join(where))
            if where
            else case.say("nowhere_open")
        )
        choices.append(Choice(service, service_name(case.scene, service), f"{at} · {waiting}"))
    return choices


def ticket_choice(case: Case, ticket: TicketView) -> Choice[TicketNumber]:
    """A ticket with its service, who it is for and how long it waits."""
    waited = minutes(case.scene.now_ms - ticket.since_ms, case.scene.language)
    who = "" if ticket.priority is None else f" · {priority_name(case.scene, ticket.priority)}"
    name = service_name(case.scene, ticket.service)
    return Choice(ticket.number, f"{ticket.number} · {waited}{who}", name)


def is_a(kind: Any) -> Callable[[str], bool]:
    """Whether a text is of a kind."""

    def acceptable(text: str) -> bool:
        try:
            from_builtins(text, kind)
        except msgspec.ValidationError:
            return False
        return True

    return acceptable
