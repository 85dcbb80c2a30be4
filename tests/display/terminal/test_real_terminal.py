"""The program itself, in a terminal emulator, in front of a real hub."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.display.terminal.station import PIN, issue, opened
from tests.waiting import until

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")


class Tmux:
    """One window of a tmux server of our own."""

    def __init__(self, folder: Path, columns: int, rows: int, terminal: str, command: str) -> None:
        self._socket = str(folder / "tmux")
        environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        configuration = folder / "tmux.conf"
        configuration.write_text(f'set -g default-terminal "{terminal}"\n', "utf-8")
        size = ("-x", str(columns), "-y", str(rows))
        subprocess.run(
            ("tmux", "-S", self._socket, "-f", configuration, "new-session", "-d", *size, command),
            env=environment,
            check=True,
        )

    def press(self, *keys: str) -> None:
        """Press keys, named as tmux does."""
        self._tmux("send-keys", *keys)

    def shows(self, *words: str) -> None:
        """Wait until all these words are on the screen."""
        until(lambda: all(word in self.screen() for word in words), 20)

    def screen(self) -> str:
        """What the window shows."""
        return self._tmux("capture-pane", "-p")

    def close(self) -> None:
        """End the program and the server."""
        subprocess.run(("tmux", "-S", self._socket, "kill-server"), check=False)

    def _tmux(self, *arguments: str) -> str:
        run = subprocess.run(
            ("tmux", "-S", self._socket, *arguments), check=True, capture_output=True
        )
        return run.stdout.decode()


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
