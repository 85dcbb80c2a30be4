# The chips of a Pi 5, of which that of the 40 pins is not the first, and its revision code, which
# gpiozero asks for. Sourced by init; leaves the tests to run as arguments behind the repository.
chip() { # named $1, of $2 lines
    made=/sys/kernel/config/gpio-sim/$1
    mkdir -p "$made/header"
    echo "$2" >"$made/header/num_lines"
    echo "$1" >"$made/header/label"
    echo 1 >"$made/live"
}

chip gpio-brcmstb@107d508500 32
chip pinctrl-rp1 54
THUTU_GPIO_SIM=/sys/devices/platform/$(cat "$made/dev_name")/$(cat "$made/header/chip_name")
export THUTU_GPIO_SIM THUTU_GPIO=gpiod
echo "Revision : d04170" >/cpuinfo
mount -o bind /cpuinfo /host/proc/cpuinfo
set -- "$repository" tests/edge/devices/test_gpio_path.py
