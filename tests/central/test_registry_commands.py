"""`thutu-central units`, `provinces` and their imports, in the words that an operator reads."""

from pathlib import Path

import pytest

from central.__main__ import main
from central.registry.register import register
from central.registry.sites import parse_sites
from central.registry.units import shipped_units
from central.store.database import database_of, writing
from tests.central.decisions import decide
from tests.central.journal import MORNING_MS

SITE = "01-00097-01"
NEW = "01-99999,Phường Mới,2027-01-01,\n"
HONG_HA = "01-00097,Phường Hồng Hà,2025-07-01,\n"


class Operator:
    """Somebody at the centre's machine."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys
        self._config = folder / "central.toml"
        self._config.write_text('[store]\nfolder = "centre"\n[embedded_broker]\n', "utf-8")
        self.list = folder / "units.csv"
        self.database = database_of(folder / "centre")
        monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
        with writing(self.database) as db:
            sites = ["site,name,type,national_code", f"{SITE},Trung tâm Hồng Hà,centre,"]
            register(db, parse_sites(sites), who="x", now_ms=MORNING_MS)

    def does(self, *arguments: str) -> str:
        """Give a command; returns what it says."""
        command = ["thutu-central", "--config", str(self._config), *arguments]
        self._monkeypatch.setattr("sys.argv", command)
        main()
        return self._capsys.readouterr().out

    def imports(self, *options: str, of: str = "units") -> list[str]:
        """Import the list; returns the lines of the answer."""
        return self.does(f"import-{of}", str(self.list), *options).splitlines()


@pytest.fixture
def operator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Operator:
    return Operator(tmp_path, monkeypatch, capsys)


def test_the_list_is_printed_edited_and_imported_again(operator: Operator) -> None:
    printed = operator.does("units")
    assert len(printed.splitlines()) == len(shipped_units().all) + 1
    operator.list.write_text(printed, "utf-8")
    assert operator.imports() == ["3321 unchanged. The list is in force within seconds."]

    renamed = "01-00097,Phường Sông Hồng,2025-07-01,\n"
    operator.list.write_text(printed.replace(HONG_HA, renamed) + NEW, "utf-8")
    said = ["new: 01-99999 Phường Mới, from 2027-01-01"]
    said += ["renamed: 01-00097 Phường Sông Hồng, from 2025-07-01"]
    assert operator.imports("--dry-run") == [*said, "3320 unchanged. Nothing was stored."]
    assert operator.does("units") == printed
    assert operator.imports()[:2] == said
    assert NEW in operator.does("units")


def test_sites_left_behind_are_named_and_may_stay(operator: Operator) -> None:
    ended = HONG_HA.replace(",\n", ",2026-12-31\n")
    operator.list.write_text(operator.does("units").replace(HONG_HA, ended), "utf-8")
    for options in ((), ("--dry-run",)):
        with pytest.raises(SystemExit, match=rf"site {SITE} \(Trung tâm Hồng Hà\) is still in"):
            operator.imports(*options)
    said = operator.imports("--keep-sites")
    assert said[0] == "end moved: 01-00097 Phường Hồng Hà, until the end of 2026-12-31"
    assert ended in operator.does("units")


def test_provinces_are_printed_edited_and_imported_again(operator: Operator) -> None:
    printed = operator.does("provinces")
    assert len(printed.splitlines()) == 35
    hanoi = "01,Thành phố Hà Nội,2025-07-01,\n"
    renamed = "01,Thủ đô Hà Nội,2025-07-01,\n02,Tỉnh Mới,2027-01-01,\n"
    operator.list.write_text(printed.replace(hanoi, renamed), "utf-8")
    said = ["new: 02 Tỉnh Mới, from 2027-01-01", "renamed: 01 Thủ đô Hà Nội, from 2025-07-01"]
    compared = operator.imports("--dry-run", of="provinces")
    assert compared == [*said, "33 unchanged. Nothing was stored."]
    assert operator.does("provinces") == printed
    assert operator.imports(of="provinces")[:2] == said
    assert renamed in operator.does("provinces")


def test_hubs_of_a_site_that_has_ended_lack_nothing(operator: Operator) -> None:
    """Neither what was decided for them before, nor what a catalogue gives to all."""
    others = "01-00004-01-h1"
    for node in (f"{SITE}-h1", others):
        decide(operator.database, node, 'follow_url = "https://centre.example/{site}"')
    assert len(operator.does("configurations").splitlines()) == 2
    operator.list.write_text(
        f"site,name,type,national_code,valid_to\n{SITE},Trung tâm,centre,,2026-01-01\n", "utf-8"
    )
    operator.imports(of="sites")
    [line] = operator.does("configurations").splitlines()
    assert line.startswith(others)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("release", "add", "nowhere"), "Thư mục nowhere không có tệp release-….thutu nào"),
        (("rollout", "start", "3", "--percent", "1"), "Không có bản phát hành 3 ở đây"),
        (("rollout", "pause", "7"), "không có đợt 7"),
        (("move", "--to", "centre/centre.db"), "Cơ sở dữ liệu đích đã có dữ liệu trong bảng"),
    ],
)
def test_what_cannot_be_done_is_said_in_the_readers_language(
    operator: Operator,
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.setenv("LC_ALL", "vi_VN.UTF-8")
    monkeypatch.chdir(operator.database.parents[1])
    with pytest.raises(SystemExit) as left:
        operator.does(*command)
    assert said in str(left.value)


def test_sites_are_only_where_there_are_units(operator: Operator) -> None:
    head = "site,name,type,national_code"
    sites = [head, "01-00004-01,Ba Đình,centre,", "01-99999-01,Phường Mới,centre,"]
    operator.list.write_text("\n".join([*sites, "99-00004-01,Đâu đó,centre,"]), "utf-8")
    for options in ((), ("--dry-run",)):
        with pytest.raises(SystemExit) as refused:
            operator.imports(*options, of="sites")
        assert "line 3: there is no unit 01-99999" in str(refused.value)
        assert "line 4: there is no province 99" in str(refused.value)
    sites_there = "\n".join(sites)
    operator.list.write_text(operator.does("units") + NEW, "utf-8")
    operator.imports()
    operator.list.write_text(sites_there, "utf-8")
    assert operator.imports(of="sites")[-1].startswith("2 new")
