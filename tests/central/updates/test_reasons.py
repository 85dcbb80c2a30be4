"""Why a rollout was given up: stored as a code with figures, shown in words."""

from pathlib import Path

import httpx
import msgspec
import pytest

from central.store.database import database_of, transaction, writing
from central.store.updates import UpdateBook
from central.updates.reasons import reason_words, too_many
from central.updates.rollout import RolloutState
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
def test_what_an_older_release_stored_is_shown_as_it_is(stored: str) -> None:
    assert reason_words(stored, "vi") == stored


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
        with httpx.Client(base_url=served.url, follow_redirects=True) as client:
            client.post("/sign-in", data={"token": served.tokens["national"]})
            assert shown in client.get("/updates").text
