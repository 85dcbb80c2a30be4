"""From a list that somebody edits at the centre, over a real broker, to what a kiosk offers on the
days on which it is in force."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from central.scope import Scope
from central.store.database import database_of, reading
from central.store.reader import Reader
from contract.commands import Actor
from contract.wire import Configuration
from edge.configured_run import ConfiguredSettings
from edge.node import Node
from tests.system.lost_line import Site, central, issue
from tests.waiting import until

A_DAY_S = 86_400
HEAD = "code,name_vi,name_en,service,valid_from,valid_to\n"
ALWAYS = "1.001193,Đăng ký khai sinh,Birth registration,1,,\n"
ENDS_TODAY = "2.000815,Chứng thực bản sao,,1,2025-07-01,2026-11-23\n"
BEGINS_TOMORROW = "1.013978,Đăng ký đất đai,,2,2026-11-24,\n"
OF_NO_SERVICE = "2.000720,Thay đổi hộ kinh doanh,,3,,\n"
FIRST = HEAD + ALWAYS + ENDS_TODAY + BEGINS_TOMORROW + OF_NO_SERVICE
OWN = """
[[procedures]]
code = "1.004194"
name = { vi = "Đăng ký tạm trú" }
service = "2"
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    logging.disable(logging.CRITICAL)
    with ExitStack() as stack:
        yield Site(tmp_path, stack)
    logging.disable(logging.NOTSET)


def booted(site: Site, configured: ConfiguredSettings) -> Node:
    """A hub that runs what it should, proven at once."""
    settings, chosen = configured.choose()
    node = Node(settings, site.clock, chosen.configuration, configured.hear)
    node.start()
    if chosen.on_trial and chosen.configuration is not None:
        assert configured.configurations is not None
        configured.configurations.accept(chosen.configuration)
    return node


def restarted_with_news(site: Site, configured: ConfiguredSettings, node: Node) -> Node:
    """The hub once it has what the centre says, and nobody is in the house."""
    assert configured.has_news.wait(15)
    configured.has_news.clear()
    node.stop()
    return booted(site, configured)


def offered(node: Node) -> list[str]:
    """The codes that a kiosk shows."""
    token = node.access.add_device(Actor("kiosk-1", "kiosk"))
    headers = {"Authorization": f"Bearer {token}"}
    found = httpx.get(
        f"{node.url}/api/catalogue", headers=headers, trust_env=False, timeout=30
    ).json()
    node.access.remove_device("kiosk-1")
    return [one["code"] for one in found["procedures"]]


def in_force(configured: ConfiguredSettings) -> Configuration:
    assert configured.configurations is not None
    found = configured.configurations.current
    assert found is not None
    return found


def test_a_procedure_comes_and_goes_with_its_days(
    site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    centre, file = str(site.centre_config()), site.folder / "list.csv"

    def publish(text: str) -> str:
        file.write_text(text, encoding="utf-8")
        central(monkeypatch, centre, "import-procedures", str(file))
        return capsys.readouterr().out

    def all_run_it() -> bool:
        central(monkeypatch, centre, "configurations")
        return capsys.readouterr().out == "All 1 hubs run what was decided.\n"

    def has_gone() -> bool:
        with reading(database_of(site.folder / "centre")) as conn:
            return [node.online for node in Reader(conn, Scope()).nodes()] == [False]

    config = site.config("card")
    config.write_text(config.read_text("utf-8").replace("[http]", OWN + "[http]", 1), "utf-8")
    configured = ConfiguredSettings(config)
    assert "Edition 1 is in force" in publish(FIRST)
    node = booted(site, configured)
    assert offered(node) == ["1.004194"]

    node = restarted_with_news(site, configured, node)
    assert offered(node) == ["1.004194", "1.001193", "2.000815"]
    assert issue(node, "1", 1) == ["1001"]
    until(all_run_it, 15)

    site.clock.later(A_DAY_S)
    assert offered(node) == ["1.004194", "1.001193", "1.013978"]

    site.line.cut()
    until(has_gone, 15)
    publish(HEAD + BEGINS_TOMORROW)
    assert not all_run_it()
    publish(HEAD + BEGINS_TOMORROW + ALWAYS.replace("khai sinh", "khai sinh mới"))
    assert offered(node) == ["1.004194", "1.001193", "1.013978"]
    site.line.up()
    node = restarted_with_news(site, configured, node)
    assert in_force(configured).number == 2, "what came in between was never made for it"
    assert [one.name["vi"] for one in in_force(configured).catalogue or ()] == [
        "Đăng ký khai sinh mới",
        "Đăng ký đất đai",
    ]
    until(all_run_it, 15)
    node.stop()


def test_what_is_printed_can_be_edited_and_imported_again(
    site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    centre, file = str(site.centre_config()), site.folder / "list.csv"
    file.write_text(FIRST, encoding="utf-8")
    central(monkeypatch, centre, "import-procedures", str(file), "--dry-run")
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "added: 1.001193 Đăng ký khai sinh (… – …)"
    assert said[-1] == "0 unchanged. Nothing was stored; edition 0 is in force."
    central(monkeypatch, centre, "import-procedures", str(file))
    capsys.readouterr()
    central(monkeypatch, centre, "procedures")
    printed = capsys.readouterr().out
    assert sorted(printed.splitlines()) == sorted(FIRST.splitlines())
    file.write_text(printed.replace(",2026-11-23", ",2026-12-31"), encoding="utf-8")
    central(monkeypatch, centre, "import-procedures", str(file))
    assert capsys.readouterr().out.splitlines() == [
        "end moved: 2.000815 Chứng thực bản sao (2025-07-01 – 2026-12-31)",
        "3 unchanged. Edition 2 is in force; each hub gets it when it next reports.",
    ]
