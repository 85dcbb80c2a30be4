"""`thutu-voice --config voice.toml`: calls what its hub calls, in every zone and language.

`thutu-voice check-bank FOLDER` looks at a recorded bank, and needs neither hub nor sound card.
"""

import logging
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from display.voice.backlog import Backlog
from display.voice.bank import BankError, check_bank
from display.voice.players import AplayPlayer, FilePlayer, Player
from display.voice.settings import Aplay, Files, Settings, Zone
from display.voice.speech import load_speech
from display.voice.zone import ZoneVoice
from runtime.clock import Clock, SystemClock
from runtime.command_line import CommandLine
from runtime.device_reports import DeviceReports
from runtime.hub_client import HubClient, Silence
from runtime.hub_program import run_beside_hub
from runtime.service_manager import ServiceManager, Watchdog
from runtime.wording import say

logger = logging.getLogger(__name__)

_CHECK_BANK = "check-bank"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until stopped by a signal, or check a bank. Returns 0, or 1 with words on the error
    output, or on the output when a bank has faults."""
    given = sys.argv[1:] if arguments is None else arguments
    if given[:1] == [_CHECK_BANK]:
        return _check_bank(given[1:])
    watchdog = Watchdog(ServiceManager())
    watched = partial(run, watchdog=watchdog)
    return run_beside_hub("thutu-voice", Settings, watched, given, watchdog=watchdog)


def run(
    settings: Settings,
    client: HubClient,
    watchdog: Watchdog | None = None,
    clock: Clock | None = None,
) -> None:
    """Say what every picture of the hub calls for, until `client` is closed.

    `watchdog` watches the loop of every zone. Raises BankError.
    """
    speech = load_speech(settings)
    watchdog = watchdog or Watchdog(ServiceManager({}))
    clock = clock or SystemClock()
    with ExitStack() as closing:
        reports = DeviceReports(client)
        closing.callback(reports.close)
        voices = []
        for zone in settings.zones:
            voice = ZoneVoice(
                zone.name,
                _backlog(zone, settings),
                speech,
                _player(zone.player, clock),
                report=reports.put,
                clock=clock,
                turned=watchdog.loop(),
            )
            closing.callback(voice.close)
            voices.append(voice)
        for picture in client.stream():
            if isinstance(picture, Silence):
                logger.warning(
                    "no new calls are heard of, for the hub is silent: %s", picture.cause
                )
                continue
            for voice in voices:
                voice.hear(picture)


def _backlog(zone: Zone, settings: Settings) -> Backlog:
    return Backlog(
        zone.counters,
        times=settings.pace.times,
        repeat_after_s=settings.pace.repeat_after_s,
        most=settings.most_waiting,
        says=zone.says,
        kiosks=zone.kiosks,
    )


def _player(chosen: Aplay | Files, clock: Clock) -> Player:
    if isinstance(chosen, Aplay):
        return AplayPlayer(chosen.device, clock)
    return FilePlayer(chosen.folder, chosen.keep, clock)


def _check_bank(arguments: Sequence[str]) -> int:
    parser = CommandLine(prog=f"thutu-voice {_CHECK_BANK}")
    parser.add_argument("folder", type=Path, help=say("voice.help_folder", parser.language))
    chosen = parser.parse_args(arguments)
    try:
        faults = check_bank(chosen.folder)
    except BankError as error:
        print(f"thutu-voice: {error}", file=sys.stderr)
        return 1
    for fault in faults:
        print(fault.words(parser.language))
    if not faults:
        print(say("voice.sound", parser.language, folder=chosen.folder))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
