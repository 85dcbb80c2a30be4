#!/bin/sh
# Makes what a test machine starts from: a Debian with its own kernel on a disk, as Raspberry Pi
# Imager leaves a card, and the wheels of Thứ Tự. Called by card.py with the folder to make it in,
# Debian's name and its Python's version. Everything is fetched by mmdebstrap and pip; nothing is
# installed.
set -eu

repository=$(cd "$(dirname "$0")/../.." && pwd)
work=$1
debian=$2
python=$3
PATH=$PATH:/usr/sbin:/sbin
. "$repository/tests/demand_programs.sh"
PACKAGES=systemd-sysv,dbus,udev,kmod,systemd-timesyncd,linux-image-amd64,initramfs-tools,overlayroot,busybox
PACKAGES=$PACKAGES,python3,sudo,openssh-server,curl,procps,zstd,e2fsprogs,qemu-guest-agent
PACKAGES=$PACKAGES,console-setup,alsa-utils,cage,seatd,chromium
case $debian in
    trixie) PACKAGES=$PACKAGES,cloud-init ;;
    bookworm) PACKAGES=$PACKAGES,xwayland ;;
esac

main() {
    demand_programs qemu-system-x86_64:qemu-system-x86 mmdebstrap:mmdebstrap fakeroot:fakeroot \
        mke2fs:e2fsprogs mkfs.vfat:dosfstools mcopy:mtools
    mkdir -p "$work/wheels"
    kind=$(sha256sum "$0" | cut -c1-12)
    if [ ! -e "$work/$kind.ready" ]; then
        echo "Building the disk (once, two minutes) ..." >&2
        disk
        touch "$work/$kind.ready"
    fi
    wheels
}

disk() {
    rm -rf "$work/root.tar" "$work/etc" "$work/usr" "$work"/*.ready
    mkdir -p "$work/etc/systemd/system/multi-user.target.wants" "$work/usr/lib/systemd/system"
    printf 'LABEL=rootfs / ext4 noatime 0 1\nLABEL=bootfs /boot/firmware vfat defaults 0 2\n' \
        >"$work/etc/fstab"
    printf '127.0.0.1\tlocalhost\n127.0.1.1\traspberrypi\n' >"$work/etc/hosts"
    [ "$debian" != trixie ] || cloud_init
    # Its wizard for the first user waits for a person, and multi-user.target for the wizard.
    printf '[Unit]\nAfter=systemd-user-sessions.service\n[Service]\nType=oneshot\nExecStart=sleep infinity\n[Install]\nWantedBy=multi-user.target\n' \
        >"$work/usr/lib/systemd/system/userconfig.service"
    ln -s /usr/lib/systemd/system/userconfig.service "$work/etc/systemd/system/multi-user.target.wants"
    mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -m1 '/debian/\{0,1\}$')
    mmdebstrap --quiet --variant=minbase --include="$PACKAGES" --aptopt='Acquire::Languages "none"' \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
        --customize-hook="copy-in $work/etc $work/usr /" --customize-hook='mkdir -p "$1/boot/firmware"' \
        --customize-hook=': >"$1/etc/machine-id"; rm "$1/etc/hostname"; echo raspberrypi >"$1/etc/hostname"' \
        "$debian" "$work/root.tar" "$mirror"
    # shellcheck disable=SC2016  # expanded there
    fakeroot sh -eu -c '
        rm -rf "$1/root" "$1/root.ext4"
        mkdir "$1/root"
        tar -xf "$1/root.tar" -C "$1/root" --exclude="./dev/*"
        cp "$1"/root/boot/vmlinuz-* "$1/vmlinuz"
        cp "$1"/root/boot/initrd.img-* "$1/initrd"
        mke2fs -q -t ext4 -L rootfs -d "$1/root" "$1/root.ext4" 4G' sh "$work"
    rm -rf "$work/root" "$work/root.tar" "$work/etc" "$work/usr"
}

# As Raspberry Pi OS does: what thutu-image wrote lies on the boot partition.
cloud_init() {
    mkdir -p "$work/etc/cloud/cloud.cfg.d" "$work/etc/systemd/system/cloud-init-main.service.d"
    printf 'datasource_list: [NoCloud, None]\ndatasource:\n  NoCloud:\n    seedfrom: file:///boot/firmware\n' \
        >"$work/etc/cloud/cloud.cfg.d/99_raspberry-pi.cfg"
    printf '[Unit]\nRequiresMountsFor=/boot/firmware\n' \
        >"$work/etc/systemd/system/cloud-init-main.service.d/boot.conf"
}

wheels() {
    pip=$repository/.venv/bin/pip
    for platform in manylinux_2_28 manylinux_2_17 manylinux2014; do
        set -- "$@" --platform "${platform}_x86_64"
    done
    pins=$(sha256sum "$repository/requirements/run.txt" | cut -c1-12)
    if [ ! -e "$work/wheels/$pins" ]; then
        rm -f "$work"/wheels/*
        "$pip" download --quiet --disable-pip-version-check --only-binary=:all: "$@" \
            --python-version "$python" -d "$work/wheels" -r "$repository/requirements/run.txt"
        touch "$work/wheels/$pins"
    fi
    rm -f "$work"/wheels/thutu-*.whl
    "$pip" wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation \
        -w "$work/wheels" "$repository"
}

main "$@"
