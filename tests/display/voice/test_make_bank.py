import os
import shutil
import sys
from array import array
from pathlib import Path

import pytest

from display.voice.bank import SHIPPED_BANKS, check_bank, load_bank
from display.voice.levels import levels
from display.voice.make_bank import make_bank

# Half a second of a tone between two silences, as espeak-ng leaves them; louder for longer words.
ESPEAK_NG = """#!{python}
import math, struct, sys, wave
words = sys.argv[-1]
loud = 400 * len(words)
tone = [round(loud * math.sin(at / 5)) for at in range(11025)]
with wave.open(sys.argv[sys.argv.index("-w") + 1], "wb") as file:
    file.setparams((1, 2, 22050, 0, "NONE", ""))
    for part in ([0] * 4000, tone, [0] * 8000):
        file.writeframes(struct.pack(f"<{{len(part)}}h", *part))
with open("{folder}/said", "a") as said:
    said.write(" ".join(sys.argv[1:5]) + " " + words + "\\n")
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / "espeak-ng"
    program.write_text(ESPEAK_NG.format(python=sys.executable, folder=tmp_path), "utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    bank = tmp_path / "vi"
    bank.mkdir()
    shutil.copy(SHIPPED_BANKS / "vi" / "bank.toml", bank)
    return bank


def test_a_bank_is_spoken_trimmed_and_evened(folder: Path) -> None:
    make_bank(folder, "vi", 120)
    said = (folder.parent / "said").read_text("utf-8").splitlines()
    assert "-v vi -s 120 mời công dân có số," in said
    assert check_bank(folder) == []
    for samples in load_bank(folder).clips.values():
        level = levels(array("h", samples), 22_050)
        assert level is not None
        assert level.rms_db == pytest.approx(-20, abs=0.3)
        assert 15 < level.lead_ms < 25
        assert 15 < level.tail_ms < 25
        assert abs(array("h", samples)[0]) <= 1
