"""The card of a satellite, a display or a terminal, and what the hub is told of it."""

import hashlib
from pathlib import Path

import pytest

from contract.commands import Role
from edge.device_list import ListedDevice, read_devices
from provision.image.machine_card import main
from provision.install.plan import ROLES
from tests.certificates import Authority
from tests.provision.image.desk import NAME, SITE, image, lies, parsed

EXAMPLES = Path("firmware_config/etc/thutu")
HUB = f"https://thutu-{SITE}-h1.local:8100"
SECURE = f'hub = "{HUB}"\nca_file = "site-ca.pem"\n'


@pytest.fixture
def ca_file(tmp_path: Path) -> Path:
    return Authority(tmp_path / "ca").certificate


def settings(desk: Path, name: str, head: str = SECURE) -> Path:
    """The shipped example, for a hub elsewhere."""
    text = (EXAMPLES / f"{name}.toml.example").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith(("hub =", "ca_file ="))]
    path = desk / f"{name}.toml"
    path.write_text(f"{head}{chr(10).join(lines)}\n", "utf-8")
    return path


def card(desk: Path, name: str, *more: str | Path) -> int:
    return main(
        [
            *(SITE, name, "--sites", str(desk / "sites.csv"), "--wheels", str(desk / "wheels")),
            *("--ssh-key", str(desk / "key.pub"), "--boot", str(desk / "bootfs")),
            *("--devices", str(desk / "list.json"), *map(str, more)),
        ]
    )


def of(*paths: Path) -> list[str]:
    return [word for path in paths for word in ("--settings", str(path))]


def listed(desk: Path) -> dict[str, ListedDevice]:
    return {device.id: device for device in read_devices(desk / "list.json", SITE).devices}


