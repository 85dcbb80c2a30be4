"""A whole machine from a blank card: it installs itself, gives out numbers, loses power, is locked.

`make test-machine` runs this, in order; tens of minutes. There is no network card in the machine.
"""

import base64
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, closing
from functools import partial

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.wire import VERSION, Update
from runtime.clock import SystemClock
from runtime.sealed import seal
from simulation.boards.line import BoardLine
from simulation.boards.panels import ModbusPanel
from simulation.printer.machine import VirtualPrinter
from simulation.printer.model import PrinterModel
from simulation.printer.paper import Slip
from simulation.printer.ports import TcpPort
from tests.machine.card import (
    CACHE,
    NEXT_VERSION,
    SITE,
    SYSTEM,
    make_hubs_disks,
    make_stick,
)
from tests.machine.centre import HUB, INSIDE, PIN, SLOW_START_S, Centre
from tests.machine.guide import what_the_guide_runs, what_the_guide_writes
from tests.machine.machine import Machine

UPDATE = "LC_ALL=en_GB.UTF-8 /opt/thutu/proven/bin/thutu-update"
RELEASES = "/opt/thutu/releases"
HALF_THE_PACKAGES = 60
INK_DOTS = 5_000
DISPLAYS = "thutu-boards thutu-voice thutu-hall"
WATCHED = f"thutu-terminal {DISPLAYS}"
LOUD = 3_000  # of 32767
SCREEN = {"trixie": "VGA", "bookworm": "virtio-vga"}[SYSTEM]  # which its Cage can use
DEVICES = frozenset({"open the serial port"})
HUB_AND_HALL_MB = 160
HANGS_S = 600  # WatchdogSec, TimeoutStopSec, and a slow start

pytestmark = pytest.mark.timeout(3600)


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    """A card as thutu-image leaves it, switched on for the first time."""
    folder = tmp_path_factory.mktemp("machine")
    make_hubs_disks(folder)
    slips: list[Slip] = []
    with (
        closing(VirtualPrinter(PrinterModel(), SystemClock(), slips.append)) as printer,
        closing(TcpPort(printer)) as port,
        ExitStack() as at_the_end,
    ):
        panels = [ModbusPanel(address) for address in (1, 2)]
        boards = BoardLine(folder / "boards", panels, SystemClock())
        at_the_end.callback(boards.unplug)
        machine = Machine(CACHE, folder, port.address[1], boards.path, screen=SCREEN)
        centre = Centre(machine, slips, panels)
        try:
            centre.set_itself_up()
            yield centre
        finally:
            centre.machine.cut_power()


@pytest.fixture(autouse=True)
def has_power(centre: Centre) -> None:
    """A test that failed may have left it off."""
    if not centre.machine.is_on:
        centre.switch_on()


def test_a_blank_card_makes_itself_a_hub_without_a_network(centre: Centre) -> None:
    machine = centre.machine
    print(f"\n  set up and started again after {centre.set_up_s:.0f} s")
    assert machine.run("ls /sys/class/net") == "lo"
    if SYSTEM == "trixie":
        assert machine.try_to("cloud-init status").output == "status: disabled"
        for kind, name in (("cloud-config", "user-data"), ("network-config", "network-config")):
            machine.run(f"cloud-init schema -t {kind} -c /boot/firmware/{name}")
    else:
        assert "systemd." not in machine.run("cat /boot/firmware/cmdline.txt /proc/cmdline")
        assert machine.try_to("ls /boot/firmware/firstrun.sh").code != 0
    userconfig = machine.try_to("systemctl is-enabled userconfig").output
    assert userconfig == ("masked" if SYSTEM == "trixie" else "disabled")
    assert machine.run("cat /boot/firmware/thutu/set-up") == machine.run("hostname")
    assert machine.run("hostname") == f"thutu-{SITE}-h1"
    assert machine.run("stat -c '%a %U %G' /etc/thutu/enrolment.token") == "640 root thutu"
    assert machine.run("find /boot/firmware/thutu/tokens -type f") == ""
    assert machine.run("tail -1 /boot/firmware/config.txt") == "include thutu.txt"
    assert int(centre.take_number()) > 0


