"""A node's update from the order to its proof: real wheels, real pip, real environments."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.wire import JOURNAL_READS, JOURNAL_WRITES
from provision.update.machine import MachineError
from provision.update.releases import CURRENT, PREVIOUS, PROVEN
from provision.update.updater import RefusedError
from runtime.sealed import SealError
from tests.provision.update.wheelhouses import NODE, Site, UpTime, order, publish, wheel


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    site.begin()
    return site


def links(site: Site) -> tuple[str, str, str]:
    return (
        site.releases.named(CURRENT),
        site.releases.named(PROVEN),
        site.releases.named(PREVIOUS),
    )


def names(site: Site) -> list[str]:
    return sorted(path.name for path in (site.folder / "opt/releases").iterdir())


def test_an_ordered_release_is_built_switched_to_and_proven(site: Site, tmp_path: Path) -> None:
    manifest = publish(site.house, 2, [wheel(tmp_path, "2.0")])
    order(site.order_file, 1, 2, manifest)
    site.run()
    assert site.phase() == (2, "done", "")
    assert site.runs() == "2.0"
    assert links(site) == ("2", "2", "1")
    assert names(site) == ["1", "2"]
    compiled = site.releases.folder("2").glob("lib/*/site-packages/__pycache__/sample_hub.*.pyc")
    assert len([*compiled]) == 1  # for services may write nothing there, and would at each start

    manifest = publish(site.house, 5, [wheel(tmp_path, "5.0")])
    order(site.order_file, 2, 5, manifest)
    site.run()
    assert links(site) == ("5", "5", "2")
    assert names(site) == ["2", "5"]  # one to go back to, no more
    before = site.restarts
    site.run()
    assert site.restarts == before


def test_a_release_of_the_same_version_mends_files_that_were_edited(
    site: Site, tmp_path: Path
) -> None:
    made = wheel(tmp_path, "2.0")
    order(site.order_file, 1, 2, publish(site.house, 2, [made]))
    site.run()
    [edited] = site.releases.folder("2").glob("lib/*/site-packages/sample_hub.py")
    was = edited.read_bytes()
    edited.write_bytes(was + b"# here\n")

    order(site.order_file, 2, 3, publish(site.house, 3, [made], software="2.0"))
    site.run()
    assert site.phase() == (3, "done", "")
    assert links(site) == ("3", "3", "2")
    [mended] = site.releases.folder("3").glob("lib/*/site-packages/sample_hub.py")
    assert mended.read_bytes() == was


def test_a_release_whose_hub_does_not_live_is_given_back_and_not_tried_again(
    site: Site, tmp_path: Path
) -> None:
    manifest = publish(site.house, 2, [wheel(tmp_path, "2.0", status=1)])
    order(site.order_file, 1, 2, manifest)
    site.run()
    assert site.phase() == (2, "refused", "not healthy within 15 minutes")
    assert site.runs() == "1.0"
    assert links(site) == ("1", "1", "")
    assert names(site) == ["1"]
    before = site.restarts
    site.run()
    assert site.restarts == before

    # A newer order is a deliberate second try.
    manifest = publish(site.house, 2, [wheel(tmp_path, "2.0")])
    order(site.order_file, 2, 2, manifest)
    site.run()
    assert site.phase() == (2, "done", "")


def test_a_hub_that_still_answers_with_the_old_software_proves_nothing(
    site: Site, tmp_path: Path
) -> None:
    manifest = publish(site.house, 2, [wheel(tmp_path, "1.0")], software="2.0")
    order(site.order_file, 1, 2, manifest)
    site.run()
    assert site.phase()[1] == "refused"
    assert links(site)[0] == "1"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"journal_writes": JOURNAL_READS + 1}, "no way back"),
        ({"journal_writes": 1, "journal_reads": JOURNAL_WRITES - 1}, "it could not go on"),
        ({"updates_from": 2}, "release 2 has to be in between"),
        ({"key": Ed25519PrivateKey.generate()}, "publisher is not known"),
    ],
)
def test_what_is_not_for_this_node_is_refused_before_anything_is_built(
    site: Site, tmp_path: Path, change: dict[str, int], said: str
) -> None:
    manifest = publish(site.house, 3, [wheel(tmp_path, "3.0")], **change)  # type: ignore[arg-type] # one case each
    order(site.order_file, 1, 3, manifest)
    site.run()
    assert site.phase()[1] == "refused"
    assert said in site.phase()[2]
    assert names(site) == ["1"]


def test_a_wheelhouse_that_lacks_a_wheel_is_refused(site: Site, tmp_path: Path) -> None:
    needy = wheel(tmp_path, "2.0", needs="Requires-Dist: not-there\n")
    order(site.order_file, 1, 2, publish(site.house, 2, [needy]))
    site.run()
    assert site.phase()[1] == "refused"
    assert "not-there" in site.phase()[2]
    assert names(site) == ["1"]


def test_a_journal_that_the_new_software_cannot_read_keeps_it_from_being_switched_to(
    site: Site, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/journal.db").write_bytes(b"what nobody can read" * 1000)
    order(site.order_file, 1, 2, publish(site.house, 2, [wheel(tmp_path, "2.0")]))
    before = site.restarts
    site.run()
    assert site.phase()[1] == "refused"
    assert "file is not a database" in site.phase()[2]
    assert site.restarts == before


def test_orders_are_believed_only_from_the_centre_to_this_node_and_forward(site: Site) -> None:
    site.order_file.write_bytes(b"no seal")
    with pytest.raises(SealError):
        site.updater.take_order(site.order_file)
    order(site.order_file, 1, 2, node=NODE.replace("h1", "h2"))
    with pytest.raises(SealError):
        site.updater.take_order(site.order_file)
    order(site.order_file, 7, 2)
    assert site.updater.take_order(site.order_file)
    order(site.order_file, 6, 3)
    assert not site.updater.take_order(site.order_file)
    assert site.phase()[0] == 2


def test_an_order_is_taken_back_while_a_quiet_time_is_waited_for(
    site: Site, tmp_path: Path
) -> None:
    order(site.order_file, 1, 2, publish(site.house, 2, [wheel(tmp_path, "2.0")]))
    site.says = "busy"
    looks = 0

    def orders() -> bool:
        nonlocal looks
        looks += 1
        if looks == 5:
            assert site.phase() == (2, "waiting", "")
            order(site.order_file, 2, 0)
        return site.updater.take_order(site.order_file)

    site.updater.run(orders)
    assert site.phase() == (0, "done", "")
    assert site.runs() == "1.0"
    assert names(site) == ["1"]


@pytest.mark.parametrize(
    ("software", "runs"), [("0.9.0", "5.0.0"), ("5.0.0", "3"), ("5.0.1", "3"), ("0.9.0.post1", "3")]
)
def test_a_card_with_newer_software_is_not_taken_down_by_an_older_release(
    software: str, runs: str, tmp_path: Path
) -> None:
    site = Site(tmp_path)
    site.begin("5.0.0")
    manifest = publish(site.house, 3, [wheel(tmp_path, software)], software=software)
    order(site.order_file, 1, 3, manifest)
    before = site.restarts
    site.run()
    assert site.phase() == (3, "done", "")
    assert links(site)[:2] == (runs, runs)
    assert (site.restarts == before) is (runs == "5.0.0")


def test_a_person_brings_a_release_on_a_stick(site: Site, tmp_path: Path) -> None:
    with pytest.raises(RefusedError):
        site.updater.take_folder(tmp_path, urgent=True)
    publish(site.house, 2, [wheel(tmp_path, "2.0")])
    assert site.updater.take_folder(site.house, urgent=True).number == 2
    site.run()
    assert site.runs() == "2.0"


def test_boot_after_boot_without_health_goes_back(site: Site, tmp_path: Path) -> None:
    """Power is cut in the trial again and again: no network, no right clock, nobody watches."""
    order(site.order_file, 1, 2, publish(site.house, 2, [wheel(tmp_path, "2.0", status=1)]))

    class Cut(BaseException):
        """The power is gone."""

    class NoPower(UpTime):
        def sleep(self, seconds: float) -> None:  # noqa: ARG002 - there is none
            raise Cut

    site.clock = NoPower()
    with pytest.raises(Cut):
        site.run()
    assert links(site)[:2] == ("2", "1")
    site.boot("boot-2")
    assert links(site)[:2] == ("2", "1")
    site.boot("boot-3")
    assert links(site)[:2] == ("1", "1")
    assert site.runs() == "1.0"
    site.run()
    assert site.phase() == (2, "refused", "not healthy after 2 starts")
    assert names(site) == ["1"]


def test_what_runs_is_given_back_by_hand_once(site: Site, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="no release before 1"):
        site.updater.back()
    order(site.order_file, 1, 2, publish(site.house, 2, [wheel(tmp_path, "2.0")]))
    site.run()
    assert site.updater.back() == "1"
    assert site.runs() == "1.0"
    assert site.phase() == (2, "refused", "release 2 was given back by hand")
    assert links(site)[:2] == ("1", "1")
    with pytest.raises(RefusedError, match="no release before 1"):
        site.updater.back()
    site.run()  # nothing is tried again without a newer order
    assert site.runs() == "1.0"
    assert names(site) == ["1"]
    order(site.order_file, 2, 2, publish(site.house, 2, [wheel(tmp_path, "2.0")]))
    site.run()
    assert site.runs() == "2.0"


def test_what_was_fetched_is_let_go_of_after_a_refusal_only(site: Site, tmp_path: Path) -> None:
    order(site.order_file, 1, 2, publish(site.house, 2, [wheel(tmp_path, "2.0")]))
    site.run()
    assert site.tidied == 0
    order(site.order_file, 2, 3, publish(site.house, 3, [wheel(tmp_path, "3.0", status=1)]))
    site.run()
    assert site.tidied == 1
    assert site.runs() == "2.0"


def test_a_release_whose_units_cannot_be_laid_down_is_given_back(
    site: Site, tmp_path: Path
) -> None:
    site.cannot_be_laid = "2"
    order(site.order_file, 1, 2, publish(site.house, 2, [wheel(tmp_path, "2.0")]))
    site.run()
    assert site.phase() == (2, "refused", "its units cannot be laid down: no room in /etc")
    assert (site.runs(), site.laid()) == ("1.0", "1")


def test_what_went_back_starts_though_its_units_cannot_be_laid_down(
    site: Site, tmp_path: Path
) -> None:
    order(site.order_file, 1, 2, publish(site.house, 2, [wheel(tmp_path, "2.0", status=1)]))

    class FullDisk(Site):
        def lay(self) -> None:
            if self.releases.named(CURRENT) == "1":
                raise MachineError("no room in /etc")
            super().lay()

        def restart(self, units: Sequence[str]) -> None:
            (self.folder / "laid").write_text(self.releases.named(CURRENT), "ascii")
            super().restart(units)

    full = FullDisk(tmp_path)
    full.run()
    assert full.phase() == (2, "refused", "not healthy within 15 minutes")
    assert full.runs() == "1.0"


class Flapping(Site):
    """A hub that dies a minute after each start, and is back before anybody looks."""

    def lives(self, units: Sequence[str]) -> tuple[str, ...] | None:
        found = super().lives(units)
        return None if found is None else (*found, str(self.clock.now_s // 63))


def test_a_release_that_dies_again_and_again_between_two_looks_is_given_back(
    tmp_path: Path,
) -> None:
    site = Flapping(tmp_path)
    site.begin()
    order(site.order_file, 1, 2, publish(site.house, 2, [wheel(tmp_path, "2.0")]))
    site.run()
    assert site.phase() == (2, "refused", "not healthy within 15 minutes")
    assert links(site)[0] == "1"


class Mute(Site):
    """Beside the hub, a voice that starts again and again, for it has no loudspeaker."""

    def running(self) -> tuple[str, ...]:
        return (*super().running(), "voice")

    def lives(self, units: Sequence[str]) -> tuple[str, ...] | None:
        return None if "voice" in units else super().lives(units)

    def restart(self, units: Sequence[str]) -> None:
        super().restart([unit for unit in units if unit != "voice"])


def test_what_was_ill_before_does_not_keep_an_update_away(tmp_path: Path) -> None:
    site = Mute(tmp_path)
    site.begin()
    order(site.order_file, 1, 2, publish(site.house, 2, [wheel(tmp_path, "2.0")]))
    site.run()
    assert site.phase() == (2, "done", "")
