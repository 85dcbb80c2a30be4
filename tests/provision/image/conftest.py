"""What every test of a card starts from."""

from pathlib import Path

import pytest

from tests.provision.image.desk import make_desk


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A technician's folder: the list of sites, wheels, a token, a key and a card."""
    return make_desk(tmp_path)
