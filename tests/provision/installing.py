"""`thutu-install` below a folder, and what it laid there."""

from pathlib import Path

from provision.install.__main__ import main

HUB_UNIT = "etc/systemd/system/thutu-hub.service"


def install(root: Path, *what: str) -> int:
    return main([*what, "--root", str(root), "--venv", "/opt/thutu/releases/1"])


def contents(root: Path) -> dict[str, tuple[str, int]]:
    """Every file by name, with its text (or a link's target) and its modification time."""
    found = {}
    for path in sorted(root.rglob("*")):
        if path.is_symlink():
            found[str(path.relative_to(root))] = (str(path.readlink()), path.lstat().st_mtime_ns)
        elif path.is_file():
            text = path.read_text("utf-8", errors="replace")
            found[str(path.relative_to(root))] = (text, path.stat().st_mtime_ns)
    return found
