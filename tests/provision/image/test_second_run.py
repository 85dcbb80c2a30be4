"""A card that thutu-image has written before."""

from pathlib import Path

import pytest

from tests.certificates import Authority
from tests.provision.image.desk import SITE, WHEELS, image, lies


def test_a_second_run_leaves_the_same_as_a_first_one(desk: Path, tmp_path: Path) -> None:
    ca_file = Authority(tmp_path / "ca").certificate
    card, theirs = desk / "bootfs", {"thutu/notes.txt": b"theirs", "overlays/x.dtbo": b"theirs"}
    for name, content in theirs.items():
        (card / name).parent.mkdir(exist_ok=True)
        (card / name).write_bytes(content)
    before = lies(card)
    assert image(desk) == 0
    trixie = lies(card)
    (card / "thutu/network").write_text("an earlier choice's\n", "ascii")
    (card / "thutu/first-boot.log").write_text("an earlier start's\n", "ascii")
    older = desk / "wheels/thutu-0.1.0-py3-none-any.whl"
    newer = desk / "wheels/thutu-0.2.0-py3-none-any.whl"
    older.rename(newer)
    (desk / "wheels/pip-25.0-py3-none-any.whl").rename(desk / "wheels/pip-26.3-py3-none-any.whl")
    more = ("--clock-chip", "--publisher-key", "ab" * 32, "--centre-ca", str(ca_file))
    assert image(desk, SITE, "--system", "bookworm", *more) == 0
    bookworm = lies(card)
    assert bookworm.keys() - trixie.keys() == {
        *("firstrun.sh", "thutu/network", "thutu-clock.txt", "thutu/etc/centre-ca.pem"),
        *("thutu/wheels/thutu-0.2.0-py3-none-any.whl", "thutu/wheels/pip-26.3-py3-none-any.whl"),
        f"thutu/wheels/{WHEELS[3]}",
    }
    assert not {"user-data", "network-config", "meta-data"} & bookworm.keys()
    newer.rename(older)
    (desk / "wheels/pip-26.3-py3-none-any.whl").rename(desk / "wheels/pip-25.0-py3-none-any.whl")
    assert image(desk) == 0
    assert lies(card) == trixie
    assert trixie.items() >= before.items()


def test_the_card_of_a_machine_that_has_set_itself_up_is_left_alone(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert image(desk) == 0
    (desk / "bootfs/thutu/first-boot.log").write_text("pip failed\n", "ascii")
    assert image(desk) == 0  # a start that failed is no reason
    (desk / "bootfs/thutu/set-up").write_text(f"thutu-{SITE}-h1\n", "ascii")
    before = lies(desk / "bootfs")
    assert image(desk) == 1
    said = capsys.readouterr().err
    assert f"is of the card of thutu-{SITE}-h1, which has set itself up" in said
    assert "Nothing was written" in said
    assert lies(desk / "bootfs") == before


def test_what_others_wrote_for_another_system_stays(desk: Path) -> None:
    imagers = desk / "bootfs/firstrun.sh"
    imagers.write_text("#!/bin/sh\n# by Raspberry Pi Imager\n", "ascii")
    assert image(desk) == 0
    assert "Imager" in imagers.read_text("ascii")
