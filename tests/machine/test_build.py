"""The script that builds the machine, where it cannot."""

import os
import shutil
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).with_name("build.sh")


def test_without_its_programs_it_names_the_one_line_to_run(tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "dirname").symlink_to(str(shutil.which("dirname")))
    made = tmp_path / "made"
    done = subprocess.run(
        ["/bin/sh", SCRIPT, made, "trixie", "3.13"],
        env={**os.environ, "PATH": str(tools)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "apt-get install -y --no-install-recommends qemu-system-x86 mmdebstrap" in done.stderr
    assert not made.exists()
