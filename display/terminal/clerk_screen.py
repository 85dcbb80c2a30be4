"""What every screen of a signed-in clerk does: look at the hub, give commands, say what came of it.

One command at a time. While the hub does not answer nothing is sent and nothing is queued.
"""

import asyncio
import contextlib
from pathlib import Path
from typing import ClassVar, Protocol

from textual.css.query import NoMatches
from textual.screen import Screen

from contract.commands import Answer, AnyCommand
from display.terminal.line import Line
from display.terminal.panels import MessageBar
from display.terminal.progress import Progress
from display.terminal.scene import Scene
from runtime.hub_client import HubDenied, HubRejected, HubUnreachable, Refusal
from runtime.wording import say

_PATIENCE_S = 0.5


class Desk(Protocol):
    """What the application offers its screens; `distrust` is what is wrong with the certificate
    of whoever answers in place of a `silent` hub, if anything is."""

    silent: bool
    distrust: str
    language: str
    reports: Path
    progress: Progress

    @property
    def line(self) -> Line:
        """The line of whoever is signed in."""

    def scene(self, counter: str) -> Scene | None:
        """The site as the clerk at `counter` sees it now; None before the first picture."""

    async def seen(self, seq: int) -> None:
        """Wait, for a moment at most, until the picture shows what was done at row `seq`."""

    def take_counter(self, counter: str) -> None:
        """Go on with the work at a counter."""

    def leave_counter(self, words: str) -> None:
        """Choose a counter again, because of `words`."""

    def sign_out(self) -> None:
        """End the session and go back to the first screen."""

    def lost(self) -> None:
        """The hub gave no answer."""

    def ended(self, words: str) -> None:
        """The session is over."""


class ClerkScreen(Screen[None]):
    """A screen that follows the hub."""

    AUTO_FOCUS: ClassVar[str | None] = None

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._awaiting = False
        self._standing = False

    def on_mount(self) -> None:
        """Draw as soon as it is known how much room there is."""
        self.call_after_refresh(self._stand)

    def on_resize(self) -> None:
        """Draw for the new size."""
        self.call_after_refresh(self.look)

    @property
    def awaiting(self) -> bool:
        """Whether a command is under way."""
        return self._awaiting

    def look(self) -> None:
        """Draw what the desk knows now; called at every change and every second."""
        if self._standing:
            with contextlib.suppress(NoMatches):  # it is being taken down, part by part
                self.draw()

    def draw(self) -> None:
        """Draw it."""
        raise NotImplementedError

    def refuse(self, words: str) -> None:
        """Say aloud that nothing was done, and why."""
        self.app.bell()
        self.query_one(MessageBar).show(words, refused=True)

    def tell(self, words: str) -> None:
        """Say what was done, or clear what was said."""
        self.query_one(MessageBar).show(words, refused=False)

    def ready(self) -> bool:
        """Whether a command may be given now; if not, it is said aloud why."""
        if self.desk.silent:
            self.refuse(say("terminal.refused_offline", self.desk.language))
            return False
        if self._awaiting:
            self.refuse(say("terminal.refused_waiting", self.desk.language))
            return False
        return True

    async def give(self, command: AnyCommand) -> Answer | None:
        """Give a command and wait until the screen shows what it did.

        None when it was not done; that has been said aloud.
        """
        if not self.ready():
            return None
        self._awaiting = True
        try:
            reply = await self._reply(command)
            if isinstance(reply, Refusal):
                self.refuse(reply.words)
                return None
            await self.desk.seen(reply.seq)
        except HubUnreachable:
            self.desk.lost()
            self.refuse(say("terminal.not_known", self.desk.language))
        except HubDenied as error:
            self.desk.ended(str(error))
        except HubRejected as error:
            self.refuse(str(error))
        else:
            return reply
        finally:
            self._awaiting = False
        return None

    def _stand(self) -> None:
        self._standing = self.is_attached
        self.look()

    async def _reply(self, command: AnyCommand) -> Answer | Refusal:
        reply = asyncio.create_task(asyncio.to_thread(self.desk.line.give, command))
        await asyncio.wait({reply}, timeout=_PATIENCE_S)
        if not reply.done():
            self.tell(say("terminal.awaiting", self.desk.language))
        return await reply
