"""The first screen: who are you?"""

import asyncio
from contextlib import closing, suppress
from pathlib import Path
from typing import ClassVar, Protocol

import httpx
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Center, Vertical
from textual.css.query import NoMatches
from textual.screen import Screen
from textual.widgets import Input, Label, Static

from display.terminal.dialogs import Dialogs
from display.terminal.questions import Choice, GivenUp
from runtime.discovery import FoundHub
from runtime.hub_client import HubClient, HubError, SignInRefused, StaffSession
from runtime.wording import say

_ASK_EVERY_S = 30.0


class Door(Protocol):
    """What the application offers to whoever is not signed in."""

    address: str
    site_name: str
    may_look_around: bool
    ca_file: Path | None
    language: str
    training: bool

    async def look_around(self) -> tuple[FoundHub, ...]:
        """The hubs that answer on this network."""

    def choose_hub(self, hub: FoundHub) -> None:
        """Speak with this one from now on."""

    def come_in(self, session: StaffSession) -> None:
        """Go on with a session."""


class SignInScreen(Screen[None]):
    """Asks for name and PIN; `words` is why the clerk is here again."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,tab", "to_the_pin", show=False, priority=True),
        Binding("ctrl+t", "training", show=False),
        Binding("ctrl+o", "look_around", show=False),
    ]

    def __init__(self, door: Door, words: str = "") -> None:
        super().__init__()
        self._door = door
        self._words = words
        self._asking = False
        self._silence = ""

    def compose(self) -> ComposeResult:
        """A form of two fields."""
        with Center(), Vertical(classes="dialog", id="sign-in"):
            yield Static(id="sign-in-title", markup=False)
            yield Static(id="sign-in-training", markup=False)
            yield Label(id="staff-label", markup=False)
            yield Input(id="staff", max_length=64)
            yield Label(id="pin-label", markup=False)
            yield Input(id="pin", password=True, max_length=12)
            yield Static(self._words, id="sign-in-words", markup=False)
            yield Static(id="sign-in-hub", classes="dialog-keys", markup=False)
        yield Static(id="sign-in-keys", markup=False)

    def on_mount(self) -> None:
        """Fill in the words."""
        for field in self.query(Input):
            field.cursor_blink = False  # over SSH every blink is traffic
        self.set_focus(self.query_one("#staff", Input))
        self.look()
        self.set_interval(_ASK_EVERY_S, lambda: self.run_worker(self._ask_whether_it_answers()))
        if self._door.may_look_around and not self._door.site_name:
            self.action_look_around()

    def look(self) -> None:
        """Draw the words in the present language."""
        language, training = self._door.language, self._door.training
        title = f"{say('terminal.title', language)} – {say('terminal.sign_in', language)}"
        keys = "sign_in_keys_nearby" if self._door.may_look_around else "sign_in_keys"
        key = "terminal.training_on" if training else "terminal.training_off"
        for part, words in (
            ("title", title.upper()),
            ("training", say(key, language)),
            ("hub", self._hub()),
            ("keys", say(f"terminal.{keys}", language)),
        ):
            self.query_one(f"#sign-in-{part}", Static).update(words)
        for field in ("staff", "pin"):
            here = self.query_one(f"#{field}", Input).has_focus
            mark = "▸ " if here else "  "
            words = f"{mark}{say(f'terminal.{field}', language)}"
            self.query_one(f"#{field}-label", Label).update(words)
        self.set_class(training, "training")

    def action_training(self) -> None:
        """Practise, or work."""
        self._door.training = not self._door.training
        self.look()

    def action_look_around(self) -> None:
        """Look for hubs; the only one is taken and shown, of several one is chosen."""
        if self._door.may_look_around and not self._asking:
            self._asking = True
            self._say(say("terminal.looking_around", self._door.language))
            self.run_worker(self._look_around())

    def action_to_the_pin(self) -> None:
        """From the name to the PIN, before the next key is dealt out: on a slow machine a PIN that
        is typed ahead would otherwise be read in the name."""
        if self.focused is not self.query_one("#staff", Input):
            raise SkipAction
        self.set_focus(self.query_one("#pin", Input))

    def on_descendant_focus(self) -> None:
        """Mark the field that is typed in."""
        self.look()

    def on_input_changed(self, changed: Input.Changed) -> None:
        """The next attempt begins: clear what was said about the last."""
        if changed.value:
            self._say("")

    def on_input_submitted(self) -> None:
        """Enter at the PIN: in, once the name has taken all of its keys too."""
        self.query_one("#staff", Input).call_later(self._go_in)

    def _go_in(self) -> None:
        staff = self.query_one("#staff", Input).value.strip()
        pin = self.query_one("#pin", Input)
        if not staff or not pin.value:
            self._refuse(say("terminal.sign_in_missing", self._door.language))
            self.set_focus(pin if staff else self.query_one("#staff", Input))
            return
        if self._asking:
            return
        self._asking = True
        self._say(say("terminal.signing_in", self._door.language))
        self.run_worker(self._sign_in(staff, pin.value))

    async def _sign_in(self, staff: str, pin: str) -> None:
        client = HubClient(
            self._door.address, language=self._door.language, ca_file=self._door.ca_file
        )
        try:
            session = await asyncio.to_thread(client.sign_in, staff, pin)
        except HubError as error:
            self._refuse(str(error))
        else:
            if isinstance(session, SignInRefused):
                self.query_one("#pin", Input).value = ""
                self._refuse(session.words)
            else:
                self._door.come_in(session)
        finally:
            self._asking = False
            client.close()

    async def _ask_whether_it_answers(self) -> None:
        """Who comes to sign in reads that the hub is silent; and the hub hears that this terminal
        runs, of which the proof of an update is made."""
        if self._door.may_look_around and not self._door.site_name:
            return  # no hub was found or chosen yet
        self._silence = await asyncio.to_thread(_silence, self._door)
        with suppress(NoMatches):  # somebody may have come in meanwhile
            self.look()

    async def _look_around(self) -> None:
        language = self._door.language
        try:
            hubs = await self._door.look_around()
            if not hubs:
                self._refuse(say("terminal.nobody_nearby", language, address=self._door.address))
                return
            self._say("")
            hub = hubs[0]
            if len(hubs) > 1:
                choices = [Choice(each, each.site_name, each.url) for each in hubs]
                hub = await Dialogs(self.app, language).choose(
                    say("terminal.choose_hub", language), choices
                )
            self._door.choose_hub(hub)
            self._silence = ""
            self.look()
        except GivenUp:
            self._say(say("terminal.no_hub_chosen", language, address=self._door.address))
        finally:
            self._asking = False

    def _hub(self) -> str:
        door = self._door
        if self._silence:
            return f"! {self._silence}"
        if door.site_name:
            words = {"site": door.site_name, "address": door.address}
            return say("terminal.hub_of", door.language, **words)
        return say("terminal.hub_at", door.language, address=door.address)

    def _refuse(self, words: str) -> None:
        self.app.bell()
        self._say(f"! {words}")

    def _say(self, words: str) -> None:
        self.query_one("#sign-in-words", Static).update(words)


def _silence(door: Door) -> str:
    """Why the hub does not answer, in words; nothing if it does."""
    try:
        client = HubClient(door.address, language=door.language, attempts=1, ca_file=door.ca_file)
        with closing(client):
            client.read_file("/api/health")
    except (HubError, OSError, ValueError, httpx.InvalidURL) as error:
        return str(error)
    return ""
