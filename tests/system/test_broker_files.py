"""What the unit `thutu-broker-files` runs, beside a real Mosquitto with the shipped settings."""

import os
import re
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509

from central.identity.broker_files import carry_to_broker
from central.identity.own_certificates import issue_own
from contract.topics import up
from runtime.clock import SystemClock
from tests.runtime.mqtt_peer import Peer
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


def test_a_new_access_list_reaches_a_broker_that_runs(ground: Ground) -> None:
    """As an upgrade of the centre lays it."""
    events, status = up(NODE, "events"), up(NODE, "status")
    shipped = ground.access_list.read_text("utf-8")
    former = shipped.replace(f"pattern write {events.replace(NODE, '%u')}\n", "")
    ground.access_list.write_text(former, "utf-8")
    assert "acl changed" in carry(ground)
    with (
        _peer(ground, ground.identity / "centre.pem", events, status) as centre,
        _peer(ground, ground.hub_identity.certificate_file) as hub,
    ):
        until(lambda: centre.connected() and hub.link.publish(events, b"too early"))

        def is_heard(topic: str) -> bool:
            hub.link.publish(topic, b"now")
            return (topic, b"now") in centre.received

        until(lambda: is_heard(status))
        ground.access_list.write_text(shipped, "utf-8")
        assert "acl changed" in carry(ground)
        until(lambda: is_heard(events))
        assert (events, b"too early") not in centre.received


def test_an_access_list_that_lay_there_is_kept_once_and_named(ground: Ground) -> None:
    lists, carried = ground.broker_folder / "acl", ground.broker_folder / "acl.former"
    own = "user monitoring\ntopic read thutu/#\n"
    lists.write_text(own, "utf-8")
    said = carry(ground)
    assert f"{carried}: this access list lay there before" in said
    assert (lists.read_bytes(), carried.read_text("utf-8")) == (
        ground.access_list.read_bytes(),
        own,
    )
    lists.write_text("another", "utf-8")
    assert "acl.former" not in carry(ground)
    assert (lists.read_bytes(), carried.read_text("utf-8")) == (
        ground.access_list.read_bytes(),
        own,
    )


def test_an_access_list_that_was_carried_is_replaced_and_what_somebody_made_of_it_kept(
    ground: Ground,
) -> None:
    lists, former = ground.broker_folder / "acl", ground.broker_folder / "acl.former"
    lists.unlink(missing_ok=True)
    newer = [ground.access_list.read_bytes() + b"# %d\n" % number for number in range(3)]
    for data in newer[:2]:
        ground.access_list.write_bytes(data)
        assert "acl.former" not in carry(ground)
        assert lists.read_bytes() == data
        assert "nothing" in carry(ground).lower()
    assert not former.exists()
    own = newer[1] + b"user monitoring\n"
    lists.write_bytes(own)
    ground.access_list.write_bytes(newer[2])
    assert f"{former}: this access list lay there before" in carry(ground)
    assert (lists.read_bytes(), former.read_bytes()) == (newer[2], own)


def _peer(ground: Ground, certificate: Path, *topics: str) -> Peer:
    key = certificate.with_suffix(".key")
    files = {"ca_file": ground.identity / "ca.pem", "cert_file": certificate}
    files["key_file"] = key if key.exists() else certificate
    return Peer(ground.port, certificate.stem, *topics, files=files)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to others")
def test_what_root_carried_belongs_to_the_broker_and_what_does_not_is_carried_anew(
    ground: Ground,
) -> None:
    """The folder as the unit makes it; whoever copies is not in the broker's group."""
    centre, mosquitto, broker = 54321, 54322, ground.root / "shared"
    unit = Path("systemd/thutu-broker-files.service").read_text("utf-8")
    made = re.search(r"(?m)^ExecStartPre=\+(.*)$", unit)
    assert made is not None
    said = {"thutu-central": centre, "mosquitto": mosquitto, "/etc/mosquitto/thutu": broker}
    command = [str(said.get(word, word)) for word in made[1].split()]
    subprocess.run(command, check=True)

    def carried() -> list[str]:
        return carry_to_broker(ground.identity, ground.access_list, broker)

    assert carried() == ["ca.pem", "broker.key", "broker.pem", "acl", "revoked.pem"]
    assert {file.stat().st_gid for file in broker.iterdir()} == {mosquitto}
    for file in broker.iterdir():
        os.chown(file, centre, mosquitto)
    assert carried() == []
    os.chown(broker / "broker.key", centre, centre)  # which the broker cannot read
    os.chown(broker / "acl", 0, mosquitto)  # which the centre's user cannot
    assert carried() == ["broker.key", "acl"]
    assert (broker / "broker.key").stat().st_gid == mosquitto


def _shows(ground: Ground, certificate: x509.Certificate) -> bool:
    return shown_to_the_node(ground) == certificate
