"""The one catalogue of everything people read or hear: Vietnamese first, English second."""

import tomllib
from functools import cache
from importlib import resources

LANGUAGES = ("vi", "en")


def say(key: str, language: str = "vi", **values: object) -> str:
    """The words for `key` ("section.key") with its placeholders filled.

    Raises KeyError when the catalogue lacks the key: a test keeps the languages complete.
    """
    return catalogue(language)[key].format(**values)


@cache
def catalogue(language: str) -> dict[str, str]:
    """All words of a language by key."""
    text = resources.files("runtime").joinpath(f"wording_{language}.toml").read_text("utf-8")
    return {
        f"{section}.{key}": words
        for section, entries in tomllib.loads(text).items()
        for key, words in entries.items()
    }