def test_a_satellites_card_has_what_its_programs_look_for(
    desk: Path, ca_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ours = settings(desk, "satellite")
    assert card(desk, "satellite-2", *of(ours), "--site-ca", ca_file) == 0
    thutu = desk / "bootfs/thutu"
    assert (thutu / "roles").read_text("ascii") == "satellite\n"
    assert (thutu / "etc/satellite.toml").read_bytes() == ours.read_bytes()
    assert (thutu / "etc/site-ca.pem").read_bytes() == ca_file.read_bytes()
    assert parsed(desk / "bootfs", "user-data")["hostname"] == f"thutu-{SITE}-satellite-2"
    tokens = {
        path.stem: path.read_text("ascii").strip() for path in (thutu / "tokens").rglob("*.token")
    }
    names: dict[str, tuple[str, Role, str | None]] = {
        "satellite": ("satellite-2", "display", None),
        "printer-2": ("printer-2", "printer", None),
        "pad-3": ("pad-3", "pad", "3"),
        "ticket-buttons": ("satellite-2-ticket-buttons", "kiosk", None),
        "keypad-3": ("keypad-3", "keypad", "3"),
    }
    assert tokens.keys() == names.keys()
    assert len({*tokens.values()}) == len(tokens)
    assert listed(desk) == {
        id_: ListedDevice(id_, role, hashlib.sha256(tokens[file].encode()).hexdigest(), counter)
        for file, (id_, role, counter) in names.items()
    }
    said = capsys.readouterr().out
    assert NAME in said
    assert f"thutu-hub add-devices - < {desk / 'list.json'}" in said
    assert not any(token in said for token in tokens.values())
    assert not any(token in (desk / "list.json").read_text("utf-8") for token in tokens.values())


def test_one_machine_may_be_a_display_that_follows_its_hub(desk: Path, ca_file: Path) -> None:
    parts = ("boards", "hall", "voice", "update")
    paths = [settings(desk, part) for part in parts]
    paths[-1].write_text(paths[-1].read_text("utf-8").replace("0" * 64, "ab" * 32), "utf-8")
    assert card(desk, "display-1", *of(*paths), "--site-ca", ca_file) == 0
    thutu = desk / "bootfs/thutu"
    assert (thutu / "roles").read_text("ascii") == "display\n"
    assert {path.name for path in (thutu / "tokens").iterdir()} == {f"{p}.token" for p in parts}
    assert {(device.id, device.role) for device in listed(desk).values()} == {
        (f"display-1-{part}", "display") for part in parts
    }


def test_a_terminal_has_no_token_for_staff_sign_in(desk: Path) -> None:
    path = settings(desk, "terminal", 'hub = "http://10.1.2.3:8100"\n')
    assert card(desk, "quay-3", *of(path), "--system", "bookworm") == 0
    assert (desk / "bootfs/thutu/roles").read_text("ascii") == "terminal\n"
    assert not (desk / "bootfs/thutu/tokens").exists()
    assert not (desk / "list.json").exists()
    assert f"set-hostname thutu-{SITE}-quay-3" in (desk / "bootfs/firstrun.sh").read_text("utf-8")


def test_a_terminal_follows_its_hub_by_a_token_of_the_machine(desk: Path, ca_file: Path) -> None:
    paths = [settings(desk, part) for part in ("terminal", "update")]
    paths[-1].write_text(paths[-1].read_text("utf-8").replace("0" * 64, "ab" * 32), "utf-8")
    assert card(desk, "quay-3", *of(*paths), "--site-ca", ca_file) == 0
    assert [path.name for path in (desk / "bootfs/thutu/tokens").iterdir()] == ["update.token"]
    assert [(one.id, one.role) for one in listed(desk).values()] == [("quay-3-update", "display")]


def test_every_role_is_one_that_thutu_install_knows(desk: Path, ca_file: Path) -> None:
    paths = [settings(desk, part) for part in ("satellite", "boards")]
    assert card(desk, "m", *of(*paths), "--site-ca", ca_file) == 0
    roles = (desk / "bootfs/thutu/roles").read_text("ascii").split()
    assert len(roles) == 2
    assert ROLES.keys() >= {*roles}


def test_a_card_written_anew_holds_nothing_of_before(desk: Path, ca_file: Path) -> None:
    assert image(desk) == 0
    hubs = lies(desk / "bootfs")
    for _ in range(2):
        path = settings(desk, "satellite")
        assert card(desk, "satellite-2", *of(path), "--site-ca", ca_file) == 0
        assert not (desk / "bootfs/thutu/tokens/enrolment.token").exists()
        assert not (desk / "bootfs/thutu/etc/hub.toml").exists()
    assert image(desk) == 0
    assert lies(desk / "bootfs") == hubs


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("Satellite", "satellite", SECURE), "no name for a machine"),
        (("h2", "satellite", SECURE), "no name for a machine"),
        (("s", "hub", SECURE), "is not one of satellite.toml, boards.toml"),
        (("s", "satellite", SECURE.replace(HUB, "http://127.0.0.1:8100")), "is the machine itself"),
        (("s", "terminal", SECURE.replace(HUB, "https://localhost:8100")), "is the machine itself"),
        (("s", "satellite", f'hub = "{HUB}"\n'), "trusted by its site's authority"),
        (("s", "hall", f'hub = "{HUB}"\nca_file = "/root/ca.pem"\n'), "trusted by its site's"),
        (("s", "satellite", SECURE.replace(HUB, "10.1.2.3:8100")), "is no address of a hub"),
        (("printer-2", "satellite", SECURE), "would be printer-2 for the hub"),
        (("s-", "satellite", SECURE), "no name for a machine"),
        (("s", "update", SECURE), "the example's key"),
        (("s", "satellite", f"{SECURE}pin = 3\n"), "unknown field"),
        (("s", "satellite", f"{SECURE}pin = 3\n"), "Nothing was written. Mend the file"),
    ],
)
def test_what_would_not_work_on_site_is_refused_and_nothing_written(
    desk: Path,
    ca_file: Path,
    capsys: pytest.CaptureFixture[str],
    asked: tuple[str, str, str],
    said: str,
) -> None:
    name, part, head = asked
    paths = [settings(desk, part, head)]
    if part == "update":
        paths.append(settings(desk, "hall"))
    before = lies(desk / "bootfs")
    assert card(desk, name, *of(*paths), "--site-ca", ca_file) == 1
    assert said in capsys.readouterr().err
    assert lies(desk / "bootfs") == before
    assert not (desk / "list.json").exists()


