"""Takes everybody out of the house, as a supervisor may. Runs inside."""

import http.client
import json
import sys
import uuid
from typing import Any


def main(token: str) -> None:
    """End when nobody waits, nor is at a counter."""
    hub = http.client.HTTPConnection("127.0.0.1", 8100, timeout=30)
    site = ask(hub, token, "GET", "/api/snapshot")
    called = [counter for counter in site["counters"] if counter.get("ticket")]
    for counter in called:
        tell(hub, token, {"type": "MarkNoShow", "counter": counter["counter"]})
    for ticket in [*site["waiting"], *(counter["ticket"] for counter in called)]:
        command = {"type": "VoidTicket", "number": ticket["number"], "reason": "went home"}
        tell(hub, token, command)


def tell(hub: http.client.HTTPConnection, token: str, command: dict[str, str]) -> None:
    """Have a command carried out; the program ends with the hub's words where it refuses."""
    ask(hub, token, "POST", "/api/commands", json.dumps(command))


def ask(
    hub: http.client.HTTPConnection, token: str, method: str, path: str, body: str | None = None
) -> dict[str, Any]:
    """What the hub answers; the program ends with its words where it refuses."""
    key = str(uuid.uuid4())
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
    hub.request(method, path, body, headers)
    answer = hub.getresponse()
    words = answer.read()
    if answer.status != http.HTTPStatus.OK:
        sys.exit(words.decode())
    said: dict[str, Any] = json.loads(words)
    return said


main(sys.argv[1])
