"""What citizens of a simulated centre see and hear: counter boards, hall screen, voice."""

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from contract.commands import Actor
from contract.site_rules import Rules
from display.boards.__main__ import Bus
from display.boards.__main__ import Settings as BoardSettings
from display.boards.__main__ import run as run_boards
from display.boards.drivers import ModbusDigits
from display.hall.__main__ import feed
from display.hall.relay import Relay, create_app
from display.hall.screen import Screen
from display.voice.__main__ import run as run_voice
from display.voice.settings import Files, Pace, Zone
from display.voice.settings import Settings as VoiceSettings
from edge.node import Node
from runtime.clock import Clock
from runtime.http_address import HttpAddress
from runtime.http_server import HttpServer
from runtime.hub_client import HubClient
from simulation.boards.line import BoardLine
from simulation.boards.panels import ModbusPanel

_ONCE = Pace(times=1)  # a day that flies by leaves no time to say everything twice


class Displays:
    """The real display programs, on virtual panels and on files in place of a loudspeaker."""

    def __init__(self, rules: Rules, folder: Path, clock: Clock, notices: tuple[str, ...]) -> None:
        """`folder` is where the panels are plugged in, and where `voice/` is left."""
        self._rules = rules
        self._folder = folder
        self._notices = notices
        self._panels = [ModbusPanel(number + 1) for number, _ in enumerate(rules.counters)]
        self.board_line = BoardLine(folder / "boards", self._panels, clock)
        self._following: list[tuple[HubClient, threading.Thread]] = []
        self._hall_port = 0

    @property
    def hall_url(self) -> str:
        """Where the hall screen's page is."""
        return self._hall.url

    @property
    def boards(self) -> dict[str, str]:
        """What each counter's board shows."""
        counters = self._rules.counters
        return {c.id: panel.shown for c, panel in zip(counters, self._panels, strict=True)}

    def start(self, node: Node, clock: Clock) -> None:
        """Follow a hub that has just started."""
        relay = Relay()
        self._hall = HttpServer(
            create_app(relay, Screen(clock)), HttpAddress("127.0.0.1", self._hall_port)
        )
        self._hall.start()
        self._hall_port = self._hall.port
        self._follow(node, "boards", partial(run_boards, self._board_settings(node.url)))
        self._follow(node, "hall", partial(feed, relay, notices=self._notices))
        voice = self._voice_settings(node.url)
        self._follow(node, "voice", partial(run_voice, voice, clock=clock))

    def stop(self) -> None:
        """Let go of the hub."""
        for client, thread in self._following:
            client.close()
            thread.join()
        self._following.clear()
        self._hall.stop()

    def _follow(self, node: Node, name: str, show: Callable[[HubClient], None]) -> None:
        client = HubClient(node.url, node.access.add_device(Actor(name, "display")))
        thread = threading.Thread(target=show, args=(client,), name=f"{name}-{self._rules.site}")
        self._following.append((client, thread))
        thread.start()

    def _board_settings(self, hub: str) -> BoardSettings:
        boards = tuple(
            ModbusDigits(address=index + 1, counter=counter.id)
            for index, counter in enumerate(self._rules.counters)
        )
        bus = Bus(port=str(self.board_line.path), boards=boards)
        return BoardSettings(hub=hub, token_file=Path(), buses=(bus,))

    def _voice_settings(self, hub: str) -> VoiceSettings:
        hall = Zone(name="hall", player=Files(folder=self._folder / "voice"))
        return VoiceSettings(hub=hub, token_file=Path(), zones=(hall,), pace=_ONCE)
