from pathlib import Path

import pytest

from tests.display.terminal.write_pictures import FOLDER, PICTURES, picture


@pytest.mark.parametrize("name", PICTURES)
def test_the_screen_looks_as_it_was_kept(name: str, tmp_path: Path) -> None:
    kept = (FOLDER / f"{name}.svg").read_text("utf-8")
    assert picture(name, tmp_path) == kept, (
        "look at it, then: python -m tests.display.terminal.write_pictures"
    )


def test_no_other_picture_is_kept() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(PICTURES)
