# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# The ways to a card that a shell suite can be run over: `. /vm/ways.sh` after guest.sh.
#
#   start_way WAY    a virtual eUICC; sets $device (for lpactl's --device), and $card_dir where the
#                    card keeps its state in this guest
#
#   the kernel's device, /dev/euiccN:
#       proxy                       euicc_proxy, veuicc in the guest
#       tpdu, short, extended       euicc_ccid over an emulated reader of this level
#       usb                         euicc_ccid over QEMU's usb-ccid, veuicc on the host
#       usb-proxy-t0, usb-proxy-t1  usbccid-proxy over an emulated reader, and its card's protocol
#   the library usbccid, usb:BUS-PORT:
#       usb-tpdu, usb-short, usb-extended
#                                   over an emulated reader of this level
#       usb-t1                      the same of TPDU level, whose card speaks T=1
#       usb-qemu                    QEMU's usb-ccid, by vendor and product
#   a daemon, pcsc:READER:
#       pcsc-libccid                   pcscd with libccid on QEMU's usb-ccid; root=pcsc
#
# Over an emulated reader, WAY-slow is slower than the reader's patience: time extensions.

CCID_MATCH=/sys/bus/usb/drivers/euicc_ccid/match
QEMU_READER=08e6:4433
# The name that libccid's list has for this number.
PCSC_READER=Gemplus

# --- the kernel's device -----------------------------------------------------------

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

start_proxy() {
	card_dir=$PWD/card
	start card veuicc --state "$card_dir" --pki /pki/nist --log "$PWD/card.log" --proxy /dev/euicc-proxy ||
		return 1
	device=${ready#listening }
	[ -e "$device" ]
}

# A program of ours between a reader and the kernel: its process is $usbccid_proxy.
start_usbccid_proxy() { # port [option...]
	start proxy usbccid-proxy "$@" || return 1
	# shellcheck disable=SC2034 # for the caller
	usbccid_proxy=$started
	device=${ready#listening }
	[ -e "$device" ]
}

# --- readers ---------------------------------------------------------------------------

# Sets $port. The reader hears commands by `vreader --to reader.sock`.
start_reader() { # vreader option...
	card_dir=$PWD/card
	start reader vreader --state "$card_dir" --pki /pki/nist --log "$PWD/card.log" \
		--control "$PWD/reader.sock" "$@" || return 1
	case $ready in
	"attached "*) port=${ready#attached } ;;
	*) tap_note "vreader said: $ready"; return 1 ;;
	esac
}

# An emulated reader: its level, or its card's protocol; -slow or not.
start_reader_as() { # kind
	local kind=${1%-slow} slow=
	[ "$kind" = "$1" ] || slow="--wtx 4 --link apdu-us=10000"
	case $kind in
	t0) kind="--level tpdu" ;;
	t1) kind="--level tpdu --card-protocol t1" ;;
	*) kind="--level $kind" ;;
	esac
	# shellcheck disable=SC2086 # words
	start_reader $kind $slow
}

# The host's reader. Sets $port.
find_qemu_reader() {
	local id
	for id in /sys/bus/usb/devices/*/idVendor; do
		[ "$(cat "$id" "${id%Vendor}Product" 2>/dev/null | tr '\n' :)" = "$QEMU_READER:" ] || continue
		id=${id%/idVendor}
		port=${id##*/}
		return
	done
	return 1
}

# --- a daemon ----------------------------------------------------------------------------

# pcscd takes every reader that it knows.
start_pcsc() {
	. /vm/pcsc.sh
	start_pcscd || return 1
	wait_until 60 has_card "$PCSC_READER" || { sed 's/^/# /' pcscd.out; return 1; }
	device=pcsc:$PCSC_READER
}

# --- all of them ---------------------------------------------------------------------------

start_way() { # way
	# shellcheck disable=SC2034 # for the caller
	card_dir=
	case $1 in
	proxy) start_proxy ;;
	usb) find_qemu_reader && bind_reader "$port" ;;
	usb-qemu) find_qemu_reader && device=usb:$QEMU_READER ;;
	pcsc-libccid) find_qemu_reader && start_pcsc ;;
	usb-proxy-*) start_reader_as "${1#usb-proxy-}" && start_usbccid_proxy "$port" ;;
	usb-*) start_reader_as "${1#usb-}" && device=usb:$port ;;
	*) start_reader_as "$1" && bind_reader "$port" ;;
	esac
}