def test_a_machine_with_its_hubs_address_is_refused(
    desk: Path, ca_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = settings(desk, "satellite", SECURE.replace(f"thutu-{SITE}-h1.local", "10.1.2.3"))
    fixed = ("--gateway", "10.1.2.1", "--name-server", "10.1.2.1", "--site-ca", ca_file)
    assert card(desk, "s", *of(path), *fixed, "--address", "10.1.2.3/24") == 1
    assert "is the machine itself" in capsys.readouterr().err
    assert card(desk, "s", *of(path), *fixed, "--address", "10.1.2.4/24") == 0


def test_tokens_where_no_service_looks_are_refused(
    desk: Path, ca_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = settings(desk, "satellite")
    path.write_text(path.read_text("utf-8").replace("satellite/satellite", "sat"), "utf-8")
    assert card(desk, "s", *of(path), "--site-ca", ca_file) == 1
    assert 'token_file = "satellite/satellite.token"' in capsys.readouterr().err


@pytest.mark.parametrize("name", ["satellite", "ticket-buttons", "printer-2", "pad-3"])
def test_no_two_devices_of_a_machine_share_a_token(
    desk: Path, ca_file: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    path = settings(desk, "satellite")
    text = path.read_text("utf-8")
    assert 'name = "keypad-3"' in text
    path.write_text(text.replace('name = "keypad-3"', f'name = "{name}"'), "utf-8")
    assert card(desk, "s", *of(path), "--site-ca", ca_file) == 1
    assert "in the same file" in capsys.readouterr().err


def test_a_machine_that_could_not_follow_is_refused(
    desk: Path, ca_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal, update = (settings(desk, part) for part in ("terminal", "update"))
    text = update.read_text("utf-8").replace("0" * 64, "ab" * 32)
    update.write_text(text.replace("update.token", "update-2.token"), "utf-8")
    assert card(desk, "s", *of(terminal, update), "--site-ca", ca_file) == 1
    assert 'token_file = "/etc/thutu/update.token"' in capsys.readouterr().err
    update.write_text(text, "utf-8")
    terminal.write_text('language = "vi"\n', "utf-8")
    assert card(desk, "s", *of(terminal, update), "--site-ca", ca_file) == 1
    assert "needs to know its hub" in capsys.readouterr().err


def test_a_list_that_cannot_be_written_leaves_the_card_as_it_was(
    desk: Path, ca_file: Path, tmp_path: Path
) -> None:
    before = lies(desk / "bootfs")
    path = settings(desk, "satellite")
    nowhere = ("--devices", tmp_path / "nosuch/list.json")
    assert card(desk, "s", *of(path), "--site-ca", ca_file, *nowhere) == 1
    assert lies(desk / "bootfs") == before


def test_a_list_tells_its_machine_and_its_site_and_so_does_its_name(
    desk: Path, ca_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = settings(desk, "hall").absolute()
    where = [desk / name for name in ("sites.csv", "wheels", "key.pub", "bootfs")]
    sites, wheels, key, boot = (str(path.absolute()) for path in where)
    monkeypatch.chdir(desk)
    options = ["--sites", sites, "--wheels", wheels, "--ssh-key", key, "--boot", boot]
    options += ["--settings", str(ours), "--site-ca", str(ca_file.absolute())]
    assert main([SITE, "display-1", *options]) == 0
    listed = read_devices(desk / f"thutu-{SITE}-display-1.devices.json", SITE)
    assert (listed.site, listed.machine) == (SITE, "display-1")


def test_settings_that_make_no_machine_are_refused(
    desk: Path, ca_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hall, terminal, update = (settings(desk, part) for part in ("hall", "terminal", "update"))
    update.write_text(update.read_text("utf-8").replace("0" * 64, "ab" * 32), "utf-8")
    assert card(desk, "s", *of(update), "--site-ca", ca_file) == 1
    assert "what the machine is for" in capsys.readouterr().err
    assert card(desk, "s", *of(hall, terminal), "--site-ca", ca_file) == 1
    assert "a machine each" in capsys.readouterr().err
    assert card(desk, "s", *of(hall, hall), "--site-ca", ca_file) == 1
    assert "each once" in capsys.readouterr().err


def test_the_sites_authority_is_certificates_and_nothing_else(
    desk: Path, ca_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hall = settings(desk, "hall")
    assert card(desk, "s", *of(hall)) == 1
    assert "--site-ca is not given" in capsys.readouterr().err
    key = ca_file.with_name("both.pem")
    key.write_text(f"{ca_file.read_text('ascii')}-----BEGIN PRIVATE KEY-----\n", "ascii")
    assert card(desk, "s", *of(hall), "--site-ca", key) == 1
    assert "The file of --site-ca must hold certificates" in capsys.readouterr().err
