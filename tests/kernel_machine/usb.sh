# Two USB printers, each a gadget of the kernel at one of its own USB buses (dummy_hcd), not plugged in
# yet; and udev, with our rules. Sourced by init; leaves the tests to run as arguments behind the
# repository.
gadget() { # number $1
    made=/sys/kernel/config/usb_gadget/printer$1
    mkdir -p "$made/strings/0x409" "$made/configs/c.1" "$made/functions/printer.0"
    echo 0x04b8 >"$made/idVendor"
    echo 0x0202 >"$made/idProduct"
    echo "EPSON" >"$made/strings/0x409/manufacturer"
    echo "TM-T20II" >"$made/strings/0x409/product"
    echo "MFG:EPSON;CMD:ESC/POS;MDL:TM-T20II;CLS:PRINTER;" >"$made/functions/printer.0/pnp_string"
    echo 8 >"$made/functions/printer.0/q_len"
}

gadget 0
gadget 1
mkdir -p /host/run/udev/rules.d
cp "/host$repository/firmware_config/etc/udev/rules.d/60-thutu.rules" /host/run/udev/rules.d/
chroot /host /usr/lib/systemd/systemd-udevd --daemon
export THUTU_USB=dummy
set -- "$repository" -k usb tests/edge/devices/test_usb_path.py tests/edge/devices/test_escpos_printer.py
