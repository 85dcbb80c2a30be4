#!/bin/sh
# Runs a suite of tests on devices of a kernel's own, without a Pi and without root: in a virtual
# machine with Debian's kernel. `run.sh gpio` has a GPIO chip (gpio-sim), `run.sh usb` has USB printers
# (dummy_hcd). Called by `make test-gpio-sim` and `make test-usb`, on Debian. Further arguments go to
# pytest, such as `-k bouncing`.
#
# Debian builds its kernels without gpio-sim, so it is compiled here, from Debian's source of the same
# kernel. Everything is fetched by apt-get into out/kernel_machine; nothing is installed.
set -eu

PASSED=33 # what QEMU's isa-debug-exit makes of the 16 that init writes

here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
work=$repository/out/kernel_machine
PATH=$PATH:/usr/sbin:/sbin
. "$repository/tests/demand_programs.sh"

main() {
    suite=${1:-}
    case $suite in
        gpio) modules="gpio_sim" ;;
        usb) modules="usblp dummy_hcd usb_f_printer" ;;
        *) echo "Usage: run.sh gpio|usb [PYTEST ARGUMENTS]" >&2 && exit 2 ;;
    esac
    shift
    demand_programs qemu-system-x86_64:qemu-system-x86 busybox:busybox-static gcc:gcc make:make \
        modprobe:kmod xz:xz-utils
    release=$(depends linux-image-amd64 linux-image-)
    release=${release#linux-image-}
    if [ -z "$release" ]; then
        echo "apt knows no linux-image-amd64: this needs Debian on amd64, and once 'apt-get update'." >&2
        echo "For pins, a Raspberry Pi of your own does: make test-gpio." >&2
        exit 1
    fi
    if [ ! -e "$work/$release.ready" ]; then
        echo "Building the machine with the kernel $release (once, a minute or two) ..."
        build
        touch "$work/$release.ready"
    fi
    pack_initramfs "$@"
    run
}

# The packages that a package depends on and whose names begin so.
depends() {
    apt-cache depends "$1" 2>/dev/null | awk -v name="^$2" '$1 == "Depends:" && $2 ~ name { print $2 }'
}

build() (
    rm -rf "$work"
    mkdir -p "$work/debian" "$work/gpio_sim"
    cd "$work/debian"
    # shellcheck disable=SC2046  # one name a word
    apt-get -qq download "linux-image-$release" "linux-headers-$release" \
        $(depends "linux-headers-$release" 'linux-(headers|kbuild)-') \
        $(depends linux-source linux-source-)
    for package in ./*.deb; do dpkg-deb -x "$package" .; done
    rm ./*.deb
    find lib/modules -name '*.ko.xz' -exec xz -d {} +
    compile_gpio_sim
    depmod -b "$work/debian" "$release"
    rm -rf "$work/debian/usr"
)

compile_gpio_sim() {
    headers=$work/debian/usr/src/linux-headers-$release
    tar -xJf "$work"/debian/usr/src/linux-source-*.tar.xz -C "$work/gpio_sim" --wildcards \
        --transform 's|.*/||' '*/drivers/gpio/gpio-sim.c' '*/drivers/gpio/*.h' '*/kernel/irq/irq_sim.c'
    # Only the kernel itself may call irq_to_desc; for modules there is a function that does the same.
    sed -i 's/handle_simple_irq(irq_to_desc(\(.*\)));/generic_handle_irq(\1);/' "$work/gpio_sim/irq_sim.c"
    printf 'obj-m := gpio_sim.o\ngpio_sim-y := gpio-sim.o irq_sim.o\n' >"$work/gpio_sim/Makefile"
    sed -i "s|include /usr/src|include $work/debian/usr/src|" "$headers/Makefile"
    make -s -C "$headers" M="$work/gpio_sim" CC=gcc CONFIG_DEBUG_INFO_BTF_MODULES= modules
    cp "$work/gpio_sim/gpio_sim.ko" "$work/debian/lib/modules/$release/kernel/"
}

pack_initramfs() {
    root=$work/initramfs
    rm -rf "$root"
    for folder in bin dev host modules proc sys; do mkdir -p "$root/$folder"; done
    cp "$(command -v busybox)" "$root/bin/busybox"
    install -m 755 "$here/init" "$root/init"
    cp "$here/$suite.sh" "$root/suite.sh"
    echo "$repository" >"$root/repository"
    for argument in "$@"; do printf '%s\n' "$argument"; done >"$root/arguments"
    for module in virtio_pci 9pnet_virtio 9p $modules; do
        modprobe -d "$work/debian" -S "$release" --show-depends "$module"
    done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do
        cp "$file" "$root/modules/"
        case $file in
            */dummy_hcd.ko) echo "${file##*/} num=2" ;;
            *) echo "${file##*/}" ;;
        esac >>"$root/modules/order"
    done
    (cd "$root" && find . | busybox cpio -o -H newc 2>/dev/null | gzip -1) >"$work/initramfs.gz"
}

# Its clock counts instructions, 1 ns each: a busy computer does not make its fingers slow. It sleeps in
# real time, for it also sleeps while it waits for a file of the host, and would skip a timeout's length.
run() {
    code=0
    timeout 900 qemu-system-x86_64 -accel tcg -icount shift=0,sleep=on -rtc clock=vm -cpu max \
        -m 1024 -nodefaults -no-user-config -no-reboot \
        -display none -nic none -serial stdio -device isa-debug-exit,iobase=0xf4,iosize=1 \
        -virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap \
        -kernel "$work/debian/boot/vmlinuz-$release" -initrd "$work/initramfs.gz" \
        -append "console=ttyS0 quiet panic=-1" </dev/null || code=$?
    if [ "$code" -ne "$PASSED" ]; then
        echo "The tests did not pass on the kernel's devices." >&2
        exit 1
    fi
}

main "$@"
