"""The citizens of a practice: they take numbers of the training queue, as at a small centre. Pure.

Nobody else is simulated: the hub treats them as it treats everyone, and counts none of them.
"""

from random import Random

from contract.commands import IssueTicket
from contract.snapshot import CounterView
from display.terminal.desk_view import waiting_here
from display.terminal.scene import Scene

ARRIVING_S = 3.0
_WAITING = 4
_WITH_PRIORITY = 0.2


def arrival(scene: Scene, counter: CounterView, chance: Random) -> IssueTicket | None:
    """Who comes in now for this counter, if anybody: never into the real queue."""
    crowded = len(waiting_here(scene, counter)) >= _WAITING
    if not scene.snapshot.training or crowded or counter.phase == "closed":
        return None
    classes = tuple(offered.id for offered in scene.catalogue.priorities)
    preferred = bool(classes) and chance.random() < _WITH_PRIORITY
    return IssueTicket(
        (chance.choice(counter.services),),
        chance.choice(classes) if preferred else None,
        on_paper=False,
    )
