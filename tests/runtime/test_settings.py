"""Settings: one TOML file, the environment over it, and errors that name file and key."""

from pathlib import Path
from typing import Annotated

import pytest
from msgspec import Meta, Struct, field

from edge.settings import HubSettings
from runtime.settings import SettingsError, load_settings


class Http(Struct, frozen=True, forbid_unknown_fields=True):
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8100


class Sample(Struct, frozen=True, forbid_unknown_fields=True):
    node: str
    data: Path | None = None
    http: Http = field(default_factory=Http)
    codes: tuple[str, ...] = ()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "hub.toml"
    path.write_text('node = "h1"\n[http]\nport = 81\n', encoding="utf-8")
    return path


def load(path: Path, **environment: str) -> Sample:
    return load_settings(path, Sample, "THUTU_HUB", environment)


# --- what is read -----------------------------------------------------------------------------


def test_what_the_file_does_not_say_has_its_default(path: Path) -> None:
    assert load(path) == Sample("h1", None, Http("127.0.0.1", 81), ())


def test_a_relative_path_means_one_beside_the_file(path: Path, tmp_path: Path) -> None:
    path.write_text('node = "h1"\ndata = "data/x"\n', encoding="utf-8")
    assert load(path).data == tmp_path / "data" / "x"
    assert load(path, THUTU_HUB_DATA="/var/lib/thutu").data == Path("/var/lib/thutu")


def test_the_environment_overrides_the_file(path: Path) -> None:
    settings = load(
        path,
        THUTU_HUB_NODE="h2",
        THUTU_HUB_HTTP__PORT="82",
        THUTU_HUB_CODES='["a", "b"]',
        THUTU_CENTRAL_NODE="not for us",
    )
    assert settings == Sample("h2", None, Http("127.0.0.1", 82), ("a", "b"))


def test_the_environment_can_add_a_section(path: Path) -> None:
    path.write_text('node = "h1"\n', encoding="utf-8")
    assert load(path, THUTU_HUB_HTTP__HOST="::1").http == Http("::1")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain words", "plain words"),
        ('"quoted"', "quoted"),
        ('"12"', "12"),
        ("012", "012"),
        ("a = 1", "a = 1"),
        ("", ""),
        ("x\nport = 1", "x\nport = 1"),
        ('"x"\nport = 1', '"x"\nport = 1'),
    ],
)
def test_a_value_of_the_environment_is_toml_or_plain_text(
    path: Path, text: str, value: str
) -> None:
    assert load(path, THUTU_HUB_HTTP__HOST=text).http.host == value


# --- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('node = "h1"\nnood = 1\n', "nood"),
        ('node = "h1"\n[http]\nprot = 1\n', r"prot.*\$\.http"),
        ('node = "h1"\n[http]\nport = 70000\n', r"\$\.http\.port"),
        ('node = "h1"\n[http]\nport = "81"\n', r"\$\.http\.port"),
        ("[http]\nport = 81\n", "node"),
        ('node = "h1"\ndata = 5\n', r"Expected a path, got `int` - at `\$\.data"),
        ("node = \n", "not TOML"),
        ('node = "a"\nnode = "b"\n', "not TOML"),
    ],
)
def test_a_mistake_names_the_file_and_the_key(path: Path, text: str, names: str) -> None:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=names) as caught:
        load(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "names"),
    [
        ("THUTU_HUB_NOOD", "x", "nood"),
        ("THUTU_HUB_HTTP__PORT", "many", r"\$\.http\.port"),
        ("THUTU_HUB_NODE", "7", r"\$\.node"),
        ("THUTU_HUB_NODE__NAME", "x", "'node' is no section"),
        ("THUTU_HUB_", "x", "unknown field"),
    ],
)
def test_a_mistake_in_the_environment_names_the_variable(
    path: Path, name: str, value: str, names: str
) -> None:
    with pytest.raises(SettingsError, match=names) as caught:
        load(path, **{name: value})
    assert name in str(caught.value)


def test_a_file_that_is_not_there_or_is_no_text(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.toml: cannot be read: No such file"):
        load(tmp_path / "nowhere.toml")
    with pytest.raises(SettingsError, match="cannot be read: Is a directory"):
        load(tmp_path)
    (tmp_path / "hub.toml").write_bytes(b'node = "\xff"')
    with pytest.raises(SettingsError, match="not TOML"):
        load(tmp_path / "hub.toml")


def test_a_hubs_rules_that_contradict_themselves_name_the_place(tmp_path: Path) -> None:
    path = tmp_path / "hub.toml"
    path.write_text(
        """
        node = "01-00097-01-h1"
        data = "data"
        [site]
        site = "01-00097-01"
        unit = "Phường Hồng Hà"
        site_name = "Hồng Hà"
        services = [{ id = "1", series = "1", name = { vi = "Hộ tịch" } }]
        counters = [{ id = "1", services = ["1", "2"] }]
        sessions = []
        """,
        encoding="utf-8",
    )
    with pytest.raises(SettingsError, match=r"unknown service '2' - at `\$\.site"):
        load_settings(path, HubSettings, "THUTU_HUB", {})
