"""From the centre's command to a hub that runs what was decided, and a list of those who do not."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from contract.wire import Configuration
from edge.configured_run import ConfiguredSettings
from edge.node import Node
from tests.system.lost_line import NODE, Site, central, issue
from tests.waiting import until

DECIDED = """
[site]
site = "01-00097-01"
unit = "Phường Hồng Hà"
site_name = "Trung tâm mới"
services = [
  { id = "1", series = "1", name = { vi = "Hộ tịch" } },
  { id = "2", series = "2", name = { vi = "Đất đai" } },
]
counters = [{ id = "1", services = ["1", "2"] }, { id = "2", services = ["1"] }]
[[site.sessions]]
weekdays = [1, 2, 3, 4, 5, 6, 7]
issue_from = "00:00"
last_ticket = "23:59"
closes = "23:59"
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    logging.disable(logging.CRITICAL)
    with ExitStack() as stack:
        yield Site(tmp_path, stack)
    logging.disable(logging.NOTSET)


def booted(site: Site, configured: ConfiguredSettings) -> Node:
    settings, chosen = configured.choose()
    node = Node(settings, site.clock, chosen.configuration, configured.hear)
    node.start()
    return node


def test_a_hub_takes_what_was_decided_and_says_so(
    site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    centre = str(site.centre_config())
    file = site.folder / "decided.toml"
    file.write_text(DECIDED, encoding="utf-8")
    central(monkeypatch, centre, "publish-config", "01-00097-01", str(file))
    configured = ConfiguredSettings(site.config("card"))
    node = booted(site, configured)
    issue(node, "1", 1)
    assert configured.has_news.wait(10)
    assert not node.hub.is_empty  # so a running hub would wait
    node.stop()
    capsys.readouterr()
    central(monkeypatch, centre, "configurations")
    assert f"{NODE}: " in capsys.readouterr().out

    assert configured.configurations is not None
    node = booted(site, configured)
    tried: Configuration | None = configured.configurations.trial
    assert tried is not None
    configured.configurations.accept(tried)
    assert len(node.hub.rules.counters) == 2
    assert issue(node, "1", 1) == ["1002"]
    assert node.hub.identity.config == tried.label

    def all_the_same() -> bool:
        central(monkeypatch, centre, "configurations")
        return capsys.readouterr().out == "All 1 hubs run what was decided.\n"

    until(all_the_same)
    node.stop()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('[uplink]\nhost = "evil"', "does not decide uplink, only site"),
        ("[site", "Nothing was published"),
        ('[site]\nsite = "01-00097-02"', "not that of 01-00097-01"),
    ],
)
def test_the_centre_refuses_what_no_hub_would_take(
    site: Site, monkeypatch: pytest.MonkeyPatch, text: str, why: str
) -> None:
    file = site.folder / "decided.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SystemExit, match=why):
        central(monkeypatch, str(site.centre_config()), "publish-config", "01-00097-01", str(file))
