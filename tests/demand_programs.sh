# Ends a script that lacks programs, and says which packages bring them: `program:package` each.
demand_programs() {
    missing=
    for need in "$@"; do
        command -v "${need%%:*}" >/dev/null || missing="$missing ${need#*:}"
    done
    [ -n "$missing" ] || return 0
    echo "The machine needs these Debian packages:$missing. Nothing was changed. Please run once:" >&2
    echo "    sudo apt-get install -y --no-install-recommends$missing" >&2
    exit 1
}
