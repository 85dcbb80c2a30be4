"""What people press at a hub and at a satellite, through the real queue and the real API."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from gpiozero.pins.mock import MockFactory

from contract.commands import (
    Actor,
    Answer,
    AnyCommand,
    FinishService,
    IssueTicket,
    OpenCounter,
    Order,
    Rate,
    ReportDevice,
    SignIn,
    StartService,
    UseRoll,
)
from contract.refusals import Refused
from edge.control_settings import ControlSettings, KeypadSettings, PadSettings, ServiceButton
from edge.controls import Controls, ControlsOfHub
from edge.devices.transport import DeviceError
from edge.satellite.__main__ import RATING_S, Couriers, SatelliteSettings, main, run
from runtime.clock import SystemClock
from runtime.hub_client import HubClient, HubUnreachable
from simulation.keypads import VirtualKeypad
from simulation.pads import press
from tests.edge.running_site import CLERK, HUB, KIOSK, PRINTER, RULES, RunningSite, TestClock
from tests.waiting import until

PINS, LEDS = (5, 6, 13, 19), (12, 16, 20, 21)
CIVIL = ServiceButton("1", 22, 23)


class Panel:
    """The controls of a machine, and the hands on them."""

    def __init__(self, folder: Path) -> None:
        self.fingers = TestClock()
        self.plastic = VirtualKeypad(folder / "usb-keypad-event-kbd", self.fingers)
        self.settings: dict[str, Any] = {
            "pads": (PadSettings("1", PINS, LEDS),),
            "ticket_buttons": (CIVIL,),
            "keypads": (
                KeypadSettings("keypad-1", self.plastic.path, {"KEY_KPENTER": "next"}, "1"),
            ),
            "pin_library": "mock",
        }
        self.pins = MockFactory()

    def push(self, pin: int) -> None:
        press(self.pins, pin, Random(7), SystemClock())

    def lit(self, pin: int) -> bool:
        return bool(self.pins.pin(pin).state)


@pytest.fixture
def panel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Panel]:
    panel = Panel(tmp_path)
    monkeypatch.setattr("edge.controls.open_pin_factory", lambda _: panel.pins)
    yield panel
    panel.plastic.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RunningSite]:
    site = RunningSite(tmp_path / "hub", TestClock(), RULES)
    assert isinstance(site.give(CLERK, SignIn("1")), Answer)
    assert isinstance(site.give(CLERK, OpenCounter("1")), Answer)
    assert isinstance(site.give(HUB, ReportDevice(PRINTER, "ready")), Answer)
    yield site
    site.close()


def give(site: RunningSite, actor: Actor, command: AnyCommand) -> "Future[Answer | Refused]":
    return site.hub.submit(Order(uuid4().bytes, actor, command))


def at_the_hub(site: RunningSite, panel: Panel) -> ControlsOfHub:
    controls = Controls(
        ControlSettings(**panel.settings),
        lambda actor, command: give(site, actor, command),
        site.hub.report,
        SystemClock(),
        printer_of=lambda _: PRINTER,
        levels=4,
        open_input=panel.plastic.opens,
    )
    mine = ControlsOfHub(controls, site.hub.snapshot)
    site.hub.listen(mine.notify)
    mine.start()
    return mine


def at_a_satellite(site: RunningSite, panel: Panel, folder: Path) -> "Satellite":
    for actor in (
        Actor("satellite-1", "display"),
        Actor("pad-1", "pad", "1"),
        Actor("ticket-buttons", "kiosk"),
        Actor("keypad-1", "keypad", "1"),
    ):
        token = site.access.add_device(actor)
        (folder / f"{actor.id}.token").write_text(f"{token}\n", "ascii")
    settings = SatelliteSettings(
        hub=site.url, token_file=folder / "satellite-1.token", **panel.settings
    )
    token = settings.token_file.read_text("ascii").strip()
    return Satellite(settings, HubClient(site.url, token, silent_after_s=0.2), panel)


class Satellite:
    """The program, in a thread."""

    def __init__(self, settings: SatelliteSettings, client: HubClient, panel: Panel) -> None:
        self._client = client
        self._thread = threading.Thread(
            target=run, args=(settings, client), kwargs={"open_input": panel.plastic.opens}
        )
        self._thread.start()

    def close(self) -> None:
        self._client.close()
        self._thread.join(10)
        assert not self._thread.is_alive()


@pytest.fixture(params=["hub", "satellite"])
def machine(
    request: pytest.FixtureRequest, site: RunningSite, panel: Panel, tmp_path: Path
) -> Iterator[ControlsOfHub | Satellite]:
    machine: ControlsOfHub | Satellite = (
        at_the_hub(site, panel) if request.param == "hub" else at_a_satellite(site, panel, tmp_path)
    )
    until(lambda: panel.lit(CIVIL.led_pin or 0))
    yield machine
    machine.close()


@pytest.mark.usefixtures("machine")
def test_a_ticket_button_gives_a_number(site: RunningSite, panel: Panel) -> None:
    panel.push(CIVIL.pin)
    until(lambda: [t.service for t in site.hub.snapshot().waiting] == ["1"])


@pytest.mark.usefixtures("machine")
def test_without_paper_a_ticket_button_is_dark_says_no_and_gives_nothing_but_off_a_roll(
    site: RunningSite, panel: Panel
) -> None:
    light = panel.pins.pin(CIVIL.led_pin or 0)
    site.give(HUB, ReportDevice(PRINTER, "lost", "paper-out"))
    until(lambda: not light.state)
    before = len(light.states)
    panel.push(CIVIL.pin)
    until(lambda: [x.state for x in light.states[before:]].count(True) >= 5)
    assert site.hub.snapshot().issued_today == 0
    site.give(CLERK, UseRoll("1100"))
    until(lambda: panel.lit(CIVIL.led_pin or 0))


def test_a_ticket_keypad_gives_numbers_while_its_slips_come_out(
    site: RunningSite, panel: Panel
) -> None:
    keys = {"KEY_KP1": "ticket:1", "KEY_KP2": "ticket:2"}
    panel.settings["keypads"] = (KeypadSettings("keypad-hall", panel.plastic.path, keys),)
    machine = at_the_hub(site, panel)
    until(lambda: panel.plastic.grabbed and panel.lit(CIVIL.led_pin or 0))
    panel.plastic.press("KEY_KP1")
    until(lambda: site.hub.snapshot().issued_today == 1)
    panel.plastic.lights(0.4)
    site.give(HUB, ReportDevice(PRINTER, "lost", "paper-out"))
    until(lambda: not panel.lit(CIVIL.led_pin or 0))
    panel.plastic.press("KEY_KP2")
    assert panel.plastic.lights(0.6) == [1, 0] * 4
    assert site.hub.snapshot().issued_today == 1
    machine.close()


@pytest.mark.usefixtures("machine")
def test_the_keypad_calls_the_next_number_when_the_terminal_is_dead(
    site: RunningSite, panel: Panel
) -> None:
    for _ in range(3):
        site.give(KIOSK, IssueTicket(("1",), on_paper=False))
    until(lambda: panel.plastic.grabbed)
    for number in ("1001", "1002", "1003"):
        panel.plastic.press("KEY_KPENTER")
        until(partial(is_called, site, (number, 1)))
        assert panel.plastic.lights(0.4) == [1, 0]
        panel.plastic.press("KEY_KPENTER", hold_s=1.0)
        until(partial(is_called, site, (number, 2)))
        panel.plastic.lights(0.4)
        panel.fingers.sleep(30)
    site.give(CLERK, StartService("1"))
    panel.plastic.press("KEY_KPENTER")
    until(lambda: called(site) is None)
    assert site.hub.snapshot().finished_today == 3


@pytest.mark.usefixtures("machine")
def test_one_key_marks_who_did_not_come_and_then_calls_the_next(
    site: RunningSite, panel: Panel
) -> None:
    for _ in range(2):
        site.give(KIOSK, IssueTicket(("1",), on_paper=False))
    until(lambda: panel.plastic.grabbed)
    panel.plastic.press("KEY_KPENTER")
    until(partial(is_called, site, ("1001", 1)))
    panel.plastic.press("KEY_KPENTER", hold_s=3.5)
    until(lambda: [ticket.number for ticket in site.hub.snapshot().absent] == ["1001"])
    panel.plastic.lights(0.4)
    panel.plastic.press("KEY_KPENTER")
    until(partial(is_called, site, ("1002", 1)))
    panel.plastic.lights(0.4)
    site.give(CLERK, StartService("1"))
    panel.plastic.press("KEY_KPENTER", hold_s=3.5)  # whoever is being served is there
    assert panel.plastic.lights(0.6) == [1, 0] * 4
    assert site.hub.snapshot().finished_today == 0


@pytest.mark.usefixtures("machine")
def test_a_keypad_that_is_refused_says_so(panel: Panel) -> None:
    until(lambda: panel.plastic.grabbed)
    panel.plastic.press("KEY_KPENTER")  # nobody waits
    assert panel.plastic.lights(0.6) == [1, 0] * 4


@pytest.mark.usefixtures("machine")
def test_the_pad_is_lit_while_a_rating_is_due_thanks_once_and_every_press_is_kept(
    site: RunningSite, panel: Panel
) -> None:
    panel.push(PINS[0])
    until(lambda: site.hub.snapshot().presses_ignored_today == 1)
    assert not panel.lit(LEDS[0])
    serve_somebody(site, panel)
    until(lambda: all(panel.lit(led) for led in LEDS))
    panel.push(PINS[3])
    until(lambda: site.hub.snapshot().ratings_today == 1)
    until(lambda: not any(panel.lit(led) for led in LEDS))
    panel.push(PINS[2])
    until(lambda: site.hub.snapshot().presses_ignored_today == 2)
    assert site.hub.snapshot().ratings_today == 1


def test_a_silent_hub_makes_a_satellite_dark_and_nothing_pressed_is_done_later(
    site: RunningSite, panel: Panel, tmp_path: Path
) -> None:
    satellite = at_a_satellite(site, panel, tmp_path)
    until(lambda: panel.lit(CIVIL.led_pin or 0))
    site.give(KIOSK, IssueTicket(("1",), on_paper=False))
    site.stop_serving()
    until(lambda: not panel.lit(CIVIL.led_pin or 0))
    panel.push(CIVIL.pin)
    panel.plastic.press("KEY_KPENTER")
    assert panel.plastic.lights(0.6) == [1, 0] * 4
    site.serve_again()
    until(lambda: panel.lit(CIVIL.led_pin or 0))
    assert [t.number for t in site.hub.snapshot().waiting] == ["1001"]
    satellite.close()


def test_a_satellite_drops_a_rating_that_it_could_not_send_in_time(
    site: RunningSite, panel: Panel, tmp_path: Path
) -> None:
    pad, clock = Actor("pad-1", "pad", "1"), TestClock()
    (tmp_path / "pad-1.token").write_text(site.access.add_device(pad), "ascii")
    settings = SatelliteSettings(
        hub=site.url,
        token_file=tmp_path / "satellite-1.token",
        pads=panel.settings["pads"],
    )
    couriers = Couriers(settings, clock)
    site.stop_serving()
    soon, late = couriers.give(pad, Rate("1", 4)), couriers.give(pad, Rate("1", 3))
    site.serve_again()
    assert isinstance(soon.result(10), Refused), "nothing is finished, but it came and was kept"
    assert isinstance(late.result(10), Refused)
    site.stop_serving()
    late = couriers.give(pad, Rate("1", 4))
    clock.later(RATING_S)
    with pytest.raises(HubUnreachable):
        late.result(10)
    couriers.close()
    site.serve_again()
    assert site.hub.snapshot().presses_ignored_today == 2


@pytest.mark.usefixtures("machine")
def test_a_machine_reports_its_devices_by_name(
    site: RunningSite,
) -> None:
    def working() -> set[str]:
        return {d.device.rpartition(":")[2] for d in site.hub.snapshot().devices}

    until(lambda: working() == {"pad-1", "ticket-buttons", "keypad-1", PRINTER})


def test_pins_that_do_not_work_here_leave_the_rest_working(site: RunningSite, panel: Panel) -> None:
    reports: list[ReportDevice] = []
    controls = Controls(
        ControlSettings(**{**panel.settings, "pads": (PadSettings("1", (5, 6, 99)),)}),
        lambda actor, command: give(site, actor, command),
        reports.append,
        SystemClock(),
        printer_of=lambda _: PRINTER,
        open_input=panel.plastic.opens,
    )
    until(lambda: len(reports) == 3)
    controls.close()
    assert {(report.device, report.state) for report in reports} == {
        ("pad-1", "lost"),
        ("ticket-buttons", "ready"),
        ("keypad-1", "ready"),
    }


def test_pins_that_fail_at_start_are_tried_again_and_show_what_is(
    site: RunningSite, panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    working = threading.Event()

    def open_pins(_: str) -> MockFactory:
        if not working.is_set():
            raise DeviceError("the pin library gpiod does not work here")
        return panel.pins

    monkeypatch.setattr("edge.controls.open_pin_factory", open_pins)
    machine = at_the_hub(site, panel)
    until(lambda: devices(site).get("ticket-buttons") == "lost")
    working.set()
    until(lambda: {devices(site).get(name) for name in ("pad-1", "ticket-buttons")} == {"ready"})
    assert panel.lit(CIVIL.led_pin or 0)
    panel.push(CIVIL.pin)
    until(lambda: site.hub.snapshot().issued_today == 1)
    machine.close()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "without pads"),
        ('pads = [{ counter = "1", pins = [5, 6, 13] }]', "No such file"),
        (
            'keypads = [{ name = "k", path = "/dev/input/by-id/x", keys = { KEY_A = "next" } }]',
            "with a counter keys call",
        ),
    ],
)
def test_wrong_settings_of_a_satellite_end_it_with_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    config = tmp_path / "satellite.toml"
    config.write_text(f'hub = "http://127.0.0.1:1"\ntoken_file = "s.token"\n{text}', "utf-8")
    (tmp_path / "s.token").write_text("x", "ascii")
    assert main(["--config", str(config)]) == 1
    assert words in capsys.readouterr().err


def devices(site: RunningSite) -> dict[str, str]:
    return {view.device: view.state for view in site.hub.snapshot().devices}


def called(site: RunningSite) -> tuple[str, int] | None:
    ticket = site.hub.snapshot().counters[0].ticket
    return None if ticket is None else (ticket.number, ticket.calls)


def is_called(site: RunningSite, ticket: tuple[str, int]) -> bool:
    return called(site) == ticket


def serve_somebody(site: RunningSite, panel: Panel) -> None:
    site.give(KIOSK, IssueTicket(("1",), on_paper=False))
    until(lambda: panel.plastic.grabbed)
    panel.plastic.press("KEY_KPENTER")
    until(lambda: called(site) == ("1001", 1))
    for command in (StartService("1"), FinishService("1")):
        assert isinstance(site.give(CLERK, command), Answer)
