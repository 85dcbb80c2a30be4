"""Which wheels go onto a card."""

from pathlib import Path

import pytest

from tests.provision.image.desk import SITE, WHEELS, image


@pytest.mark.parametrize(("system", "python"), [("trixie", "313"), ("bookworm", "311")])
def test_a_card_gets_the_wheels_of_its_systems_python(
    system: str, python: str, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert image(desk, SITE, "--system", system) == 0
    lie = {path.name for path in (desk / "bootfs/thutu/wheels").iterdir()}
    assert lie == {name for name in WHEELS if "cp3" not in name or f"cp{python}" in name}
    for wheel in (desk / "wheels").glob(f"cffi-*-cp{python}-*"):
        wheel.unlink()
    assert image(desk, SITE, "--system", system) == 1
    said = capsys.readouterr().err
    assert f"Python 3.{python[1:]} on aarch64" in said
    assert "cffi-2.0.0-cp31" in said


@pytest.mark.parametrize(
    "of_another",
    [
        "y-1-cp313-cp313-manylinux_2_17_x86_64.whl",
        "y-1-cp313-cp313-musllinux_1_2_aarch64.whl",
        "y-1-cp313-cp313t-manylinux_2_17_aarch64.whl",
        "y-1-cp314-abi3-manylinux_2_17_aarch64.whl",
        "y-1-cp314-none-any.whl",
        "y-1-py2-none-any.whl",
        "y-1.whl",
    ],
)
def test_a_wheel_for_another_machine_is_refused_by_its_name(
    of_another: str, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (desk / "wheels" / of_another).touch()
    assert image(desk) == 1
    assert f"for another: {of_another}." in capsys.readouterr().err
    assert not (desk / "bootfs/thutu").exists()


@pytest.mark.parametrize(
    "fitting",
    [
        "y-1-py2.py3-none-any.whl",
        "y-1-py310-none-any.whl",
        "y-1-cp39-abi3-manylinux_2_28_aarch64.whl",
        "y-1-1build-cp313-none-linux_aarch64.whl",
        "Y_z-1-cp313-cp313-manylinux2014_aarch64.manylinux_2_17_aarch64.whl",
    ],
)
def test_a_wheel_that_this_machine_can_use_goes_along(fitting: str, desk: Path) -> None:
    (desk / "wheels" / fitting).touch()
    assert image(desk) == 0
    assert (desk / "bootfs/thutu/wheels" / fitting).exists()
