"""A clerk who answers what the terminal asks."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from display.terminal.questions import Choice, GivenUp

_T = TypeVar("_T")


class Clerk:
    """Answers questions with what the test prepared, and remembers what was offered."""

    def __init__(self, *answers: int | str) -> None:
        self.answers = list(answers)
        self.offered: list[list[str]] = []
        self.questions: list[str] = []
        self.confirmed = 0

    async def choose(self, title: str, choices: Sequence[Choice[_T]]) -> _T:
        self.questions.append(title)
        self.offered.append([f"{choice.words} {choice.note}".strip() for choice in choices])
        answer = self._answer()
        assert isinstance(answer, int)
        return choices[answer].value

    async def type(
        self, title: str, complaint: str, acceptable: Callable[[str], bool], begun: str = ""
    ) -> str:
        self.questions.append(title)
        while not acceptable(answer := begun + str(self._answer())):
            self.questions.append(complaint)
        return answer

    async def choose_some(
        self, title: str, complaint: str, choices: Sequence[Choice[_T]], chosen: Sequence[_T]
    ) -> tuple[_T, ...]:
        self.questions += (title, complaint)
        self.offered.append([choice.words for choice in choices if choice.value in chosen])
        marked = [str(index) for index, _ in enumerate(choices)]
        answer = str(self._answer())
        return tuple(choices[int(index)].value for index in marked if index in answer)

    async def confirm(self, question: str) -> None:
        self.questions.append(question)
        self._answer()
        self.confirmed += 1

    def _answer(self) -> int | str:
        if not self.answers:
            raise GivenUp
        return self.answers.pop(0)
