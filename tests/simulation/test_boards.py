from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
import serial
from pymodbus.framer import FramerRTU

from runtime.clock import SystemClock
from simulation.boards.line import BoardLine, Noise
from simulation.boards.panels import CustomerDisplayPanel, ModbusPanel, SumPanel
from simulation.boards.spi import Max7219Module, SpiChain


def rtu(text: str) -> bytes:
    """A frame in hexadecimal with pymodbus's checksum."""
    frame = bytes.fromhex(text)
    return frame + FramerRTU.compute_CRC(frame).to_bytes(2, "big")


WRITE_1025 = rtu("05 10 0000 0004 08 0031 0030 0032 0035")
WRITTEN = rtu("05 10 0000 0004")


@pytest.fixture
def panel() -> ModbusPanel:
    return ModbusPanel(5)


def test_a_panel_shows_characters_and_answers(panel: ModbusPanel) -> None:
    assert panel.receive(WRITE_1025) == WRITTEN
    assert panel.shown == "1025"
    assert panel.receive(rtu("05 03 0000 0004")) == rtu("05 03 08 0031 0030 0032 0035")


@pytest.mark.parametrize(
    ("request_", "shown"),
    [
        (rtu("05 06 0007 0401"), "1025"),
        (rtu("05 06 0007 0007"), "   7"),
        (rtu("05 10 0006 0002 04 0001 0000"), "65536"),
        (rtu("05 10 0006 0002 04 1200 04d2"), "-12.34"),
        (rtu("05 06 0001 0039"), " 9  "),
    ],
)
def test_a_panel_shows_numbers_as_its_manual_says(
    panel: ModbusPanel, request_: bytes, shown: str
) -> None:
    assert panel.receive(request_)[:2] == request_[:2]
    assert panel.shown == shown


@pytest.mark.parametrize(
    ("request_", "exception"),
    [
        (rtu("05 06 0006 0401"), rtu("05 86 02")),
        (rtu("05 06 0008 0401"), rtu("05 86 02")),
        (rtu("05 10 0007 0002 04 0000 0001"), rtu("05 90 02")),
        (rtu("05 10 0000 0001 02 00e9"), rtu("05 90 03")),
        (rtu("05 10 0000 0002 02 0031"), rtu("05 90 03")),
        (rtu("05 03 0000 0009"), rtu("05 83 02")),
    ],
)
def test_a_panel_says_what_it_cannot_do(
    panel: ModbusPanel, request_: bytes, exception: bytes
) -> None:
    assert panel.receive(request_) == exception
    assert panel.shown == "    "


def test_an_unknown_function_is_refused_after_the_frame_ends(panel: ModbusPanel) -> None:
    assert panel.receive(rtu("05 2b 0e 01")) == b""
    assert panel.silence() == rtu("05 ab 01")


def test_a_panel_is_silent_on_what_is_not_for_it(panel: ModbusPanel) -> None:
    garbled = bytes((WRITE_1025[0], *WRITE_1025[1:-1], WRITE_1025[-1] ^ 1))
    assert panel.receive(garbled) == b""
    assert panel.receive(rtu("06 06 0007 0401")) == b""
    assert panel.shown == "    "
    assert panel.receive(rtu("00 06 0007 0401")) == b""
    assert panel.shown == "1025"


def test_a_torn_frame_ends_with_silence_and_the_next_is_heard(panel: ModbusPanel) -> None:
    assert panel.receive(WRITE_1025[:9]) == b""
    assert panel.silence() == b""
    assert panel.receive(WRITE_1025[:6]) + panel.receive(WRITE_1025[6:]) == WRITTEN


def test_power_makes_a_panel_forget(panel: ModbusPanel) -> None:
    panel.receive(WRITE_1025)
    panel.power_off()
    assert panel.shown == ""
    assert panel.receive(WRITE_1025) == b""
    panel.power_on()
    assert panel.shown == "    "
    assert list(panel.history) == ["    ", "1025", "    "]


