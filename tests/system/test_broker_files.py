"""What the unit `thutu-broker-files` runs, beside a real Mosquitto with the shipped settings."""

import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509

from central.identity.own_certificates import issue_own
from runtime.clock import SystemClock
from tests.system.identity_ground import NODE, Ground
from tests.waiting import until


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    ground = Ground(tmp_path)
    ground.enrol_at(SystemClock())
    (tmp_path / "central.toml").write_text('[store]\nfolder = "centre"\n[embedded_broker]\n')
    ground.start_broker()
    yield ground
    ground.stop_broker()


def run(ground: Ground, *words: str) -> str:
    """A command of the centre, in a process of its own as the unit has it."""
    command = [sys.executable, "-m", "central", "--config", str(ground.root / "central.toml")]
    english = {**os.environ, "LC_ALL": "en_GB.UTF-8"}
    done = subprocess.run(
        [*command, *words], env=english, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def carry(ground: Ground) -> str:
    """What the unit does: copy, and let Mosquitto look."""
    said = run(ground, "broker-files", "--to", str(ground.broker_folder))
    ground.reload_broker()
    return said


def shown_to_the_node(ground: Ground) -> x509.Certificate | None:
    """The broker's certificate as the hub sees it; None when the hub's own is refused."""
    context = ssl.create_default_context(cafile=ground.identity / "ca.pem")
    context.load_cert_chain(ground.hub_identity.certificate_file)
    with (
        socket.create_connection(("127.0.0.1", ground.port), timeout=10) as line,
        context.wrap_socket(line, server_hostname="127.0.0.1") as tls,
    ):
        try:
            tls.sendall(b"\x10\x10\x00\x04MQTT\x04\x02\x00\x0a\x00\x04node")
            answer = tls.recv(4)
        except (ssl.SSLError, ConnectionError):
            return None
        assert answer == b"\x20\x02\x00\x00"
        return x509.load_der_x509_certificate(tls.getpeercert(True) or b"")


def test_a_revocation_reaches_a_broker_that_runs(ground: Ground) -> None:
    run(ground, "revoke-node", NODE, "--reason", "stolen")
    assert shown_to_the_node(ground) is not None
    assert "revoked.pem changed" in carry(ground)
    until(lambda: shown_to_the_node(ground) is None)


def test_a_renewed_certificate_reaches_a_broker_that_runs(ground: Ground) -> None:
    before = shown_to_the_node(ground)
    now_ms = SystemClock().stamp().wall_ms
    issue_own(ground.identity, ground.authority, ("127.0.0.1",), now_ms)
    renewed = x509.load_pem_x509_certificate((ground.identity / "broker.pem").read_bytes())
    assert renewed != before
    assert shown_to_the_node(ground) == before
    assert "broker.pem changed" in carry(ground)
    until(lambda: _shows(ground, renewed))


def _shows(ground: Ground, certificate: x509.Certificate) -> bool:
    return shown_to_the_node(ground) == certificate
