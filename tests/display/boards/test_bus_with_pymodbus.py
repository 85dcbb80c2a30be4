"""The bus against a slave that others wrote: pymodbus, over two joined pseudo-terminals."""

import asyncio
import os
import tty
from collections.abc import Iterator
from contextlib import contextmanager

from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice

from contract.commands import ReportDevice
from display.boards.bus import BoardBus
from display.boards.drivers import ModbusDigits, ModbusNumber
from runtime.clock import SystemClock
from tests.display.scenes import counter_view

HOLDING_REGISTERS = 3


def test_an_independent_slave_holds_the_number_and_answers_rightly() -> None:
    asyncio.run(_serve_and_show())


async def _serve_and_show() -> None:
    with _joined_terminals() as (ours, theirs):
        registers = SimData(0, count=8, values=0, datatype=DataType.REGISTERS)
        slaves = [SimDevice(5, simdata=[registers]), SimDevice(6, simdata=[registers])]
        server = ModbusSerialServer(slaves, port=theirs, baudrate=9600)
        await server.serve_forever(background=True)
        reports: list[ReportDevice] = []
        boards = (ModbusDigits(counter="1", address=5), ModbusNumber(counter="2", address=6))
        bus = BoardBus(ours, boards, reports.append, SystemClock())
        bus.show([counter_view("1", "1025", "serving"), counter_view("2", "2007", "serving")])
        try:
            async with asyncio.timeout(10):
                while len(reports) < 2:  # noqa: ASYNC110 - told by the bus's own thread
                    await asyncio.sleep(0.01)
            assert await _registers(server, 5) == [*map(ord, "1025"), 0, 0, 0, 0]
            assert await _registers(server, 6) == [0, 0, 0, 0, 0, 0, 0, 2007]
        finally:
            await asyncio.to_thread(bus.close)
            server.close()
    assert {report.state for report in reports} == {"ready"}


async def _registers(server: ModbusSerialServer, slave: int) -> list[int] | list[bool]:
    return await server.async_getValues(slave, HOLDING_REGISTERS, 0, 8)


@contextmanager
def _joined_terminals() -> Iterator[tuple[str, str]]:
    """Two device paths; what is written to the one is read from the other."""
    loop = asyncio.get_running_loop()
    (ours, our_device), (theirs, their_device) = os.openpty(), os.openpty()
    for device in (our_device, their_device):
        tty.setraw(device)
    loop.add_reader(ours, lambda: os.write(theirs, os.read(ours, 4096)))
    loop.add_reader(theirs, lambda: os.write(ours, os.read(theirs, 4096)))
    try:
        yield os.ttyname(our_device), os.ttyname(their_device)
    finally:
        for end in (ours, theirs):
            loop.remove_reader(end)
        for end in (ours, theirs, our_device, their_device):
            os.close(end)