def test_a_sum_panel_shows_the_published_frame() -> None:
    panel = SumPanel(5)
    panel.receive(bytes.fromhex("05 03 e7 ef"))
    assert panel.shown == " 999"
    panel.receive(bytes.fromhex("05 00 01 07 04 00 02 06"))
    assert panel.shown == " 999"


def test_a_customer_display_keeps_its_lines_and_notes_faults() -> None:
    display = CustomerDisplayPanel()
    display.receive(b"\x1bQA" + b"QUAY SO 3".center(20) + b"\r\x1bQ")
    display.receive(b"B" + b"1025".center(20) + b"\r")
    assert display.shown == "     QUAY SO 3      \n        1025        "
    assert display.faults == []
    for wrong in (b"\x1bQA1025\r", b"\x1bQA" + "MỜI".encode().center(20) + b"\r", b"x", b"\x1b["):
        display.receive(wrong)
    assert len(display.faults) == 4
    assert "1025" in display.shown
    display.receive(b"\x0c")
    assert display.shown.strip() == ""


def registers(chain: SpiChain, *writes: str) -> None:
    for write in writes:
        chain.write(bytes.fromhex(write))


def test_a_max7219_sleeps_at_power_on_and_obeys_its_registers() -> None:
    module = Max7219Module()
    chain = SpiChain([module])
    registers(chain, "017e", "0230")
    assert (module.shown, module.brightness) == (" " * 8, 0)
    registers(chain, "0c01")
    assert (module.shown, module.brightness) == ("       0", 1)  # it scans one digit
    registers(chain, "0b07", "0a0f")
    assert (module.shown, module.brightness) == ("      10", 31)
    registers(chain, "0901", "0104")
    assert module.shown == "      14"  # digit 0 decodes code B now
    registers(chain, "0f01")
    assert module.shown == "8" * 8
    registers(chain, "0f00", "0c00")
    assert module.shown == " " * 8
    module.power_off()
    registers(chain, "0c01")
    module.power_on()
    assert module.shown == " " * 8


def test_a_chain_hands_on_what_is_shifted_further_and_latches_the_last_16_bits() -> None:
    first, second = Max7219Module(), Max7219Module()
    registers(SpiChain([first, second]), "0c01 0c01", "0130 016d", "ff 0000 0179")
    assert (first.shown, second.shown) == ("       3", "       1")


@pytest.fixture
def line(tmp_path: Path, panel: ModbusPanel) -> Iterator[BoardLine]:
    line = BoardLine(tmp_path / "line", [panel, SumPanel(9)], SystemClock())
    yield line
    line.unplug()


def test_a_line_carries_at_its_baud_rate(line: BoardLine, panel: ModbusPanel) -> None:
    clock = SystemClock()
    with serial.Serial(str(line.path), 9600, timeout=2) as port:
        started_ns = clock.stamp().mono_ns
        port.write(WRITE_1025)
        assert port.read(8) == WRITTEN
        took_ms = (clock.stamp().mono_ns - started_ns) / 1e6
    assert panel.shown == "1025"
    assert took_ms > (len(WRITE_1025) + 8) * 10 / 9.6


def test_a_pulled_adapter_is_an_error_and_comes_back_under_its_path(line: BoardLine) -> None:
    port = serial.Serial(str(line.path), 9600, timeout=2)
    line.unplug()
    with pytest.raises((OSError, serial.SerialException)):
        port.write(WRITE_1025)
    port.close()
    assert not line.path.exists()
    line.plug()
    with serial.Serial(str(line.path), 9600, timeout=2) as port:
        port.write(WRITE_1025)
        assert port.read(8) == WRITTEN


def test_noise_loses_and_flips_about_as_many_bytes_as_asked() -> None:
    random = Random(7)
    sent = bytes(10_000)
    assert 8800 < len(Noise(random, lose=0.1).disturb(sent)) < 9200
    flipped = Noise(random, flip=0.1).disturb(sent)
    assert len(flipped) == len(sent)
    assert 800 < sum(byte != 0 for byte in flipped) < 1200
    assert {byte.bit_count() for byte in flipped} == {0, 1}
    assert Noise(random).disturb(sent) == sent
