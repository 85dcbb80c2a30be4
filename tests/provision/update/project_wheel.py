"""The project's own wheel, built under another version, whole or broken."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = ("contract", "runtime", "edge", "display", "central", "simulation", "provision")
WITH_IT = ("firmware_config", "systemd", "pyproject.toml", "README.md", "LICENSE")


def project_wheel(folder: Path, version: str, *, broken: bool = False) -> Path:
    """The project as it stands, built under another version."""
    source = folder / f"source-{version}"
    leave_out = shutil.ignore_patterns("__pycache__", "web", "hall", "voice")
    for name in PROJECT:
        shutil.copytree(name, source / name, ignore=leave_out)
    for name in WITH_IT:
        copy = shutil.copytree if Path(name).is_dir() else shutil.copy
        copy(name, source / name)
    project = (source / "pyproject.toml").read_text("utf-8")
    project = re.sub(r'(?m)^version = ".*"$', f'version = "{version}"', project)
    (source / "pyproject.toml").write_text(project, "utf-8")
    if broken:  # it passes every look at it, and dies when it is to serve
        api = source / "edge/api/app.py"
        api.write_text(api.read_text("utf-8").replace("def create_app(", "def create_nothing(", 1))
    subprocess.run(
        [Path(sys.executable).with_name("hatchling"), "build", "-t", "wheel"],
        cwd=source,
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": ""},
    )
    (wheel,) = (source / "dist").glob("*.whl")
    return wheel
