"""`thutu-install` killed, or left without room, before every change that it makes between one
release and another.

The two releases differ as releases do: a unit is changed, one is new, one is gone, a link is new.
"""

import shutil
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from provision.install.ground import BESIDE, Done, Ground
from provision.install.plan import File, Item, Link
from tests.provision.killed_work import killed, without_room

UNIT, NEW, GONE = "etc/units/hub.service", "etc/units/new.service", "etc/units/gone.service"
WANTED, EDITED = "etc/units/wants/hub.service", "etc/units/edited.service"
OLD: list[Item] = [
    File(UNIT, b"old\n"),
    File(GONE, b"gone\n"),
    File(EDITED, b"old\n"),
    Link("etc/units/wants/gone.service", f"/{GONE}"),
]
NEWER: list[Item] = [
    File(UNIT, b"new\n"),
    File(NEW, b"new\n"),
    File(EDITED, b"new\n"),
    Link(WANTED, f"/{UNIT}"),
]


def lay(root: Path, items: list[Item], release: str) -> list[tuple[str, Done]]:
    ground = Ground(root, dry=False)
    done = ground.lay(items, ground.superfluous(items, ()), again=True)
    ground.settle(Path(release))
    return done


def lies(root: Path) -> dict[str, str]:
    """What lies in /etc."""
    return {
        str(path.relative_to(root)): str(path.readlink()) if path.is_symlink() else path.read_text()
        for path in sorted((root / "etc").rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def kept(root: Path) -> Path:
    """A root as the older release laid it, with a unit that somebody edited."""
    lay(root, OLD, "/releases/1")
    (root / EDITED).write_text("theirs\n", "utf-8")
    return root


def expected(tmp_path: Path, *sets: tuple[list[Item], str]) -> dict[str, str]:
    """What lies after these were laid one after the other, uncut."""
    root = kept(tmp_path / f"uncut-{len(sets)}-{sets[-1][1].replace('/', '-')}")
    for items, release in sets:
        lay(root, items, release)
    return lies(root)


@pytest.mark.parametrize("goes_back", [False, True], ids=["goes on", "goes back"])
@pytest.mark.parametrize("lacks", ["names", "bytes"])
def test_a_full_disk_leaves_the_old_wholly_or_is_mended_at_the_next_start(
    tmp_path: Path, lacks: str, goes_back: bool
) -> None:
    new, old = (NEWER, "/releases/2"), (OLD, "/releases/1")
    after = expected(tmp_path, *((new, old) if goes_back else (new,)))
    pristine, root = kept(tmp_path / "pristine"), tmp_path / "root"
    failed = {True: 0, False: 0}
    for at in count(1):
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(pristine, root, symlinks=True)
        if not without_room(root, at, lacks, partial(lay, root, *new)):
            break
        is_settled = (root / "var/lib/thutu-install/release").is_symlink()
        failed[is_settled] += 1
        if is_settled:
            assert lies(root) == lies(pristine)
        without_room(root, 1, lacks, partial(lay, root, *old))  # going back finds none either
        assert [*root.rglob(".*.new")] == []
        lay(root, *(old if goes_back else new))
        ours = {path: text for path, text in lies(root).items() if not path.endswith(".new")}
        assert ours == {path: text for path, text in after.items() if not path.endswith(".new")}
        assert (root / EDITED).read_text("utf-8") == "theirs\n"
    assert failed[True] > 0
    assert failed[False] > 3


@pytest.mark.parametrize("goes_back", [False, True], ids=["goes on", "goes back"])
def test_after_every_cut_the_one_or_the_other_lies_wholly(tmp_path: Path, goes_back: bool) -> None:
    new, old = (NEWER, "/releases/2"), (OLD, "/releases/1")
    after = expected(tmp_path, *((new, old) if goes_back else (new,)))
    pristine, root = kept(tmp_path / "pristine"), tmp_path / "root"
    at = 0
    while True:
        at += 1
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(pristine, root, symlinks=True)
        if not killed(root, at, partial(lay, root, *new)):
            break
        release = root / "var/lib/thutu-install/release"
        if release.is_symlink():  # what the unit asks at the next start
            assert lies(root) in (lies(pristine), expected(tmp_path / str(at), new))
        # Killed again on its way, at another place each time.
        killed(root, 1 + at % 7, partial(lay, root, *(old if goes_back else new)))
        lay(root, *(old if goes_back else new))
        ours = {path: text for path, text in lies(root).items() if not path.endswith(".new")}
        assert ours == {path: text for path, text in after.items() if not path.endswith(".new")}
        assert (root / EDITED).read_text("utf-8") == "theirs\n"
        assert str(release.readlink()) == ("/releases/1" if goes_back else "/releases/2")
    assert at > 20
    assert (root / f"{EDITED}{BESIDE}").read_text("utf-8") == "new\n"


def test_what_somebody_took_away_stays_away_until_somebody_asks(tmp_path: Path) -> None:
    lay(tmp_path, NEWER, "/releases/2")
    (tmp_path / WANTED).unlink()
    assert (WANTED, Done.STAYS_AWAY) in lay(tmp_path, NEWER, "/releases/3")
    assert not (tmp_path / WANTED).is_symlink()
    ground = Ground(tmp_path, dry=False)
    assert (WANTED, Done.LAID) in ground.lay(NEWER)
    assert (tmp_path / WANTED).is_symlink()


def test_what_is_superfluous_and_edited_stays_and_is_nobodys_any_more(tmp_path: Path) -> None:
    lay(tmp_path, OLD, "/releases/1")
    (tmp_path / GONE).write_text("theirs\n", "utf-8")
    assert (GONE, Done.KEPT) in lay(tmp_path, NEWER, "/releases/2")
    assert (tmp_path / GONE).read_text("utf-8") == "theirs\n"
    assert GONE not in dict(lay(tmp_path, NEWER, "/releases/2"))