def test_nothing_waits_for_a_network_or_the_time(centre: Centre) -> None:
    machine = centre.machine
    machine.shut_down()
    centre.switch_on()
    number = centre.take_number()
    state = machine.try_to("systemctl is-system-running --wait", timeout_s=900).output
    chain = machine.run("systemd-analyze critical-chain thutu-hub.service --no-pager")
    print(f"\n  number {number}\n{machine.run('systemd-analyze time')}\n{chain}")
    said = machine.run("journalctl -b -t systemd -t systemd-journald -t systemd-timesyncd")
    assert not re.search("(?i)unknown key|failed to parse|unknown section", said)
    assert state == "running"
    assert not re.search("network|time-sync|cloud", chain)


def test_its_printer_prints_from_within_the_hardened_service(centre: Centre) -> None:
    machine = centre.machine
    number = centre.take_number(on_paper=True)
    machine.wait_for(lambda: len(centre.slips) > 0)
    slip = centre.slips[-1]
    slip.image.save(machine.folder / "slip.png")
    print(f"\n  number {number} is on {machine.folder / 'slip.png'}")
    assert slip.complete
    assert slip.image.histogram()[0] > INK_DOTS
    machine.wait_for(lambda: {device.state for device in centre.snapshot().devices} == {"ready"})


def test_the_first_console_is_the_clerks_terminal(centre: Centre) -> None:
    machine = centre.machine
    centre.take_number()
    machine.run(f"echo {PIN} | {HUB} set-pin nv01 --role clerk")
    machine.run(what_the_guide_runs("The clerk's terminal on the first console"), timeout_s=600)
    for asked, typed in (("Mã PIN", f"nv01\n{PIN}\n"), ("Chọn quầy", "\n")):
        machine.wait_for(partial(machine.console_says, asked), SLOW_START_S)
        machine.front.type(typed)
    machine.wait_for(lambda: centre.counter("1").phase == "open")
    machine.front.type("g")
    machine.wait_for(lambda: centre.called("1") != "")
    machine.front.picture(machine.folder / "terminal.png")
    print(f"\n  {centre.called('1')} was called on {machine.folder / 'terminal.png'}")
    assert not centre.active("getty@tty1")


def test_who_is_called_is_shown_and_said(centre: Centre) -> None:
    machine = centre.machine
    machine.run(what_the_guide_runs("Displays, voice, hall screen"), timeout_s=600)
    machine.run("sed -i 's|/dev/ttyAMA0|/dev/ttyS2|' /etc/thutu/boards.toml")
    machine.run("sed -i 's|CARD=Device|CARD=I82801AAICH|' /etc/thutu/voice.toml")
    machine.run("systemctl restart thutu-boards thutu-voice")
    machine.front.type("l")  # called again
    machine.wait_for(lambda: centre.panels[0].shown == centre.called("1"))
    machine.wait_for(lambda: machine.front.loudest() > LOUD)
    stream = machine.try_to("curl -sSN --max-time 5 127.0.0.1:8110/events").output
    assert centre.called("1") in stream
    print(f"\n  panels {[panel.shown for panel in centre.panels]}, {machine.front.loudest()}")


def test_a_hall_screen_whose_page_has_died_is_painted_again(centre: Centre) -> None:
    machine = centre.machine
    machine.run("systemctl stop thutu-terminal")  # which has the same screen
    if SYSTEM == "bookworm":  # whose Cage would draw with a graphics processor, and there is none
        by_itself = "[Service]\nEnvironment=WLR_RENDERER=pixman\n"
        drop_in = "/run/systemd/system/thutu-hall-screen.service.d"
        machine.run(f"mkdir -p {drop_in} && cat >{drop_in}/drawn.conf", by_itself)
        machine.run("systemctl daemon-reload")
    machine.run("systemctl restart --no-block thutu-hall-screen")
    centre.wait_for_the_hall()
    died = centre.process("thutu-hall-screen")
    machine.try_to("pkill -9 -f '[t]ype=renderer'")
    machine.wait_for(lambda: not centre.shows_the_hall())
    died_s = machine.wait_for(lambda: centre.is_another("thutu-hall-screen", died))
    back_s = centre.wait_for_the_hall()
    print(f"\n  started anew {died_s:.0f} s after its page died, painted {back_s:.0f} s later")


