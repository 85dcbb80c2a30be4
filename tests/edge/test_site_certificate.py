"""The site's own authority and the certificate of the local API, at a real hub."""

import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from cryptography import x509

from edge.__main__ import main
from edge.site_certificate import SiteCertificate
from edge.store.journal import Journal
from runtime.authority import AuthorityError
from runtime.clock import SystemClock
from runtime.hub_client import HubClient, HubUnreachable
from tests.edge.running_site import TestClock
from tests.waiting import until

NODE = "01-00097-01-h1"
NOW_MS = SystemClock().stamp().wall_ms
DAY_MS = 86_400_000
HUB = Path("firmware_config/etc/thutu/hub.toml.example").read_text("utf-8")


@pytest.fixture
def addresses() -> list[str]:
    return ["192.168.1.10"]


@pytest.fixture
def clock() -> TestClock:
    return TestClock(NOW_MS)


@pytest.fixture
def certificate(tmp_path: Path, clock: TestClock, addresses: list[str]) -> SiteCertificate:
    made = SiteCertificate(tmp_path / "tls", NODE, clock, lambda: addresses)
    made.create("01-00097-01", ["hub.example.vn"])
    return made


def shown(certificate: SiteCertificate) -> x509.Certificate:
    return x509.load_pem_x509_certificate(certificate.file.read_bytes())


def names(certificate: SiteCertificate) -> set[str]:
    kind = x509.SubjectAlternativeName
    return {
        str(name.value)
        for name in shown(certificate).extensions.get_extension_for_class(kind).value
    }


def test_keys_are_private_and_all_names_are_in_it(certificate: SiteCertificate) -> None:
    folder = certificate.file.parent
    modes = {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()}
    assert modes == {"ca.pem": 0o644, "ca.key": 0o600, "hub.pem": 0o600}
    known = {"hub.example.vn", "192.168.1.10", "127.0.0.1", "localhost", f"thutu-{NODE}.local"}
    assert known <= names(certificate)


def test_an_authority_that_devices_trust_is_never_replaced(certificate: SiteCertificate) -> None:
    before = certificate.authority_file.read_bytes()
    with pytest.raises(AuthorityError, match="nothing was changed"):
        certificate.create("01-00097-01", [])
    assert certificate.authority_file.read_bytes() == before


def test_it_is_renewed_at_half_of_its_life_and_keeps_its_names(
    certificate: SiteCertificate, clock: TestClock
) -> None:
    clock.later(182 * 86_400)
    assert not certificate.renew()
    clock.later(86_400)
    first, called = shown(certificate), names(certificate)
    assert certificate.renew()
    assert shown(certificate).not_valid_after_utc > first.not_valid_after_utc
    assert names(certificate) == called


def test_a_new_address_of_the_machine_is_named_at_once(
    certificate: SiteCertificate, addresses: list[str]
) -> None:
    assert not certificate.renew()
    addresses[:] = ["192.168.1.99"]
    assert certificate.renew()
    assert {"192.168.1.99", "hub.example.vn"} <= names(certificate)


@pytest.mark.parametrize("wall_ms", [100_000_000_000, 4_070_908_800_000], ids=["1973", "2099"])
def test_what_a_wrong_clock_makes_is_good_now_and_replaced_by_the_first_right_one(
    wall_ms: int, tmp_path: Path
) -> None:
    clock = TestClock(wall_ms)
    clock.synced = False
    certificate = SiteCertificate(tmp_path / "tls", NODE, clock, lambda: ())
    certificate.create("01-00097-01", [])
    made = shown(certificate)
    begun, over = made.not_valid_before_utc.timestamp(), made.not_valid_after_utc.timestamp()
    assert begun * 1000 < NOW_MS + DAY_MS
    assert over * 1000 > NOW_MS + 365 * DAY_MS
    assert not certificate.renew()
    clock.wall_ms, clock.synced = NOW_MS + 2 * DAY_MS, True
    assert certificate.renew()
    made = shown(certificate)
    assert (made.not_valid_after_utc - made.not_valid_before_utc).days == 365
    assert not certificate.renew()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    text = HUB.replace('"/var/lib/thutu"', '"data"').replace(
        'host = "127.0.0.1"', 'host = "127.0.0.1"\nport = 0\ntls = true'
    )
    procedures = Path("firmware_config/procedures.toml").absolute()
    text = text.replace("/etc/thutu/procedures.toml", str(procedures))
    (tmp_path / "hub.toml").write_text(text, "utf-8")
    return tmp_path / "hub.toml"


