# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# What usbccid tells of readers that come and go, which it hears from udevd.
. /vm/guest.sh
. /vm/pcsc.sh

start_udev || { tap_fail "udevd" "does not start"; tap_exit; }
exec usbccid_wire_vmtest hotplug
