"""What docs/machines.md tells a technician to run and to write, for a machine to be told."""

from pathlib import Path

from tests.machine.centre import HUB

_GUIDE = Path("docs/machines.md")
# There is no network for apt, nobody to edit, and the power switch is ours.
_NOT_RUN = ("sudo apt ", "sudo nano ", "sudo reboot")


def what_the_guide_runs(heading: str) -> str:
    """The first block of commands under a heading."""
    lines = _blocks(heading, "```sh\n")[0].splitlines()
    kept = [line.partition("  #")[0] for line in lines if not line.startswith(_NOT_RUN)]
    return "\n".join([f'set -e; hub() {{ {HUB} "$@"; }}', *kept])


def what_the_guide_writes(heading: str) -> tuple[str, str]:
    """The lines for fstab, and for overlayroot.conf."""
    (block, *_) = _blocks(heading, "```\n")
    lines = [line for line in block.splitlines() if not line.startswith("#")]
    overlay = [line for line in lines if line.startswith("overlayroot")]
    mounts = [line for line in lines if line not in overlay]
    return "".join(f"{line}\n" for line in mounts), overlay[0]


def _blocks(heading: str, fence: str) -> list[str]:
    guide = _GUIDE.read_text("utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return [block.partition("```")[0] for block in guide.split(f"\n{fence}")[1:]]
