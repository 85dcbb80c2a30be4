"""The serial line of simulated counter displays."""

from pathlib import Path

from simulation.boards.line import BoardLine
from simulation.clock import SimulatedClock, SimulatedTime


def test_an_adapter_is_in_or_out_however_often_somebody_pulls(tmp_path: Path) -> None:
    """A demo in which boards are unplugged ends with them out, and unplugs them once more."""
    line = BoardLine(tmp_path / "boards", [], SimulatedClock(SimulatedTime(0, None), "b0"))
    was = line.path.readlink()
    line.plug()
    assert line.path.readlink() == was
    for _ in range(2):
        line.unplug()
        assert not line.path.is_symlink()
    line.plug()
    assert line.path.is_symlink()
    line.unplug()
