import unicodedata
from datetime import date
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from contract.procedures import Procedure, WrittenProcedure
from edge.procedures import procedures_of
from edge.settings import HubSettings
from runtime.settings import SettingsError
from runtime.wording import LANGUAGES, catalogue
from tests.edge.running_site import RULES

SHIPPED = Path("firmware_config/procedures.toml")
BIRTH = WrittenProcedure("1.001193", {"vi": "Khai sinh", "en": "Birth"}, "2")


def settings(file: Path | None, *own: WrittenProcedure) -> HubSettings:
    return HubSettings("01-00097-01-h1", Path("data"), RULES, procedures=own, procedures_file=file)


def test_every_shipped_procedure_has_a_code_two_names_and_a_service() -> None:
    services = {key.partition(".")[2] for key in catalogue("vi") if key.startswith("service.")}
    whole = msgspec.structs.replace(
        RULES,
        services=tuple(
            msgspec.structs.replace(RULES.services[0], id=id_, series=id_)
            for id_ in sorted(services)
        ),
    )
    shipped = procedures_of(msgspec.structs.replace(settings(SHIPPED), site=whole))
    assert len(shipped) >= 60
    for procedure in shipped:
        assert set(procedure.name) == set(LANGUAGES)
        for name in procedure.name.values():
            assert name == unicodedata.normalize("NFC", name).strip()
            assert 5 <= len(name) <= 110
    assert {"1.001193", "2.000815"} <= {procedure.code for procedure in shipped}


def test_a_site_offers_what_its_services_handle() -> None:
    offered = procedures_of(settings(SHIPPED))
    assert {procedure.service for procedure in offered} == {"1", "2", "5"}


def test_a_sites_own_entry_wins() -> None:
    offered = procedures_of(settings(SHIPPED, BIRTH))
    assert offered[0] == BIRTH
    assert [procedure.code for procedure in offered].count("1.001193") == 1


def test_without_a_file_there_are_only_the_sites_own() -> None:
    assert procedures_of(settings(None, BIRTH)) == (BIRTH,)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('[[procedures]]\ncode = "1.1"\nname = {}\nservice = "1"', "code"),
        ('[[procedure]]\ncode = "1.001193"', "procedure"),
        ('[[procedures]]\ncode = "1.001193"\nname = {}\nservice = "1"\n' * 2, "1.001193"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, text: str, what: str) -> None:
    file = tmp_path / "procedures.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=what) as error:
        procedures_of(settings(file))
    assert str(file) in str(error.value)


# --- the centre's catalogue -------------------------------------------------------------------

DEATH = Procedure("1.000656", {"vi": "Khai tử"}, "1")
BUSINESS = Procedure("2.000720", {"vi": "Hộ kinh doanh"}, "3")


def test_the_catalogue_takes_the_files_place_and_leaves_the_sites_own() -> None:
    both = settings(SHIPPED, BIRTH)
    centres = (replace(BIRTH, service="1"), DEATH, BUSINESS)
    assert procedures_of(both, centres) == (BIRTH, DEATH)
    assert procedures_of(both, ()) == (BIRTH,)
    assert len(procedures_of(both, None)) > 30


def test_a_file_may_say_from_when_to_when(tmp_path: Path) -> None:
    file = tmp_path / "procedures.toml"
    entry = '[[procedures]]\ncode = "1.001193"\nservice = "1"\nname = { vi = "Khai sinh" }\n'
    file.write_text(f"{entry}valid_to = 2026-12-31\n{entry}valid_from = 2027-01-01\n", "utf-8")
    first, second = procedures_of(settings(file))
    assert (first.valid_to, second.valid_from) == (date(2026, 12, 31), date(2027, 1, 1))
    file.write_text(f"{entry}valid_to = 2026-12-31\n{entry}valid_from = 2026-12-31\n", "utf-8")
    with pytest.raises(SettingsError, match=r"named twice: 1\.001193"):
        procedures_of(settings(file))
