"""The real unit and the real `thutu-install` under a real systemd that starts a machine.

systemd is the first process of namespaces of its own, with copies of /etc and /opt; udev alone is
played. Needs root, as in CI's container and on a build machine.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

SYSTEMD = Path("/usr/lib/systemd/systemd")
SOURCES = ("contract", "runtime", "provision", "edge", "central", "firmware_config", "systemd")
NEW_UNIT = """[Unit]
ConditionPathExists=/etc/thutu/hub.toml
[Service]
ExecStart=/bin/sleep 1000
[Install]
WantedBy=multi-user.target
"""
HUB = """#!/bin/sh
echo "hub of $(cat $(dirname $0)/../version) under the unit of release $RELEASE" >>/opt/said
systemd-notify --ready
exec sleep 1000
"""
# What thutu-update does when it has switched, here back again, and when it asks for no reason.
DRIVER = """[Unit]
After=thutu-hub.service thutu-new.service
[Service]
Type=oneshot
ExecStart=/bin/sh -c ' \
    echo "new: $$(systemctl is-active thutu-new)" >>/opt/said; \
    ln -sfn /opt/thutu/releases/1 /opt/thutu/current; \
    systemctl start thutu-update-lay; echo "went back: $$?" >>/opt/said; \
    systemctl restart thutu-hub; \
    systemctl start thutu-update-lay; echo "asked again: $$?" >>/opt/said; \
    echo "new: $$(systemctl is-active thutu-new)" >>/opt/said; \
    ls /etc/systemd/system | grep new >>/opt/said; \
    systemctl --force --force exit'
"""
# A group of its own: systemd takes for its own whatever processes it sees.
AROUND = """set -e
mount --make-rprivate /
mount -t cgroup2 none /sys/fs/cgroup
group=/sys/fs/cgroup/thutu-test-$$
mkdir $group
echo $$ >$group/cgroup.procs
inside=$1
shift
timeout --signal=KILL 60 unshare --mount --cgroup --pid --net --ipc --uts --mount-proc \\
    --fork --kill-child sh -c "$inside" sh "$@" || true
echo $$ >/sys/fs/cgroup/cgroup.procs
for again in 1 2 3; do find $group -depth -type d -exec rmdir {} + && break; sleep 1; done
"""
# The power went between the switch to release 2 and the laying of its units.
START = """set -e
umount /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
mount -t tmpfs t /run
mount -t tmpfs t /usr/lib/systemd/system
for name in sysinit basic shutdown multi-user local-fs umount; do
    printf '[Unit]\\nDefaultDependencies=no\\n' >/usr/lib/systemd/system/$name.target
done
mount -t tmpfs t /usr/lib/systemd/system-generators
mkdir -p /run/etc /run/r /run/lock
cp -a /etc/. /run/etc
rm -rf /run/etc/systemd/system
mount --rbind /run/etc /etc
mkdir -p /etc/systemd/system /etc/thutu /var/lib/thutu-install
mount -t tmpfs t /var/lib/thutu-install
mkdir "$1/python" "$1/packages"
mount --bind "$2" "$1/python"
mount --bind "$3" "$1/packages"
mount --rbind "$1" /opt
printf '#!/bin/sh\\necho "udevadm was told: $*"\\n' >/run/udevadm
chmod 755 /run/udevadm
mount --bind /run/udevadm "$(readlink -f "$(command -v udevadm)")"
mkdir -p /run/r/etc /run/r/opt /run/r/var/lib/thutu-install
for folder in etc opt var/lib/thutu-install; do mount --rbind /$folder /run/r/$folder; done
/opt/thutu/releases/1/bin/thutu-install hub --root /run/r --venv /opt/thutu/releases/1
ln -sfn /opt/thutu/releases/2 /opt/thutu/current
touch /etc/thutu/hub.toml
cp /opt/driver.service /etc/systemd/system/
mkdir /etc/systemd/system/thutu-update-lay.service.d
printf '[Service]\\nStandardOutput=append:/opt/log\\nStandardError=append:/opt/log\\n' \
    >/etc/systemd/system/thutu-update-lay.service.d/log.conf
printf '[Unit]\\nWants=multi-user.target driver.service\\n' >/etc/systemd/system/begin.target
export container=docker
exec /usr/lib/systemd/systemd --system --unit=begin.target --log-target=console
"""


def release(opt: Path, name: str) -> Path:
    """The project as it stands as a release, whose units and hub say which one they are."""
    folder = opt / f"thutu/releases/{name}"
    for source in SOURCES:
        shutil.copytree(source, folder / source, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "bin").mkdir()
    python = f"/opt/python/bin/python{sys.version_info.major}.{sys.version_info.minor}"
    install = (
        f"#!{python} -P\nimport sys\n"
        f"sys.path[:0] = ['/opt/thutu/releases/{name}', '/opt/packages']\n"
        f"sys.prefix = '/opt/thutu/releases/{name}'\n"
        "from provision.install.__main__ import main\nsys.exit(main())\n"
    )
    for program, text in (("thutu-install", install), ("thutu-hub", HUB)):
        (folder / "bin" / program).write_text(text, "utf-8")
        (folder / "bin" / program).chmod(0o755)
    (folder / "version").write_text(f"release {name}\n", "ascii")
    unit = folder / "systemd/thutu-hub.service"
    hub = unit.read_text("utf-8").replace("[Service]\n", f"[Service]\nEnvironment=RELEASE={name}\n")
    hub = hub.replace("User=thutu\nGroup=thutu\n", "NotifyAccess=all\nReadWritePaths=/opt\n")
    unit.write_text(hub, "utf-8")
    return folder


def can_start_systemd() -> bool:
    if os.geteuid() != 0 or not SYSTEMD.exists() or shutil.which("unshare") is None:
        return False
    tried = ["unshare", "--mount", "--cgroup", "--pid", "--fork", "sh", "-c"]
    tried.append("mount --make-rprivate / && mount -t cgroup2 none /sys/fs/cgroup")
    return subprocess.run(tried, capture_output=True, check=False, timeout=30).returncode == 0


@pytest.mark.skipif(not can_start_systemd(), reason="needs root and systemd")
def test_units_of_the_release_that_runs_are_laid_before_what_they_start(tmp_path: Path) -> None:
    release(tmp_path, "1")
    second = release(tmp_path, "2")
    (second / "systemd/thutu-new.service").write_text(NEW_UNIT, "ascii")
    plan = second / "provision/install/plan.py"
    plan.write_text(
        plan.read_text("utf-8").replace('"thutu-update-lay",', '"thutu-update-lay", "thutu-new",')
    )
    (tmp_path / "driver.service").write_text(DRIVER, "ascii")
    found = (tmp_path, sys.base_prefix, sysconfig.get_path("purelib"))
    ran = subprocess.run(
        ["unshare", "--mount", "sh", "-c", AROUND, "sh", START, *found],
        capture_output=True,
        text=True,
        check=False,
    )
    said, log = ((tmp_path / name) for name in ("said", "log"))
    assert said.exists(), ran.stdout[-3000:] + ran.stderr[-3000:]
    assert said.read_text("utf-8").splitlines() == [
        "hub of release 2 under the unit of release 2",
        "new: active",
        "went back: 0",
        "hub of release 1 under the unit of release 1",
        "asked again: 0",
        "new: inactive",
    ], log.read_text("utf-8")
    assert "udevadm was told: control --reload" in log.read_text("utf-8")
