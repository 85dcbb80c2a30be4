"""What a rollout is refused for, with words, before anything is stored."""

from pathlib import Path

import msgspec
import pytest

from central.settings import CentralSettings
from central.store.database import writing
from central.store.updates import UpdateBook
from central.updates.rollout import RolloutState
from contract.wire import UpdateState
from runtime.settings import load_settings
from tests.central.updates.test_rollout import ROLLOUT
from tests.provision.update.wheelhouses import PUBLISHER, publish, wheel
from tests.system.lost_line import central

HANOI, HUE = "01-00097-01-h1", "46-19753-01-h1"


class Operator:
    """A centre with releases 6 and 7, and a hub in each of two provinces."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self._config = folder / "central.toml"
        self._config.write_text(
            f"""
            [store]
            folder = "{folder / "centre"}"
            [embedded_broker]
            [updates]
            publisher_keys = ["{PUBLISHER.public_key().public_bytes_raw().hex()}"]
            sources = ["https://centre.example/releases"]
            """,
            encoding="utf-8",
        )
        settings = load_settings(self._config, CentralSettings, "NONE", environment={})
        self.database = settings.database()
        for number in (6, 7):
            publish(folder / "house", number, [wheel(folder, f"{number}.0")])
        self.does("release", "add", str(folder / "house"))
        with writing(self.database) as db:
            for node in (HANOI, HUE):
                site = node[:-3]
                db.execute("INSERT INTO sites (code, province) VALUES (?, ?)", (site, site[:2]))
                db.execute(
                    "INSERT INTO nodes (code, site) SELECT ?, site FROM sites WHERE code = ?",
                    (node, site),
                )

    def does(self, *words: str) -> None:
        central(self._monkeypatch, str(self._config), *words)

    def starts(self, release: int, *words: str, percent: int = 100) -> None:
        self.does("rollout", "start", str(release), "--percent", str(percent), *words)

    def rollouts(self) -> list[int]:
        with writing(self.database) as db:
            return [one.release for one in UpdateBook(db.conn).rollouts()]


@pytest.fixture
def operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Operator:
    return Operator(tmp_path, monkeypatch)


@pytest.mark.parametrize("places", [("01", "99"), ("99-99999-99",), ("01-00098",)])
def test_a_place_without_a_site_is_refused(operator: Operator, places: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit, match=f"no site in {places[-1]}; nothing was changed"):
        operator.starts(7, "--place", *places)
    assert operator.rollouts() == []


@pytest.mark.parametrize("place", ["01", "01-00097", "01-00097-01"])
def test_a_place_with_a_site_is_taken(operator: Operator, place: str) -> None:
    operator.starts(7, "--place", place, "--most-refused", "0")
    assert operator.rollouts() == [7]


@pytest.mark.parametrize("number", ["-1", "1.5", "9999999", "٣"])
def test_no_number_of_sites_is_refused(
    operator: Operator, number: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        operator.starts(7, "--most-refused", number)
    assert f"{number} is no number of sites" in capsys.readouterr().err
    assert operator.rollouts() == []


@pytest.mark.parametrize("place", [(), ("--place", "01"), ("--place", "01-00097-01")])
def test_below_what_goes_on_there_is_refused(operator: Operator, place: tuple[str, ...]) -> None:
    operator.starts(7, "--place", "01-00097", percent=1)
    with pytest.raises(SystemExit, match="Machines only go forward"):
        operator.starts(6, *place)
    assert operator.rollouts() == [7]


def test_elsewhere_and_after_it_was_given_up_it_may_be_older(operator: Operator) -> None:
    operator.starts(7, "--place", "01")
    operator.starts(6, "--place", "46")
    operator.does("rollout", "stop", "1")
    operator.starts(6, "--place", "01")
    assert operator.rollouts() == [6, 6, 7]


@pytest.mark.parametrize("phase", ["trying", "done"])
def test_where_a_hub_has_the_newer_one_it_is_refused_though_given_up(
    operator: Operator, phase: str
) -> None:
    halted = msgspec.structs.replace(ROLLOUT, state=RolloutState.HALTED)
    with writing(operator.database) as db:
        book = UpdateBook(db.conn)
        book.add(halted)
        book.note_said(HUE, UpdateState(halted.order, 7, phase), 1)  # type: ignore[arg-type] # each is one
        book.note_said(HANOI, UpdateState(halted.order, 7, "refused"), 1)
    with pytest.raises(SystemExit, match=r"release 7 has been rolled out there \(rollout 1\)"):
        operator.starts(6)
    operator.starts(6, "--place", "01")
    assert operator.rollouts() == [6, 7]
