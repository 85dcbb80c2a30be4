import pytest

from runtime.spreadsheet import harmless


@pytest.mark.parametrize("text", ["=1+1", "+84", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_what_looks_like_a_formula_becomes_text(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Phường Hồng Hà", "1-2", "2026-11-23"])
def test_other_text_stays(text: str) -> None:
    assert harmless(text) == text
