"""When a hub tells the network that it is here."""

from pathlib import Path

import pytest

import edge.local_api
from edge.node import Node
from edge.settings import Http, HubSettings
from tests.edge.running_site import RULES, TestClock

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what is tested is who is told of it


class Recorder:
    """Stands in the place of an announcement and keeps what was told."""

    told: list[tuple[str, str, int]]

    def __init__(self, node: str, site_name: str, port: int, *, tls: bool) -> None:
        assert not tls
        self.told.append((node, site_name, port))

    def close(self) -> None:
        self.told.append(("", "", 0))


@pytest.mark.parametrize(
    ("http", "is_told"),
    [
        (Http(port=0), False),
        (Http(EVERYWHERE, 0), True),
        (Http(EVERYWHERE, 0, announce=False), False),
    ],
)
def test_only_a_hub_that_others_can_reach_is_announced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, http: Http, is_told: bool
) -> None:
    told: list[tuple[str, str, int]] = []
    monkeypatch.setattr(Recorder, "told", told, raising=False)
    monkeypatch.setattr(edge.local_api, "Announcement", Recorder)
    node = Node(HubSettings("01-00097-01-h1", tmp_path, RULES, http=http), TestClock())
    node.start()
    port = int(node.url.rpartition(":")[2])
    node.stop()
    goodbye = ("", "", 0)
    assert told == ([("01-00097-01-h1", RULES.site_name, port), goodbye] if is_told else [])