def test_the_halls_browser_reaches_its_page_and_nothing_else(centre: Centre) -> None:
    machine = centre.machine
    browser = centre.process("thutu-hall-screen")
    inside = f"nsenter --net --target {browser}"
    assert machine.try_to(f"{inside} curl -sS 127.0.0.1:8110/painted").code == 0
    assert machine.try_to(f"{inside} curl -sS 127.0.0.1:8100/api/health").code == 7, "no connection"
    assert machine.try_to("curl -sS 127.0.0.1:8100/api/health").code == 0
    assert machine.run(f"{inside} tail -n +3 /proc/self/net/dev | wc -l") == "1"


def test_a_screen_that_is_switched_on_is_painted(centre: Centre) -> None:
    machine = centre.machine
    ended = centre.process("thutu-hall-screen")
    machine.run("for s in off on; do echo $s | tee /sys/class/drm/card*-*/status; sleep 10; done")
    machine.wait_for(lambda: centre.is_another("thutu-hall-screen", ended))
    print(f"\n  painted {centre.wait_for_the_hall():.0f} s after it ended")
    machine.run("systemctl stop thutu-hall-screen && systemctl start thutu-terminal")
    machine.wait_for(partial(machine.console_says, "Mã PIN"), SLOW_START_S)


def test_hub_and_displays_fit_beside_each_other_on_a_pi_3(centre: Centre) -> None:
    machine = centre.machine
    took_mb = {}
    for name in ("hub", "hall", "boards", "voice", "terminal"):
        pid = centre.process(f"thutu-{name}")
        kb = machine.run(f"awk '/^Pss:/ {{print $2}}' /proc/{pid}/smaps_rollup")
        took_mb[name] = int(kb) / 1000
    print(f"\n  MB: {took_mb}\n{machine.run('free -m')}")
    assert took_mb["hub"] + took_mb["hall"] < HUB_AND_HALL_MB
    assert machine.try_to("journalctl -k -g 'Out of memory'").code != 0


@pytest.mark.parametrize(
    ("service", "rights"),
    [
        ("hub", DEVICES | {"write the data folder"}),
        ("boards", DEVICES),
        ("voice", set()),
        ("hall", set()),
    ],
)
def test_a_service_reaches_its_devices_and_nothing_else(
    centre: Centre, service: str, rights: set[str]
) -> None:
    machine, attempts = centre.machine, f"attempts-{service}"
    machine.run("cat >/run/attempts.py", (INSIDE / "try_to_break_out.py").read_text("utf-8"))
    unit = machine.run(f"cat /etc/systemd/system/thutu-{service}.service")
    unit = re.sub(r"(?m)^(Type|Restart|WatchdogSec|RuntimeDirectory)=.*\n", "", unit)
    unit = re.sub(r"(?m)^ExecStart=.*", "ExecStart=/usr/bin/python3 /run/attempts.py", unit)
    machine.run(f"cat >/run/systemd/system/{attempts}.service", unit)
    machine.run(f"systemctl daemon-reload && systemctl start {attempts}")
    machine.wait_for(lambda: not centre.active(attempts))
    said = machine.run(f"journalctl -u {attempts} -o cat -g '^{{'")
    possible = {name for name, worked in json.loads(said.splitlines()[-1]).items() if worked}
    print(f"\n  possible: {', '.join(sorted(possible))}")
    machine.run(f"rm /run/systemd/system/{attempts}.service")
    assert possible == rights | {"read the boot's name", "open a socket"}


def test_a_terminal_and_displays_that_hang_are_started_anew(centre: Centre) -> None:
    machine = centre.machine
    machine.run(f"systemctl kill --kill-whom=main --signal=STOP {WATCHED}")
    again = f"systemctl show {WATCHED} --property NRestarts --value"
    seconds = machine.wait_for(lambda: "0" not in machine.run(again).split(), HANGS_S)
    machine.wait_for(lambda: centre.active(WATCHED))
    machine.wait_for(partial(machine.console_says, "Mã PIN"), SLOW_START_S)
    print(f"\n  started anew {seconds:.0f} s after SIGSTOP")


