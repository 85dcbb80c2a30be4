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


def test_what_comes_after_the_last_picture_begins_a_line_in_a_file_too() -> None:
    said = io.StringIO()
    console = Console(file=said, width=80)
    with Screen(console, drawing=True) as screen:
        screen.show(0, 1.0, list, "http://127.0.0.1")
    console.print("results")
    assert said.getvalue().splitlines()[-1] == "results"
