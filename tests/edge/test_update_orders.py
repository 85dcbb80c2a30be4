"""What a hub does with the centre's orders to update, and what it says of them."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.wire import VERSION, Update, UpdateState
from edge.update_orders import UpdateOrders
from provision.update.notebook import PLAN, Notebook, Plan
from runtime.sealed import seal

NODE = "01-00097-01-h1"
KEY = Ed25519PrivateKey.generate()


def sealed(node: str = NODE, key: Ed25519PrivateKey = KEY) -> bytes:
    return seal(key, Update(VERSION, node, 1, 7, bytes(32), ("https://thutu.example.vn/house",)))


@pytest.fixture
def orders(tmp_path: Path) -> UpdateOrders:
    public = KEY.public_key().public_bytes_raw()
    return UpdateOrders(NODE, public, tmp_path / "run/update.thutu", tmp_path / PLAN)


def test_the_centres_order_is_laid_where_others_may_read_it(
    orders: UpdateOrders, tmp_path: Path
) -> None:
    orders.hear(sealed())
    laid = tmp_path / "run/update.thutu"
    assert laid.read_bytes() == sealed()
    assert laid.stat().st_mode & 0o777 == 0o644
    written = laid.stat().st_ino
    orders.hear(sealed())  # retained, and so said at every connection
    assert laid.stat().st_ino == written


@pytest.mark.parametrize(
    "heard",
    [b"", b"no seal", sealed("01-00097-01-h2"), sealed(key=Ed25519PrivateKey.generate())],
    ids=["empty", "unsealed", "another node", "another key"],
)
def test_nothing_else_is_taken(orders: UpdateOrders, tmp_path: Path, heard: bytes) -> None:
    orders.hear(heard)
    assert not (tmp_path / "run").exists()


def test_how_far_it_is_comes_from_who_does_it(orders: UpdateOrders, tmp_path: Path) -> None:
    assert orders.state() is None
    state = UpdateState(4, 7, "refused", "not healthy within 15 minutes")
    Notebook(tmp_path).keep_plan(Plan(state, bytes(32), ()))
    assert orders.state() == state
    (tmp_path / PLAN).write_bytes(b"half of")
    assert orders.state() is None
