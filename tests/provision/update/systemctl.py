"""A `systemctl` that notes what it is told, and says what it was told to say."""

from pathlib import Path

SYSTEMCTL = """#!/bin/sh
echo "$*" >> {folder}/calls
if [ "$1" = is-active ]; then
  shift
  for unit; do cat {folder}/states/$unit 2>/dev/null || echo inactive; done
  exit 3
fi
if [ "$1" = show ]; then
  shift 2
  for unit; do
    echo "ActiveState=$(cat {folder}/states/$unit 2>/dev/null || echo inactive)"
    echo "InvocationID=1-$unit"
    echo
  done
  exit 0
fi
[ -e {folder}/fails ] && {{ echo "it is masked" >&2; exit 1; }}
exit 0
"""


class Systemd:
    """What was asked of it, and what it says of units."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "states").mkdir(parents=True)
        program = folder / "systemctl"
        program.write_text(SYSTEMCTL.format(folder=folder), "ascii")
        program.chmod(0o755)

    def set(self, unit: str, state: str) -> None:
        (self._folder / "states" / unit).write_text(f"{state}\n", "ascii")

    def fail(self) -> None:
        (self._folder / "fails").touch()

    @property
    def calls(self) -> list[str]:
        path = self._folder / "calls"
        return path.read_text("ascii").splitlines() if path.exists() else []
