#!/bin/sh
# Puts Thứ Tự on this machine from the boot partition alone: no network is needed. May run again.
set -eu

here=$(dirname "$(readlink -f "$0")")
boot=$(dirname "$here")
release=/opt/thutu/releases/$(cat "$here/version")

if [ ! -e "$release/.complete" ]; then
    rm -rf "$release"
    python3 -m venv --without-pip "$release"
    # pip runs from its own wheel: Raspberry Pi OS Lite may lack ensurepip.
    pip=$(echo "$here"/wheels/pip-*.whl)
    "$release/bin/python" "$pip/pip" install --no-index --find-links "$here/wheels" \
        --quiet --disable-pip-version-check thutu
    touch "$release/.complete"
fi
"$release/bin/thutu-install" hub --venv "$release"

# Settings are laid once; what a technician has changed stays.
[ -e /etc/thutu/hub.toml ] || install -m 0640 -o root -g thutu "$here/hub.toml" /etc/thutu/hub.toml

# The authority of the server that releases are fetched from; everybody may read it.
if [ -e "$here/centre-ca.pem" ] && [ ! -e /etc/thutu/centre-ca.pem ]; then
    install -m 0644 "$here/centre-ca.pem" /etc/thutu/centre-ca.pem
fi

# The token leaves the boot partition, which anyone can read, for a file that only the hub can.
if [ -e "$here/token" ]; then
    install -m 0640 -o root -g thutu "$here/token" /etc/thutu/enrolment.token
    sync
    rm "$here/token"
fi

# config.txt includes thutu.txt from here on.
"$release/bin/thutu-install" boot
# The serial port belongs to a printer or displays, not to a console. What the Pi starts from is
# replaced as a whole, so that a power cut leaves the one or the other.
if grep -q 'console=serial0' "$boot/cmdline.txt"; then
    sed 's/console=serial0,[0-9]* \{0,1\}//' "$boot/cmdline.txt" >"$boot/cmdline.txt.new"
    sync "$boot/cmdline.txt.new"
    mv "$boot/cmdline.txt.new" "$boot/cmdline.txt"
fi
# cloud-init has done its part: at every further start the hub would wait for it.
[ ! -d /etc/cloud ] || touch /etc/cloud/cloud-init.disabled
sync
