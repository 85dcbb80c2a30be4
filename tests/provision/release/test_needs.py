from pathlib import Path

import pytest

from provision.release.needs import Target, needs, pinned, pins

METADATA = """Metadata-Version: 2.4
Name: sample
Requires-Dist: httpx>=0.28
Requires-Dist: lgpio>=0.2.2; platform_machine == "aarch64"
Requires-Dist: tomli>=1; python_version < "3.11"
Requires-Dist: Psycopg[binary]>=3.2; extra == "centre"
"""
PI = Target.read("cp313-aarch64")
PC = Target.read("cp311-x86_64")


def test_needs_are_those_of_the_machine_that_is_meant() -> None:
    assert needs(METADATA, "", PI) == {("httpx", ""), ("lgpio", "")}
    assert needs(METADATA, "", PC) == {("httpx", "")}
    assert needs(METADATA, "centre", PC) >= {("psycopg", ""), ("psycopg", "binary")}


def test_a_target_is_read_and_written() -> None:
    assert str(PI) == "cp313-aarch64"
    with pytest.raises(ValueError, match="no target"):
        Target.read("armv6")


def test_the_projects_own_pins_are_cut_out_with_their_hashes() -> None:
    found = pins(Path("requirements/run.txt").read_text("utf-8"))
    lgpio = pinned(["lgpio"], found)
    assert lgpio.startswith("lgpio==")
    assert "--hash=sha256:" in lgpio
    assert "platform_machine" not in lgpio.replace("\\\n", "")
    with pytest.raises(ValueError, match="not pinned by hash: left-pad"):
        pinned(["httpx", "left-pad"], found)
