#!/bin/sh
# Makes sure that the programs which only the tests need are there: Chromium (the pages), Mosquitto
# (a second MQTT broker), openssl (certificates for it), tmux (a real terminal), aplay (the voice) and
# systemd-analyze (the units). Called by `make test`.
set -eu

# Mosquitto is in /usr/sbin, which is not on every user's PATH.
PATH="$PATH:/usr/sbin:/sbin"

missing=
for program in chromium mosquitto openssl tmux; do
    command -v "$program" >/dev/null || missing="$missing $program"
done
command -v aplay >/dev/null || missing="$missing alsa-utils"
command -v systemd-analyze >/dev/null || missing="$missing systemd"
[ -n "$missing" ] || exit 0

install="apt-get install -y --no-install-recommends$missing"
if [ "$(id -u)" -eq 0 ]; then
    as_root=
elif sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    as_root=none
fi
if [ "$as_root" = none ] || ! command -v apt-get >/dev/null; then
    echo "The tests need these Debian packages:$missing. Nothing was changed. Please run once:" >&2
    echo "    sudo sh -c 'apt-get update && $install'" >&2
    exit 1
fi

# The tests start brokers of their own: keep Debian from starting Mosquitto on port 1883, now (its
# packages ask policy-rc.d first) and at the next boot.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap '$as_root rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
    $as_root chmod 755 "$policy"
fi

echo "Installing the Debian packages that the tests need:$missing (once, a minute or two) ..."
log=$(mktemp)
if ! { $as_root apt-get update && $as_root env DEBIAN_FRONTEND=noninteractive $install; } \
    >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "The Debian packages could not be installed; the whole output is in $log." >&2
    exit 1
fi
rm -f "$log"
case "$missing" in
*mosquitto*) $as_root systemctl disable --now mosquitto >/dev/null 2>&1 || true ;;
esac
echo "Installed:$missing."
