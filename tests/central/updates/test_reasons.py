"""Why a rollout was given up: stored as a code with figures, shown in words."""

import inspect
from pathlib import Path

import httpx
import msgspec
import pytest

from central.store.database import database_of, transaction, writing
from central.store.updates import UpdateBook
from central.updates.reasons import reason_words, refusal_words, too_many
from central.updates.rollout import RolloutState
from contract.wire import VERSION, Release, ReleaseFile
from provision.update import updater
from provision.update.decide import MOST_STARTS, failure, objection
from provision.update.notebook import Trial
from tests.central.nation import answer, nation


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("vi", "3 trên 40 máy đã thử từ chối bản này"),
        ("en", "3 of 40 hubs that tried it refused it"),
    ],
)
def test_a_code_with_its_figures_becomes_words(language: str, words: str) -> None:
    assert reason_words(too_many(3, 40), language) == words


@pytest.mark.parametrize("stored", ["", "2 of 2 hubs refused it", "too-many-refused 3"])
def test_what_is_no_code_is_shown_as_it_is(stored: str) -> None:
    assert reason_words(stored, "vi") == stored


def objected(
    wanted: int = 7,
    running: int = 6,
    reads: int = 2,
    writes: int = 2,
    target: str = "cp311-aarch64",
) -> str:
    file = ReleaseFile("a-1-py3-none-any.whl", bytes(32), 1, 1, ("cp311-aarch64",))
    release = Release(VERSION, 7, "7.0", 5, 2, 2, (file,))
    return objection(
        release, wanted=wanted, running=running, reads=reads, writes=writes, target=target
    )


def refused_by_hubs() -> list[str]:
    """All that the software of hubs says when it refuses, by that software itself."""
    trial = Trial(2, 7, MOST_STARTS + 1, "b0", 0.0, (), ())
    return [
        objected(wanted=8),
        objected(running=4),
        objected(reads=1),
        objected(writes=3),
        objected(target="cp312-aarch64"),
        failure(trial, 0.0),
        failure(msgspec.structs.replace(trial, starts=1), 10_000.0),
    ]


def test_a_fitting_release_is_not_objected_to() -> None:
    assert objected() == ""


@pytest.mark.parametrize("language", ["vi", "en"])
def test_what_hubs_give_as_reasons_is_said_in_the_language_of_the_page(language: str) -> None:
    by_the_updater = [
        "its publisher is not known here: 0a1b",
        "its units cannot be laid down: [Errno 28] No space left on device",
        "it cannot work with what is on this machine: hub.toml\nline 2",
        "release 7 was given back by hand",
    ]
    for reason in refused_by_hubs() + by_the_updater:
        said = refusal_words(reason, language)
        assert (said == reason) == (language == "en")
        assert "{" not in said


def test_a_reason_that_nobody_here_knows_is_shown_as_it_is() -> None:
    assert refusal_words("the disk is full", "vi") == "the disk is full"


def test_the_updater_says_what_is_known_here() -> None:
    """What it does not make by the rules above is in its own text."""
    text = inspect.getsource(updater)
    for words in (
        "its publisher is not known here: {",
        "its units cannot be laid down: {",
        "it cannot work with what is on this machine: {",
        "was given back by hand",
    ):
        assert words in text


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        (too_many(3, 40), "tự dừng · bắt đầu"),
        (too_many(3, 40), "3 trên 40 máy đã thử từ chối bản này"),
        ("2 of 2 hubs refused it", "2 of 2 hubs refused it"),
    ],
)
def test_the_page_says_it_in_words_and_the_api_by_its_code(
    tmp_path: Path, stored: str, shown: str
) -> None:
    with nation(tmp_path) as served:
        with writing(database_of(tmp_path)) as db, transaction(db.conn):
            (rollout,) = UpdateBook(db.conn).rollouts()
            halted = msgspec.structs.replace(rollout, state=RolloutState.HALTED, reason=stored)
            UpdateBook(db.conn).change(halted)
        with served.client("national") as client:
            assert answer(client, "/rollouts")["rollouts"][0]["reason"] == stored
        with httpx.Client(base_url=served.url, follow_redirects=True, timeout=30) as client:
            client.post("/sign-in", data={"token": served.tokens["national"]})
            assert shown in client.get("/updates").text
