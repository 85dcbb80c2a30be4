"""Signing in: what is typed ahead lands where it belongs."""

import asyncio
import threading

import pytest
from textual.events import Key
from textual.widgets import Input

from display.terminal.settings import Settings
from display.terminal.sign_in import SignInScreen
from tests.display.terminal.station import PIN, Station, at_station
from tests.edge.running_site import RunningSite

_CONTROLS = {"enter": "\r", "tab": "\t"}


def type_ahead(at: Station, *keys: str) -> None:
    """Press keys faster than the terminal can take them, as a driver hands them over."""
    for key in keys:
        at.app.post_message(Key(key, key if len(key) == 1 else _CONTROLS[key]))


def typed(at: Station, field: str) -> str:
    return at.app.screen.query_one(f"#{field}", Input).value


@pytest.mark.parametrize("onwards", ["enter", "tab"])
def test_a_pin_typed_ahead_is_never_read_in_the_name(site: RunningSite, onwards: str) -> None:
    async def scenario(at: Station) -> None:
        await at.sees("ĐĂNG NHẬP")
        type_ahead(at, *"nv01", onwards, *PIN)
        await at.until(lambda: typed(at, "pin") == PIN, "the PIN")
        assert typed(at, "staff") == "nv01"
        assert PIN not in at.screen
        assert "••••••" in at.screen

    at_station(site, scenario)


def test_all_that_is_typed_ahead_lets_the_clerk_in(site: RunningSite) -> None:
    async def scenario(at: Station) -> None:
        await at.sees("ĐĂNG NHẬP")
        type_ahead(at, *"nv01", "enter", *PIN, "enter")
        await at.sees("Chọn quầy", "nv01")

    at_station(site, scenario)


def test_who_comes_reads_that_the_hub_is_silent_and_that_it_is_back(
    site: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("display.terminal.sign_in._ASK_EVERY_S", 0.1)

    async def scenario(at: Station) -> None:
        await at.sees("ĐĂNG NHẬP", site.url)
        assert "Chưa liên lạc được" not in at.screen
        site.stop_serving()
        await at.sees("! Chưa liên lạc được với máy chủ tại chỗ")
        site.serve_again()
        await at.until(lambda: "Chưa liên lạc được" not in at.screen, "that it is back")

    at_station(site, scenario)


def test_an_answer_that_comes_when_somebody_has_come_in_disturbs_nobody(
    site: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[threading.Event] = []

    def slow(_door: object) -> str:
        answers.append(threading.Event())
        answers[-1].wait(30)
        return "late"

    monkeypatch.setattr("display.terminal.sign_in._ASK_EVERY_S", 0.05)
    monkeypatch.setattr("display.terminal.sign_in._silence", slow)

    async def scenario(at: Station) -> None:
        await at.until(lambda: bool(answers), "the first question")
        screen = at.app.screen
        assert isinstance(screen, SignInScreen)
        asked = asyncio.create_task(screen._ask_whether_it_answers())
        await at.until(lambda: len(answers) > 1, "another")
        await screen.query_one("#sign-in").remove()
        for answer in answers:
            answer.set()
        await asked

    at_station(site, scenario)


@pytest.mark.parametrize("wrong", ["http://127.0.0.1:99999", "https://127.0.0.1:1"])
def test_an_address_of_no_use_is_told_in_words_and_the_terminal_stays(
    site: RunningSite, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setattr("display.terminal.sign_in._ASK_EVERY_S", 0.05)
    ca_file = site.folder / "nosuch.pem" if wrong.startswith("https") else None

    async def scenario(at: Station) -> None:
        await at.sees("! ")

    at_station(site, scenario, settings=Settings(hub=wrong, ca_file=ca_file))


def test_what_is_missing_is_asked_for_where_it_belongs(site: RunningSite) -> None:
    async def scenario(at: Station) -> None:
        await at.sees("▸ Tên đăng nhập")
        await at.press("enter")
        await at.sees("▸ Mã PIN")
        await at.type(PIN)
        await at.press("enter")
        await at.sees("! Hãy nhập", "▸ Tên đăng nhập")
        await at.type("nv01")
        await at.press("enter", "enter")
        await at.sees("Chọn quầy")

    at_station(site, scenario)
