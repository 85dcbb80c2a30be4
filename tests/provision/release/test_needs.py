from pathlib import Path

import pytest

from provision.release.needs import Target, needs, pinned, pins

METADATA = """Metadata-Version: 2.4
Name: sample
Requires-Dist: httpx>=0.28
Requires-Dist: pigpio>=1.78; platform_machine == "aarch64"
Requires-Dist: tomli>=1; python_version < "3.11"
Requires-Dist: Psycopg[binary]>=3.2; extra == "centre"
"""
PI = Target.read("cp313-aarch64")
PC = Target.read("cp311-x86_64")


def test_needs_are_those_of_the_machine_that_is_meant() -> None:
    assert needs(METADATA, "", PI) == {("httpx", ""), ("pigpio", "")}
    assert needs(METADATA, "", PC) == {("httpx", "")}
    assert needs(METADATA, "centre", PC) >= {("psycopg", ""), ("psycopg", "binary")}


def test_a_target_is_read_and_written() -> None:
    assert str(PI) == "cp313-aarch64"
    with pytest.raises(ValueError, match="no target"):
        Target.read("armv6")


def test_a_pin_is_cut_out_with_its_hashes_and_without_its_marker() -> None:
    requirements = (
        "httpx==0.28.1 \\\n    --hash=sha256:aa\n"
        "pigpio==1.78 ; platform_machine == 'aarch64' \\\n    --hash=sha256:bb\n"
    )
    pi = pins(requirements, PI)
    assert pinned(["pigpio"], pi).split() == ["pigpio==1.78", "\\", "--hash=sha256:bb"]
    with pytest.raises(ValueError, match="not pinned by hash: left-pad"):
        pinned(["httpx", "left-pad"], pi)
    assert pins(requirements, PC).keys() == {"httpx"}


def test_of_a_package_pinned_twice_the_machine_s_own_is_taken() -> None:
    requirements = "".join(
        f"numpy=={version} ; python_full_version {than} '3.12' \\\n    --hash=sha256:{version}\n"
        for version, than in (("2.4", "<"), ("2.5", ">="))
    )
    assert pins(requirements, PC)["numpy"].split() == ["numpy==2.4", "\\", "--hash=sha256:2.4"]
    assert pins(requirements, PI)["numpy"].startswith("numpy==2.5")


def test_the_projects_own_pins_are_read() -> None:
    found = pins(Path("requirements/run.txt").read_text("utf-8"), PI)
    httptools = pinned(["httptools"], found)
    assert httptools.startswith("httptools==")
    assert "--hash=sha256:" in httptools
    assert "colorama" not in found  # for Windows
