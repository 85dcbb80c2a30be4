"""The terminal in a real browser, in front of a real hub, with nothing fetched from elsewhere."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page

from tests.browser import CHROMIUM, chromium, page_of
from tests.display.terminal.station import PIN, issue, opened

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="needs chromium")


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    site = opened(tmp_path)
    issue(site, "1")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = (sys.executable, "-m", "display.terminal")
    served = subprocess.Popen(
        (*program, "--serve", "--hub", site.url, "--port", str(port)),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert served.stdout is not None
    said = served.stdout.readline()
    assert said == f"Mở trình duyệt tại http://127.0.0.1:{port} · Ctrl+C để dừng\n"
    yield f"http://127.0.0.1:{port}/"
    served.terminate()
    served.wait()
    served.stdout.close()
    site.close()


def test_a_clerk_serves_a_citizen_in_a_browser(url: str, tmp_path: Path) -> None:
    with chromium() as browser, page_of(browser, (1000, 620)) as page:
        asked: list[str] = []
        told: list[bytes] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda line: line.on("framereceived", lambda f: _keep(told, f)))
        page.goto(url)
        for words, keys in (
            ("ĐĂNG NHẬP", (*"nv01", "Enter")),
            ("▸ Mã PIN", (*PIN, "Enter")),
            ("Chọn quầy rồi nhấn Enter", ("ArrowDown", "ArrowUp", "Enter")),
            ("SẴN SÀNG", ("g",)),
            ("ĐÃ GỌI", ()),
        ):
            _until(page, told, words)
            told.clear()
            for key in keys:
                page.keyboard.press(key)
        page.screenshot(path=tmp_path / "browser.png")
        assert [each for each in asked if not each.startswith(url)] == []


def _keep(told: list[bytes], frame: bytes | str) -> None:
    told.append(frame.encode() if isinstance(frame, str) else frame)


def _until(page: Page, told: list[bytes], words: str) -> None:
    """Wait until the page was told these words; it paints them, so that nobody can read them."""
    deadline = time.monotonic() + 20
    while words.encode() not in b"".join(told):
        assert time.monotonic() < deadline, words
        page.wait_for_timeout(20)


def test_a_page_of_another_site_starts_no_terminal(url: str) -> None:
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    for origin in ({}, {"Origin": "http://elsewhere.example"}):
        answer = httpx.get(f"{url}ws", headers={**upgrade, **origin}, trust_env=False, timeout=30)
        assert answer.status_code == 403
