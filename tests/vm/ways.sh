# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# The ways to a card that a shell suite can be run over: `. /vm/ways.sh` after guest.sh.
#
#   start_way WAY    a virtual eUICC behind a device; sets $device (/dev/euiccN) and, but for
#                    usb, $card_dir, where the card keeps its state
#       proxy                       euicc_proxy, veuicc in the guest
#       tpdu, short, extended       euicc_ccid over an emulated reader of this level
#       tpdu-slow, short-slow, extended-slow
#                                   the same, slower than the reader's patience: time extensions
#       usb                         euicc_ccid over QEMU's usb-ccid, veuicc on the host

CCID_MATCH=/sys/bus/usb/drivers/euicc_ccid/match

# The device whose parent has PORT in its path.
device_of_port() { # port
	local class
	device=
	for class in /sys/class/euicc/euicc*; do
		case $(readlink -f "$class/device" 2>/dev/null) in
		*/"$1"/*) device=/dev/${class##*/} ;;
		esac
	done
	[ -n "$device" ] && [ -e "$device" ]
}

bind_reader() { # port
	echo "add $1" >$CCID_MATCH || return 1
	# The next suite finds the reader as this one did: nobody's.
	trap "echo 'del $1' >$CCID_MATCH 2>/dev/null" EXIT
	wait_until 60 device_of_port "$1" && device_of_port "$1"
}

start_reader() { # vreader option...
	card_dir=$PWD/card
	start reader vreader --state "$card_dir" --pki /pki/nist --log "$PWD/card.log" "$@" || return 1
	case $ready in
	"attached "*) bind_reader "${ready#attached }" ;;
	*) tap_note "vreader said: $ready"; return 1 ;;
	esac
}

start_proxy() {
	card_dir=$PWD/card
	start card veuicc --state "$card_dir" --pki /pki/nist --log "$PWD/card.log" --proxy /dev/euicc-proxy ||
		return 1
	device=${ready#listening }
	[ -e "$device" ]
}

start_usb() {
	local id
	for id in /sys/bus/usb/devices/*/idVendor; do
		[ "$(cat "$id")" = 08e6 ] || continue
		id=${id%/idVendor}
		bind_reader "${id##*/}"
		return
	done
	return 1
}

start_way() { # way
	# shellcheck disable=SC2034 # for the caller
	card_dir=
	case $1 in
	proxy) start_proxy ;;
	usb) start_usb ;;
	*-slow) start_reader --level "${1%-slow}" --wtx 4 --link apdu-us=10000 ;;
	*) start_reader --level "$1" ;;
	esac
}

