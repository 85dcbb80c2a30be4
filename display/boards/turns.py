"""Whose turn it is on a bus of displays: changes first, then whoever has waited longest."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from contract.commands import ReportDevice
from display.boards.drivers import AnyBoard
from display.boards.frames import Face
from runtime.backoff import Backoff

REFRESH_S = 3.0
FLASH_S = 0.5
_LOST_AFTER_FAILURES = 3
_SOON_S = 0.05
_BACKOFF = Backoff(first_s=0.5, cap_s=REFRESH_S)


class Turn(NamedTuple):
    """One display and the bytes that it should get now."""

    board: AnyBoard
    frame: bytes


@dataclass(slots=True)
class _Place:
    board: AnyBoard
    face: Face
    due_s: float
    fresh: bool = True
    flashes_since_s: float = 0.0
    failures: int = 0
    reported: Literal["unknown", "ready", "lost"] = "unknown"

    def flashes(self, now_s: float) -> int:
        """How often it has gone dark or lit again since it began to flash."""
        return int((now_s - self.flashes_since_s) / FLASH_S)


class Turns:
    """The displays of one bus and when each is due; all times are seconds of one clock.

    A change is due at once. What is shown is sent again every REFRESH_S, because a display that
    lost power forgets it. A display that fails is asked ever less often, down to REFRESH_S, and
    never before one that has something new to show.
    """

    def __init__(self, boards: Iterable[AnyBoard], now_s: float) -> None:
        self._places = {board.device: _Place(board, Face(board.counter), now_s) for board in boards}

    def want(self, faces: Mapping[str, Face], now_s: float) -> None:
        """Say what each counter should show; a counter that is not named shows nothing."""
        for place in self._places.values():
            counter = place.board.counter
            wanted = faces.get(counter, Face(counter))
            if wanted != place.face:
                place.face, place.fresh = wanted, True
                if place.failures == 0:
                    place.due_s = now_s

    def next(self, now_s: float) -> Turn | None:
        """The display to serve now, or None when nothing is due."""
        due = [place for place in self._places.values() if place.due_s <= now_s]
        if not due:
            return None
        place = min(due, key=lambda place: (place.failures > 0 or not place.fresh, place.due_s))
        lit = place.fresh or not place.face.flashes or place.flashes(now_s) % 2 == 0
        return Turn(place.board, place.board.frame(place.face, lit=lit))

    def next_due_s(self) -> float:
        """When the next turn comes."""
        return min(place.due_s for place in self._places.values())

    def succeeded(self, board: AnyBoard, now_s: float) -> list[ReportDevice]:
        """The display shows its frame; returns what the hub should know, if it is news."""
        place = self._places[board.device]
        if place.fresh:
            place.flashes_since_s = now_s
        place.failures, place.fresh = 0, False
        place.due_s = now_s + REFRESH_S
        if place.face.flashes:
            place.due_s = place.flashes_since_s + (place.flashes(now_s) + 1) * FLASH_S
        if place.reported == "ready":
            return []
        place.reported = "ready"
        return [ReportDevice(board.device, "ready")]

    def failed(self, board: AnyBoard, cause: str, now_s: float) -> list[ReportDevice]:
        """The display did not answer rightly; returns what the hub should know, if it is news."""
        place = self._places[board.device]
        place.failures += 1
        excess = place.failures - _LOST_AFTER_FAILURES + 1
        place.due_s = now_s + (_BACKOFF.longest_s(excess) if excess > 0 else _SOON_S)
        if excess <= 0 or place.reported == "lost":
            return []
        place.reported = "lost"
        return [ReportDevice(board.device, "lost", cause)]

    def line_lost(self, cause: str, now_s: float) -> list[ReportDevice]:
        """The whole line is gone: every display is lost, and due as soon as the line is back."""
        news = []
        for place in self._places.values():
            place.due_s = now_s
            if place.reported != "lost":
                place.reported = "lost"
                news.append(ReportDevice(place.board.device, "lost", cause))
        return news
