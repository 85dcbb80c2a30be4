from display.terminal.large_digits import large, small


def test_three_rows_of_half_blocks() -> None:
    assert small("1025") == (
        "▄█  █▀█ ▀▀█ █▀▀",
        " █  █ █ █▀▀ ▀▀█",
        "▀▀▀ ▀▀▀ ▀▀▀ ▀▀▀",
    )


def test_five_rows_twice_as_wide() -> None:
    rows = large("42")
    assert rows[0] == "██  ██  ██████"
    assert rows[2] == "██████  ██████"
    assert {len(row) for row in rows} == {14}
    assert len(rows) == 5
