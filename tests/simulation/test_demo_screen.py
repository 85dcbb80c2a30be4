"""What the demo says in a terminal."""

import io

from rich.console import Console

from simulation.demo.screen import Screen


def test_what_is_to_be_copied_is_one_line_in_a_narrow_terminal_too() -> None:
    said = io.StringIO()
    token = "x" * 43
    Screen(Console(file=said, width=80), drawing=True).invite(
        {"Trung tâm · the centre": "http://127.0.0.1:39555", f"{'sign in with':40}": token}
    )
    assert [line.split()[-1] for line in said.getvalue().splitlines()] == [
        "http://127.0.0.1:39555",
        token,
    ]
