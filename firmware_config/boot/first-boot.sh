#!/bin/sh
# Puts Thứ Tự on this machine from the boot partition alone: no network is needed. May run again.
set -eu

here=$(dirname "$(readlink -f "$0")")
boot=$(dirname "$here")
release=/opt/thutu/releases/$(cat "$here/version")

# A power cut may leave a file's name without its contents.
lay() { # FROM TO MODE
    install -m "$3" "$1" "$2.new"
    sync "$2.new"
    mv "$2.new" "$2"
}
replace() { # FILE of the boot partition, which knows no modes; its new text is the standard input
    cat >"$1.new"
    sync "$1.new"
    mv "$1.new" "$1"
}

if [ ! -s "$release/.complete" ]; then
    rm -rf "$release"
    python3 -m venv --without-pip "$release"
    # pip runs from its own wheel: Raspberry Pi OS Lite may lack ensurepip.
    pip=$(echo "$here"/wheels/pip-*.whl)
    "$release/bin/python" "$pip/pip" install --no-index --find-links "$here/wheels" \
        --quiet --disable-pip-version-check thutu
    sync
    echo complete >"$release/.complete"
fi
# shellcheck disable=SC2046 # one word for each role
"$release/bin/thutu-install" $(cat "$here/roles") --venv "$release"

# Settings and certificates are the card's until this has come to its end once, and the machine's
# from then on: what a technician has changed stays.
for file in "$here"/etc/*; do
    to=/etc/thutu/${file##*/}
    { [ -s "$to" ] && [ -e "$here/set-up" ]; } || lay "$file" "$to" 0644
done

# Tokens leave the boot partition, which anyone can read, for files that nobody can; at the next
# start systemd-tmpfiles says who may.
for token in "$here"/tokens/*.token "$here"/tokens/*/*.token; do
    [ -e "$token" ] || continue
    to=/etc/thutu/${token#"$here/tokens/"}
    mkdir -p "${to%/*}"
    lay "$token" "$to" 0600
    sync
    rm "$token"
done

# The clerk's terminal writes Vietnamese on the first console.
if grep -qx terminal "$here/roles" && [ -e /etc/default/console-setup ]; then
    # Raspberry Pi OS names no font, and setupcon then loads none.
    sed -i 's/^CODESET=.*/CODESET="Vietnamese"/; s/^FONTFACE=.*/FONTFACE="Fixed"/; s/^FONTSIZE=.*/FONTSIZE="8x16"/' \
        /etc/default/console-setup
    setupcon --save-only || echo "the console's letters stay as they are"
fi

# config.txt includes thutu.txt from here on.
"$release/bin/thutu-install" boot
# The serial port belongs to a printer or displays, not to a console.
if grep -q 'console=serial0' "$boot/cmdline.txt"; then
    words=$(sed 's/console=serial0,[0-9]* \{0,1\}//' "$boot/cmdline.txt")
    echo "$words" | replace "$boot/cmdline.txt"
fi
# Raspberry Pi OS greets by SSH with a doubt whether anybody can sign in; thutu-admin can.
rm -f /etc/ssh/sshd_config.d/rename_user.conf
sync
# cloud-init has put the Wi-Fi's key where only root reads it. Where it looks again and finds nothing
# about a network, it lays one of its own, on Ethernet, in place of the Wi-Fi's.
if grep -qs 'wifis:' "$boot/network-config"; then
    replace "$boot/network-config" <<'NETWORK'
# Written by thutu-image. The Wi-Fi stays as it is on the machine.
network:
  config: disabled
NETWORK
fi
# By this thutu-image knows that what it wrote here would have no effect.
replace "$here/set-up" </etc/hostname
sync
# cloud-init has done its part: at every further start the hub would wait for it.
[ ! -d /etc/cloud ] || touch /etc/cloud/cloud-init.disabled
sync