def test_after_a_power_cut_terminal_and_displays_are_there_again(centre: Centre) -> None:
    machine = centre.machine
    machine.cut_power()
    centre.switch_on()
    machine.wait_for(lambda: centre.panels[0].shown == centre.called("1"), SLOW_START_S)
    machine.wait_for(partial(machine.console_says, "Mã PIN"), SLOW_START_S)
    machine.wait_for(lambda: centre.active(WATCHED))
    assert not centre.active("getty@tty1")
    # They are seen; what follows is about the hub, and quicker without them.
    machine.run("cd /etc/thutu && rm boards.toml voice.toml hall.toml terminal.toml")
    machine.run(f"systemctl stop {WATCHED}")


def test_a_hub_that_hangs_or_dies_is_started_anew(centre: Centre) -> None:
    machine = centre.machine
    number = centre.take_number()
    for signal in ("STOP", "KILL"):
        before = centre.process("thutu-hub")
        machine.run(f"systemctl kill --kill-whom=main --signal={signal} thutu-hub")
        seconds = machine.wait_for(
            lambda: centre.is_another("thutu-hub", before) and centre.active("thutu-hub"),  # noqa: B023 - at once
            HANGS_S,
        )
        print(f"\n  active again {seconds:.0f} s after SIG{signal}")
        following = centre.take_number()
        assert int(following) > int(number)
        number = following
    machine.run("systemctl stop thutu-hub")
    result = machine.run("systemctl show thutu-hub --property Result,ExecMainStatus --value")
    assert result.split() == ["success", "0"]
    machine.run("systemctl start thutu-hub")


def test_no_power_cut_takes_or_repeats_a_number(centre: Centre) -> None:
    centre.cut_power_while_numbers_are_taken()


def test_with_a_root_that_cannot_be_written_the_data_partition_keeps_all(centre: Centre) -> None:
    machine = centre.machine
    fstab, overlay = what_the_guide_writes("The card, read-only")
    machine.run(f"cat >>/etc/fstab; echo '{overlay}' >/etc/overlayroot.conf", fstab)
    machine.run(what_the_guide_runs("The card, read-only"), timeout_s=600)
    machine.shut_down()
    centre.switch_on()
    assert machine.run("findmnt -no FSTYPE /") == "overlay"
    for folder in ("/opt/thutu", "/var/lib/thutu", "/var/lib/thutu-update"):
        assert machine.run(f"findmnt -no FSTYPE {folder}") == "ext4"
    centre.cut_power_while_numbers_are_taken()
    state = machine.try_to("systemctl is-system-running --wait", timeout_s=900).output
    print(f"\n  {state}; what it wrote over the root, in memory:")
    print(machine.run("find /media/root-rw/overlay -type f | head -60"))
    # Sectors written since the start (Documentation/admin-guide/iostats.rst, field 7).
    assert machine.run("awk '{print $7}' /sys/block/vda/stat") == "0", "the root was written to"
    assert state == "running"


def test_without_its_data_partition_it_can_be_reached_and_gives_out_nothing(centre: Centre) -> None:
    machine = centre.machine
    machine.shut_down()
    data = machine.folder / "data.ext4"
    data.rename(aside := machine.folder / "aside.ext4")
    data.touch()  # a disk without anything on it
    machine.switch_on()
    state = machine.try_to("systemctl is-system-running --wait", timeout_s=900).output
    hub = machine.try_to("systemctl is-active thutu-hub ssh").output.split()
    machine.cut_power()
    aside.replace(data)
    print(f"\n  {state}; hub and ssh are {hub}")
    assert hub == ["inactive", "active"]
    centre.switch_on()
    assert int(centre.take_number()) > 0


