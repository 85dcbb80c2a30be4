import tomllib

import msgspec
import pytest

from edge.devices.printer_profile import PrinterProfile
from edge.printer_tool.calibration import CANDIDATES, approved
from edge.printer_tool.models import known_models
from edge.printer_tool.profile_toml import profile_toml
from edge.ticket.layout import Paper
from simulation.printer.model import PrinterModel
from tests.edge.ticket.tickets import ticket
from tests.simulation.printer.bench import printed

MODELS = known_models()


def read_back(profile: PrinterProfile) -> PrinterProfile:
    section = tomllib.loads(profile_toml(profile))["printer"]["profile"]
    return msgspec.convert(section, PrinterProfile)


def test_knows_the_models_that_sites_have_and_no_customer_display() -> None:
    assert {"TM-T20II", "TM-T88V", "POS-5890", "RP326", "CT-S651"} <= MODELS.keys()
    assert not {"default", "simple", "AF-240", "OCD-300", "TM-U220"} & MODELS.keys()
    assert MODELS["TM-T88V"].profile.paper == Paper(512, 180)
    assert MODELS["POS-5890"].profile.paper == Paper(384, 203)
    assert MODELS["TM-T20II"].has_tcvn3
    assert not MODELS["RP326"].has_tcvn3


@pytest.mark.parametrize("name", list(MODELS))
def test_a_known_model_prints_a_ticket_as_its_description_says(name: str) -> None:
    profile = MODELS[name].profile
    model = PrinterModel(
        dots=profile.paper.dots,
        dpi=profile.paper.dpi,
        native_qr=profile.native_qr,
        feed_units_per_dot=profile.feed_units_per_dot,
    )

    data = profile.renderer().encode(ticket())
    if profile.cutter:
        assert printed(data, model).complete
    else:
        assert data.endswith(b"\x1bd\x06")


@pytest.mark.parametrize("name", list(MODELS))
@pytest.mark.parametrize("number", range(len(CANDIDATES) + 1))
def test_settings_written_are_settings_read(name: str, number: int) -> None:
    profile = approved(MODELS[name].profile, number)

    assert read_back(profile) == profile


def test_only_what_is_unusual_is_written() -> None:
    assert profile_toml(PrinterProfile()) == "[printer.profile]\n"
    assert profile_toml(approved(PrinterProfile(cutter=False), 3)) == (
        "[printer.profile]\n"
        'mode = "text"\n'
        "code_page = { small = 30, capitals = 31, leave_kanji = true }\n"
        "cutter = false\n"
    )
