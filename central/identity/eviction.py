"""Closing a connection whose certificate was revoked while it was open.

No broker looks at its list of revoked certificates again for a connection that stands (measured
with Mosquitto 2.0.11: after the list is read anew it goes on). But MQTT says that a second client
of the same identifier ends the first (3.1.1, section 3.1.4, number 2), and where the broker names
sessions by certificate (`use_username_as_clientid`), only the authority can make that second one.
"""

import logging
import threading
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from msgspec.structs import replace

from runtime.authority import Authority, key_pem
from runtime.mqtt import MqttLink, MqttSettings
from runtime.private_file import write_private

logger = logging.getLogger(__name__)

_LIFE = timedelta(minutes=10)
_WITHIN_S = 10.0


def evict(broker: MqttSettings, authority: Authority, node: str, now_ms: int) -> None:
    """Take over the session of `node` for a moment, with a certificate that ends in ten minutes
    and never leaves this machine. Whether the broker let us is logged; one that is reached without
    TLS knows nobody by a certificate, and is not asked.

    Raises OSError when the certificate cannot be written.
    """
    if broker.ca_file is None:
        logger.error("%s: a certificate was revoked, but without a ca_file no session ends", node)
        return
    key = ec.generate_private_key(ec.SECP256R1())
    issued = authority.certify_client(node, key.public_key(), now_ms, _LIFE)
    chain = (issued, *authority.chain[:-1])
    connected = threading.Event()
    with TemporaryDirectory() as folder:
        file = Path(folder) / "eviction.pem"
        pems = [certificate.public_bytes(Encoding.PEM) for certificate in chain]
        write_private(file, key_pem(key) + b"".join(pems))
        link = MqttLink(
            replace(broker, client_id=node, cert_file=file, key_file=file),
            persistent=False,
            subscriptions=(),
            on_message=_ignore,
            on_state=lambda state: connected.set() if state else None,
        )
        link.start()
        let_in = connected.wait(_WITHIN_S)
        link.stop()
    if let_in:
        logger.info("%s: a certificate was revoked, and the session was taken over", node)
    else:
        logger.error("%s: a certificate was revoked, but the session could not be taken over", node)


def _ignore(_topic: str, _payload: bytes) -> None:
    pass
