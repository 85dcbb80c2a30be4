"""What the programs load before they do anything: most of a cold start."""

import subprocess
import sys

import pytest

# At import it writes a file without syncing it; one that a power cut left empty ends every start.
WRITES_WHEN_LOADED = {"escpos.capabilities"}
FOR_OTHERS = {"httpx", "jinja2", "pygments", "rich", "textual", "yaml"}


@pytest.mark.parametrize(
    ("program", "unwanted"),
    [
        ("edge", WRITES_WHEN_LOADED | FOR_OTHERS),
        ("edge.satellite", WRITES_WHEN_LOADED),
        ("edge.printer_tool", WRITES_WHEN_LOADED),
    ],
)
def test_a_program_loads_only_what_it_needs(program: str, unwanted: set[str]) -> None:
    load = f"import sys, {program}.__main__; print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", load], capture_output=True, text=True, check=True)
    loaded = {*said.stdout.split()}
    assert "msgspec" in loaded
    assert not unwanted & loaded
