"""The machine's clocks."""

import time
from pathlib import Path

import pytest

from contract.stamp import span
from runtime.clock import SystemClock, is_synchronised


def test_a_stamp_reads_all_clocks_of_the_machine() -> None:
    system = SystemClock()
    before_ms, before_ns = time.time_ns() // 1_000_000, time.monotonic_ns()
    stamp = system.stamp()
    assert before_ms <= stamp.wall_ms <= time.time_ns() // 1_000_000
    assert before_ns <= stamp.mono_ns <= time.monotonic_ns()


def test_all_clocks_of_a_boot_have_its_name() -> None:
    boot = SystemClock().stamp().boot
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text("ascii")
    assert boot == SystemClock().stamp().boot
    assert len(boot) == 12
    assert boot_id.replace("-", "").startswith(boot)


def test_time_passes_as_slept() -> None:
    system = SystemClock()
    before = system.stamp()
    system.sleep(0.02)
    slept = span(before, system.stamp())
    assert slept is not None
    assert not slept.approximate
    assert slept.ms >= 20


@pytest.mark.parametrize(
    ("answer", "synchronised"),
    [(0, True), (1, True), (2, True), (3, True), (4, True), (5, False), (-1, False)],
)
def test_the_kernels_answer_says_whether_the_clock_is_disciplined(
    answer: int, monkeypatch: pytest.MonkeyPatch, *, synchronised: bool
) -> None:
    """adjtimex(2): 0 TIME_OK to 4 TIME_WAIT, 5 TIME_ERROR, -1 a failure of the call."""
    monkeypatch.setattr("runtime.clock._adjtimex", lambda _buffer: answer)
    assert is_synchronised() is synchronised


@pytest.mark.parametrize(("year", "believed"), [(1973, False), (2026, False), (2027, True)])
def test_a_clock_chip_is_believed_unless_its_battery_died(
    year: int, monkeypatch: pytest.MonkeyPatch, *, believed: bool
) -> None:
    monkeypatch.setattr("runtime.clock.is_synchronised", lambda: False)
    ns = int((year - 1970) * 365.2425 * 86_400 * 1e9)
    monkeypatch.setattr("time.time_ns", lambda: ns)
    assert SystemClock(has_chip=True).stamp().synced is believed
    assert not SystemClock().stamp().synced


def test_the_kernel_can_be_asked() -> None:
    assert is_synchronised() in (True, False)
    assert SystemClock().stamp().synced == is_synchronised()
