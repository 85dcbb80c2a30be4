"""The script that builds the machine, where it cannot."""

import os
import shutil
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).with_name("run.sh")
NEEDED = ("qemu-system-x86_64", "busybox", "gcc", "make", "modprobe", "xz")


def run(folder: Path, programs: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    """Run it where there are only these programs, all of which fail."""
    for tool in ("dirname", "awk"):
        (folder / tool).symlink_to(str(shutil.which(tool)))
    for program in programs:
        (folder / program).write_text("#!/bin/sh\nexit 1\n")
        (folder / program).chmod(0o755)
    return subprocess.run(
        ["/bin/sh", SCRIPT, "gpio"],
        env=os.environ | {"PATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_its_programs_it_names_the_one_line_to_run(tmp_path: Path) -> None:
    done = run(tmp_path, ("gcc", "make", "xz"))
    assert done.returncode == 1
    assert (
        "apt-get install -y --no-install-recommends qemu-system-x86 busybox-static" in done.stderr
    )


def test_without_a_kernel_for_it_it_says_where_the_tests_run_instead(tmp_path: Path) -> None:
    done = run(tmp_path, (*NEEDED, "apt-cache"))
    assert done.returncode == 1
    assert "make test-gpio" in done.stderr
    assert done.stdout == ""
