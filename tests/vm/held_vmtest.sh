# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154,SC3043 # ways.sh and others set device, port, started
#
# A reader that another holds: lpactl leaves it alone, and names the holder.
. /vm/guest.sh
. /vm/ways.sh
. /vm/pcsc.sh

start_udev && start_reader --id $QEMU_READER --level short || { tap_fail "a reader" "none came"; tap_exit; }

# Refused because of @holder, and soon.
names_holder() { # pattern what
	local status=0
	timeout 60 lpactl --device "usb:$port" info >refused.out 2>&1 || status=$?
	if [ $status != 0 ] && [ $status -lt 124 ] && grep -qE "$1" refused.out; then
		tap_ok "$2"
	else
		tap_fail "$2" "status $status: $(cat refused.out)"
	fi
	tap_note "$(head -n 1 refused.out)"
}

expect "nobody holds the reader" lpactl --device "usb:$port" info

# pcscd
expect "pcscd starts" start_pcscd
# By its serial number: QEMU's reader is of the same model.
expect "and has the reader" wait_until 60 has_card "(0001)"
names_holder "pcscd \(process $pcscd\)|pcscd.*$pcscd" "a reader of pcscd's: its name and process"
expect "which reaches the card" lpactl --device "pcsc:(0001)" info
stop_pcscd
expect "pcscd has let go" lpactl --device "usb:$port" info

# The kernel's driver.
bind_reader "$port" || tap_fail "euicc_ccid takes the reader" "it does not"
names_holder "euicc_ccid.*$device|$device" "a reader of the kernel's driver: its device"
expect "which can be used" lpactl --device "$device" info
echo "del $port" >$CCID_MATCH
expect "the driver has let go" lpactl --device "usb:$port" info

# Another lpactl, in the middle of an exchange.
vreader --to "$PWD/reader.sock" fault hold@xfr:3
lpactl --device "usb:$port" info >first.out 2>&1 &
first=$!
timeout 60 vreader --to "$PWD/reader.sock" wait held 1 >held.out || tap_note "$(cat held.out)"
names_holder "lpactl.*$first" "a reader of another lpactl's: its process"
vreader --to "$PWD/reader.sock" fault none
vreader --to "$PWD/reader.sock" release
if wait $first; then
	tap_ok "the first one was not disturbed"
else
	tap_fail "the first one was not disturbed" "$(cat first.out)"
fi
expect "and has let go" lpactl --device "usb:$port" info
tap_exit
