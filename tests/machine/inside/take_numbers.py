"""Takes numbers without pause; says each outside as soon as the hub has answered. Runs inside."""

import http.client
import json
import sys
import uuid
from pathlib import Path

OUTSIDE = Path("/dev/virtio-ports/acknowledged")


def main(token: str) -> None:
    """Go on until the power is cut."""
    hub = http.client.HTTPConnection("127.0.0.1", 8100, timeout=30)
    with OUTSIDE.open("wb", buffering=0) as outside:
        while True:
            body = json.dumps({"type": "IssueTicket", "services": ["1"], "on_paper": False})
            key = str(uuid.uuid4())
            hub.request(
                "POST",
                "/api/commands",
                body,
                {"Authorization": f"Bearer {token}", "Idempotency-Key": key},
            )
            answer = hub.getresponse()
            words = answer.read()
            if answer.status == http.HTTPStatus.OK:
                outside.write(f"{json.loads(words)['number']}\n".encode())
            else:
                sys.exit(words.decode())


main(sys.argv[1])
