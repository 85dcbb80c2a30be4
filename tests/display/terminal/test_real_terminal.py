"""The program itself, in a terminal emulator, in front of a real hub."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.display.terminal.station import PIN, issue, opened
from tests.display.terminal.tmux import Tmux
from tests.waiting import until

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")


@pytest.fixture(params=[(80, 24, "screen-256color"), (120, 40, "screen")])
def window(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Tmux]:
    columns, rows, terminal = request.param
    site = opened(tmp_path / "hub")
    issue(site, "1")
    command = f"{sys.executable} -m display.terminal --hub {site.url}"
    window = Tmux(tmp_path, columns, rows, terminal, command)
    yield window
    window.close()
    site.close()


def test_a_clerk_serves_a_citizen_in_a_real_terminal(window: Tmux) -> None:
    window.shows("ĐĂNG NHẬP")
    window.press("nv01", "Enter")
    window.shows("▸ Mã PIN")
    window.press(PIN, "Enter")
    window.shows("Chọn quầy", "Quầy 1")
    window.press("Down", "Up", "Enter")
    window.shows("SẴN SÀNG", "Chờ quầy này: 1")
    window.press("F2")
    window.shows("ĐÃ GỌI", "F4 B  Bắt đầu phục vụ")
    window.press("b")
    window.shows("ĐANG PHỤC VỤ")
    window.press("F5")
    window.shows("Mới phục vụ số 1001")
    window.press("Enter")
    window.shows("Đã hoàn thành số 1001.", "Hôm nay: quầy này 1")
    window.press("C-q")
    until(lambda: not _alive(window))


def _alive(window: Tmux) -> bool:
    try:
        window.screen()
    except subprocess.CalledProcessError:
        return False
    return True
