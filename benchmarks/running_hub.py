"""A site's hub as a program of its own for benchmarks, and a lean client of it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from uuid import uuid4

# As fast as it goes, at any hour; `{beside}` is for what a benchmark adds before the first table.
_SETTINGS = """
node = "01-00097-01-h1"
data = "{data}"
{beside}
[http]
port = {port}
[issuing]
every_s = 0
[site]
site = "01-00097-01"
unit = "{unit}"
site_name = "Trung tâm Hồng Hà"
services = [{{ id = "1", series = "1", name = {{ vi = "{service}" }} }}]
counters = [{counters}]
sessions = []
"""

PIN = "482915"
SERVICE = "Hộ tịch – Chứng thực"


def hub_settings(
    data: Path,
    *,
    counters: int = 1,
    port: int = 0,
    unit: str = "Phường Hồng Hà",
    beside: str = "",
) -> str:
    """Settings in TOML of a hub with one service, which `counters` counters serve."""
    numbered = (f'{{ id = "{n}", services = ["1"] }}' for n in range(1, counters + 1))
    return _SETTINGS.format(
        data=data,
        beside=beside,
        port=port,
        unit=unit,
        service=SERVICE,
        counters=", ".join(numbered),
    )


@contextmanager
def running_hub(config: Path) -> Iterator[int]:
    """The program in a process of its own; yields the port of its API."""
    command = [sys.executable, "-m", "edge", "--config", str(config), "run"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline().rsplit(":", 1)[1])
        finally:
            process.terminate()


class Client:
    """A lean HTTP client on one kept connection, so that mostly the hub is measured."""

    def __init__(self, port: int, token: str) -> None:
        self._connection = HTTPConnection("127.0.0.1", port)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def command(self, **command: object) -> tuple[int, dict[str, object]]:
        """Give one command; the status and the answer."""
        headers = {**self._headers, "Idempotency-Key": str(uuid4())}
        self._connection.request("POST", "/api/commands", json.dumps(command), headers)
        response = self._connection.getresponse()
        return response.status, json.loads(response.read())

    def number(self, **command: object) -> str:
        """The ticket number that a command must be answered with."""
        status, answer = self.command(**command)
        assert status == 200, answer
        return str(answer["number"])

    def close(self) -> None:
        """Close the connection; the next command opens it again."""
        self._connection.close()