def test_an_order_that_the_centre_did_not_seal_is_not_taken(centre: Centre) -> None:
    machine = centre.machine
    order = Update(VERSION, f"{SITE}-h1", 1, 9, bytes(32), ("http://127.0.0.1",))
    forged = base64.b64encode(seal(Ed25519PrivateKey.generate(), order)).decode()
    lay = "base64 -d >/run/thutu-hub/new && mv /run/thutu-hub/new /run/thutu-hub/update.thutu"
    machine.run(f"sudo -u thutu sh -c '{lay}'", forged)
    machine.wait_for(
        lambda: machine.try_to("journalctl -b -u thutu-update -g 'is not taken'").code == 0
    )
    assert "Release 9" not in machine.run(f"{UPDATE} show")
    assert machine.run("systemctl show thutu-update --property Result --value") == "success"
    machine.run("sudo -u thutu rm /run/thutu-hub/update.thutu")


def test_a_release_from_a_stick_is_built_anew_after_a_power_cut(centre: Centre) -> None:
    machine = centre.machine
    machine.shut_down()
    make_stick(machine.folder)
    centre.switch_on()
    card = centre.software()
    centre.send_everybody_home()
    machine.run("mkdir /media/stick && mount -o ro LABEL=STICK /media/stick")
    print(machine.run(f"{UPDATE} install --now /media/stick"))
    machine.run("systemctl start --no-block thutu-update")
    packages = f"ls {RELEASES}/2/lib/python3*/site-packages 2>/dev/null | wc -l"
    seconds = machine.wait_for(lambda: int(machine.run(packages)) > HALF_THE_PACKAGES, 900)
    machine.cut_power()
    print(f"\n  cut while it was built, after {seconds:.0f} s")
    centre.switch_on()
    assert centre.software() == card
    seconds = machine.wait_for(lambda: centre.software() == NEXT_VERSION, 1200)
    print(f"\n  on trial {seconds:.0f} s after it had power again")


def test_a_release_on_trial_goes_on_after_a_power_cut_and_is_kept(centre: Centre) -> None:
    machine = centre.machine
    assert "Release 2: trying" in machine.run(f"{UPDATE} show")
    machine.cut_power()
    centre.switch_on()
    seconds = machine.wait_for(lambda: "Release 2: done" in machine.run(f"{UPDATE} show"), 900)
    print(f"\n  proven after {seconds:.0f} s\n{machine.run(f'{UPDATE} show')}")
    print(machine.run("journalctl -u 'thutu-update*' -o cat --no-pager | tail -40"))
    assert centre.software() == NEXT_VERSION
    assert int(centre.take_number()) > 0
    assert machine.run(f"readlink {RELEASES}/../proven") == f"{RELEASES}/2"


def test_with_the_clock_in_1973_what_was_kept_gives_out_numbers(centre: Centre) -> None:
    centre.machine.shut_down()
    centre.switch_on("1973-01-01T00:00:00")
    assert centre.software() == NEXT_VERSION
    number = centre.take_number(on_paper=True)
    print(f"\n  number {number}; the machine holds it for {centre.machine.run('date')}")
    assert not centre.snapshot().clock_trusted


def test_what_was_laid_down_is_taken_away_again(centre: Centre) -> None:
    machine = centre.machine
    install = "/opt/thutu/current/bin/thutu-install"
    release = "$(readlink -f /opt/thutu/current)/bin/thutu-install"
    files = "find /etc /usr /var/lib/thutu-install ! -name '*.pyc' ! -type d | sort"
    assert "Nothing to do" in machine.run(f"LC_ALL=en_GB.UTF-8 {install} hub")
    machine.run(f"R={release}; $R remove && {files} >/run/before && $R hub && {files} >/run/with")
    machine.run("systemctl start thutu-hub")
    machine.run(f"R={release}; $R remove && {files} >/run/after")
    assert machine.run("diff /run/before /run/after") == ""
    with_it, after = (int(machine.run(f"grep -c . /run/{name}")) for name in ("with", "after"))
    assert with_it > after
    left = machine.run("grep -i thutu /run/after")
    print(f"\n  left: {left.split()}")
    assert "systemd" not in left
    assert machine.run("systemctl --failed --no-legend --plain") == ""