@pytest.fixture
def hub(config: Path) -> Iterator[str]:
    """The address of a hub in a process of its own, whose certificate is over at its start."""
    certificate = SiteCertificate(
        config.parent / "data/tls", NODE, TestClock(NOW_MS - 400 * DAY_MS), lambda: ()
    )
    certificate.create("01-00097-01", [])
    command = [sys.executable, "-m", "edge", "--config", str(config), "run"]
    log = config.parent / "hub.log"
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as run:
        try:
            until(lambda: "https://" in log.read_text("utf-8"), within_s=30)
            yield "https://" + log.read_text("utf-8").split("https://")[1].split()[0]
        finally:
            run.terminate()
            run.wait(20)


def test_a_hub_renews_while_it_runs_and_speaks_to_those_who_have_the_sites_authority(
    hub: str, config: Path, capsys: pytest.CaptureFixture[str], clock: TestClock
) -> None:
    assert main(["--config", str(config), "add-device", "hall", "--role", "display"]) == 0
    token = capsys.readouterr().out.strip()
    ca_file = config.parent / "data/tls/ca.pem"
    with (
        closing(HubClient(hub, token, clock=clock, ca_file=ca_file, attempts=1)) as display,
        closing(HubClient(hub.replace("https:", "http:"), token, attempts=1)) as plain,
        closing(HubClient(hub, token, "en", attempts=1)) as stranger,
    ):
        until(lambda: _answers(display))
        kept = httpx.post(
            f"{hub}/api/browser",
            json={"token": token},
            verify=ssl.create_default_context(cafile=ca_file),
            trust_env=False,
            timeout=30,
        ).headers["set-cookie"]
        assert {"HttpOnly", "Secure", "SameSite=strict"} <= {*kept.split("; ")}
        with pytest.raises(HubUnreachable):
            plain.snapshot()
        with pytest.raises(HubUnreachable, match="not the one that this machine trusts"):
            stranger.snapshot()


def _answers(display: HubClient) -> bool:
    try:
        display.snapshot()
    except HubUnreachable:
        return False
    return True


def test_without_a_certificate_https_is_refused_before_anything_is_opened(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--config", str(config), "run"]) == 1
    assert "thutu-hub init-tls" in capsys.readouterr().err
    assert not (config.parent / "data/journal.db").exists()


def test_a_certificate_that_cannot_be_read_ends_the_start_before_anything_is_written(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = config.parent / "data/tls/hub.pem"
    broken.parent.mkdir(parents=True)
    broken.write_text("no certificate", "utf-8")
    assert main(["--config", str(config), "run"]) == 1
    assert f"{broken} cannot be used" in capsys.readouterr().err
    with closing(Journal(config.parent / "data/journal.db")) as journal:
        assert not list(journal.rows())


def test_init_tls_tells_what_to_do_next_and_refuses_a_second_time(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--config", str(config), "init-tls", "--name", "hub.example.vn"]
    assert main(command) == 0
    assert "data/tls/ca.pem" in capsys.readouterr().out
    assert main(command) == 1
    assert "data/tls" in capsys.readouterr().err


def test_a_new_card_says_that_devices_are_to_trust_it_anew_unless_it_has_the_old_keys(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    (config.parent / "data").mkdir()
    command = ["--config", str(config), "replace", "--without-centre", "--last-number"]
    assert main([*command, "1=1042,2=0"]) == 0
    assert "thutu-hub init-tls; then give each device the new ca.pem" in capsys.readouterr().out
    shutil.rmtree(config.parent / "data")
    assert main(["--config", str(config), "init-tls"]) == 0
    capsys.readouterr()
    assert main([*command, "1=1042,2=0"]) == 0
    assert "ca.pem" not in capsys.readouterr().out


def test_a_name_that_is_none_is_refused(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", str(config), "init-tls", "--name", "máy chủ"]) == 1
    assert capsys.readouterr().err
    assert main(["--config", str(config), "init-tls"]) == 0
