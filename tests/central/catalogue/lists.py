"""Lists of procedures to publish."""

from datetime import date
from pathlib import Path

from central.catalogue.reading import parse_procedures, read_procedures
from contract.procedures import Procedure

HEAD = "code,name_vi,name_en,service,valid_from,valid_to"
SHIPPED = Path("firmware_config/procedures.toml")
BIRTH = "1.001193,Đăng ký khai sinh,Birth registration,1,,"
COPIES = "2.000815,Chứng thực bản sao,,1,2025-07-01,"
LAND = "1.013978,Đăng ký đất đai,,2,2027-01-01,2027-12-31"


def procedures(*lines: str) -> tuple[Procedure, ...]:
    """Procedures of these lines."""
    return parse_procedures([HEAD, *lines])


def shipped() -> tuple[Procedure, ...]:
    """Those that come with the product."""
    return read_procedures(SHIPPED)


def day(text: str) -> date:
    """A day."""
    return date.fromisoformat(text)
