# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154,SC3043 # ways.sh and others set device, port, load
#
# A reader is unplugged, a card is taken out, a reader is reset, while a profile comes in: lpactl
# says so and ends, and when all is back a retry leaves the profile there exactly once. The argument
# is the way to the card: usb-tpdu, usb-t1 ..., usb-proxy-t1, or pcsc-vreader.
. /vm/guest.sh
. /vm/ways.sh
. /vm/profiles.sh
. /vm/pcsc.sh

way=$1

start_udev || { tap_fail "udevd" "does not start"; tap_exit; }
case $way in
pcsc-vreader)
	start_reader --id $QEMU_READER --level short && start_pcscd && wait_until 60 has_card "$PCSC_READER" && device="pcsc:" ;;
usb-proxy-*)
	start_reader_as "${way#usb-proxy-}" && start_usbccid_proxy --wait "$port" ;;
*)
	start_way "$way" ;;
esac || { tap_fail "$way: a card behind a device" "none came"; tap_exit; }
start_server

reader() { # vreader-command...
	vreader --to "$PWD/reader.sock" "$@"
}

# --- what the world does -------------------------------------------------------------------

usb_node() {
	printf '/dev/bus/usb/%03d/%03d' "$(cat "/sys/bus/usb/devices/$port/busnum")" \
		"$(cat "/sys/bus/usb/devices/$port/devnum")"
}

# As `usbreset` does it: USBDEVFS_RESET, by a process that is none of ours.
reset_reader() {
	python3 -c "import fcntl, os, sys; fcntl.ioctl(os.open(sys.argv[1], os.O_WRONLY), 0x5514)" "$(usb_node)"
}

# usbccid-proxy has made a device again, and said so.
has_new_device() { # announcements-before
	[ "$(grep -c '^listening' proxy.out)" -gt "$1" ]
}

find_device() {
	case $way in
	pcsc-*) wait_until 60 has_card "$PCSC_READER" ;;
	usb-proxy-*)
		wait_until 60 has_new_device "$devices" || return 1
		device=$(sed -n 's/^listening //p' proxy.out | tail -n 1) ;;
	*) device=usb:$port ;;
	esac
}

plug_in() {
	devices=$(grep -c '^listening' proxy.out 2>/dev/null)
	reader attach >attach.out 2>&1 || { cat attach.out; return 1; }
	port=$(reader port)
	find_device
}

# pcscd has asked the reader about its slot since then.
pcscd_asked() { # questions-before
	has_card "$PCSC_READER"
	[ "$(reader stats | awk '$1 == "status" { print $2 }')" -gt "$1" ]
}

# A command that fails for want of a card makes pcscd show none (SCardTransmit() and SCardDisconnect()
# write it), while the thread that watches the slot still believes in one: it sleeps 400 ms after each
# SCardDisconnect(). Were the card back before that thread looks, it would see no change, and pcscd none
# for ever, with any reader (pcscd 1.9.9 to 2.5.1, EHStatusHandlerThread()): no hand is that fast, so it
# waits here until the thread has looked.
removal_is_heard() {
	case $way in
	pcsc-*) wait_until 60 pcscd_asked "$(reader stats | awk '$1 == "status" { print $2 }')" ;;
	esac
}

put_card_in() {
	removal_is_heard || { echo "pcscd does not look at the slot"; return 1; }
	reader insert 0 >insert.out 2>&1 || { cat insert.out; return 1; }
	case $way in pcsc-*) wait_until 60 has_card "$PCSC_READER" ;; esac
}

# --- what is expected of lpactl --------------------------------------------------------------

no_lpactl() { ! pidof lpactl; }

# An end with a message that says what happened, and not with the time that it may take. Near the
# end of a load the profile may be there already, and lpactl may have said so.
judge_end() { # status pattern what
	if [ "$1" = 0 ] && [ "$at" -gt $((commands * 3 / 4)) ] && grep -q 'is installed' load.out; then
		tap_ok "$way: $3: the profile was there before"
	elif [ "$1" != 0 ] && [ "$1" -lt 124 ] && grep -qE "$2" load.out; then
		tap_ok "$way: $3: lpactl says so and ends"
		tap_note "status $1: $(grep -E "$2" load.out | head -n 1)"
	else
		tap_fail "$way: $3: lpactl says so and ends" "status $1: $(cat load.out)"
	fi
	wait_until 10 no_lpactl || tap_fail "$way: $3: no process is left" "$(ps | grep '[l]pactl')"
}

# Where the card had it all, the profile is there, else it comes now: once in any case.
retry() { # what
	local state
	state=$(state_of $SMALL)
	if [ "$state" != disabled ]; then
		expect "$way: $1: a retry succeeds" card download --yes "$(code small)"
	fi
	is_state $SMALL disabled "$1: the profile is there once"
	is_whole small $SMALL
	card delete $SMALL >delete.out 2>&1 || tap_fail "$way: $1: delete" "$(cat delete.out)"
}

# A fault of the reader's ends the load at a given command.
broken_load() { # fault pattern
	local status=0
	reader fault "$1" >fault.out || tap_note "vreader: $(cat fault.out)"
	timeout 120 lpactl --device "$device" --ci-roots roots --connect-to "$NAME:443:$server" \
		download --yes "$(code small)" >load.out 2>&1 || status=$?
	reader fault none
	judge_end $status "$2" "$1"
}

# While the reader holds an answer back, something is done to it.
held_load() { # command-number pattern what command...
	local number=$1 pattern=$2 what=$3 status=0
	shift 3
	reader fault "hold@xfr:$number" >fault.out || tap_note "vreader: $(cat fault.out)"
	timeout 120 lpactl --device "$device" --ci-roots roots --connect-to "$NAME:443:$server" \
		download --yes "$(code small)" >load.out 2>&1 &
	load=$!
	if timeout 60 vreader --to "$PWD/reader.sock" wait held 1 >held.out 2>&1; then
		"$@" >do.out 2>&1 || tap_fail "$way: $what" "$(cat do.out)"
	else
		tap_fail "$way: $what" "the load did not come to command $number"
	fi
	reader fault none
	reader release
	wait $load || status=$?
	judge_end $status "$pattern" "$what at command $number"
}

# --- the story ---------------------------------------------------------------------------------

# How many commands a whole download takes.
reader clear
expect "$way: a download with nothing in its way" card download --yes "$(code small)"
commands=$(reader stats | awk '$1 == "xfr" { print $2 }')
tap_note "$commands commands"
expect "$way: delete" card delete $SMALL

# Without a card all that follows would fail, minutes of it: the suite ends there.
for at in 3 $((commands / 4)) $((commands / 2)) $((commands * 3 / 4)) $((commands * 9 / 10)); do
	broken_load "detach@xfr:$at" 'unplugged|is gone|device was removed'
	expect "$way: the reader is plugged in again" plug_in || tap_exit
	retry "unplugged at command $at"
done
for at in 3 $((commands / 2)) $((commands * 9 / 10)); do
	broken_load "remove@xfr:$at" 'taken out|no card|was removed'
	expect "$way: the card is put in again" put_card_in || tap_exit
	retry "card taken out at command $at"
done
for at in 3 $((commands / 2)); do
	held_load "$at" 'reset the reader|was reset|lost its power|session|removed|unplugged|is gone|failed' "reset of the reader" reset_reader
	retry "reader reset at command $at"
done
tap_exit
