"""Takes everybody out of the house, as a supervisor may. Runs inside."""

import http.client
import json
import sys
import uuid


def main(token: str) -> None:
    """End when nobody waits, nor is at a counter."""
    hub = http.client.HTTPConnection("127.0.0.1", 8100, timeout=30)
    for counter in ask(hub, token, "GET", "/api/snapshot")["counters"]:
        if counter.get("ticket"):
            command = {"type": "MarkNoShow", "counter": counter["counter"]}
            ask(hub, token, "POST", "/api/commands", json.dumps(command))
    for ticket in ask(hub, token, "GET", "/api/snapshot")["waiting"]:
        command = {"type": "VoidTicket", "number": ticket["number"], "reason": "went home"}
        ask(hub, token, "POST", "/api/commands", json.dumps(command))


def ask(
    hub: http.client.HTTPConnection, token: str, method: str, path: str, body: str | None = None
) -> dict[str, list[dict[str, str]]]:
    """What the hub answers; the program ends with its words where it refuses."""
    key = str(uuid.uuid4())
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
    hub.request(method, path, body, headers)
    answer = hub.getresponse()
    words = answer.read()
    if answer.status != http.HTTPStatus.OK:
        sys.exit(words.decode())
    said: dict[str, list[dict[str, str]]] = json.loads(words)
    return said


main(sys.argv[1])
