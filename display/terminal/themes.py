"""The terminal's colours: chosen so that a screen of 16 colours shows the same picture. Such a
screen draws bold letters in a brighter colour, black ones in grey: on a coloured ground none are
bold."""

from textual.theme import Theme

CALM = Theme(
    name="thutu",
    primary="#55ffff",
    secondary="#aaaaaa",
    accent="#55ffff",
    warning="#ffff55",
    error="#ff5555",
    success="#55ff55",
    foreground="#e0e0e0",
    background="#000000",
    surface="#000000",
    panel="#303030",
    dark=True,
)
HIGH_CONTRAST = Theme(
    name="thutu-contrast",
    primary="#ffffff",
    secondary="#ffffff",
    accent="#ffff55",
    warning="#ffff55",
    error="#ffff55",
    success="#ffffff",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#000000",
    dark=True,
    text_alpha=1.0,
)
THEMES = (CALM, HIGH_CONTRAST)
