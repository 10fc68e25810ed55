# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
#
# Readers on USB as lpad hears of them from udev: those of UsbAllow and no others, unplugged and plugged
# in again. Their properties are anyone's to read, so no polkit is needed here.

# shellcheck source=/dev/null
. "$(atf_get_srcdir)/lib.sh"
# shellcheck source=/dev/null
. "$(atf_get_srcdir)/usb_lib.sh"

TRIES=600 # of a tenth of a second

wait_until() { # command...
	left=$TRIES
	until "$@" >/dev/null 2>&1; do
		left=$((left - 1))
		[ "$left" -gt 0 ] || { cat lpad.err; atf_fail "in vain waited for: $*"; }
		sleep 0.1
	done
}

start_bus() {
	cat >bus.conf <<-CONF
	<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
	 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
	<busconfig>
	  <listen>unix:path=$PWD/bus.sock</listen>
	  <auth>EXTERNAL</auth>
	  <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
	</busconfig>
	CONF
	dbus-daemon --config-file=bus.conf --nofork --nopidfile 2>bus.err </dev/null &
	echo $! >bus.pid
	wait_until test -S bus.sock
}

# On the reader's bus, and nowhere near this machine's devices.
start_lpad() { # UsbAllow
	printf '[Devices]\nScan=usb\nUsbAllow=%s\n[Daemon]\nIdleExit=1s\n' "$1" >lpad.conf
	# shellcheck disable=SC2086 # several words
	env $usb_environment "$BIN/lpad" --config lpad.conf --state state --bus "unix:path=$PWD/bus.sock" \
		--verbose 2>lpad.err </dev/null &
	echo $! >lpad.pid
	wait_until grep -qx ready lpad.err
}

stop_lpad() {
	kill "$(cat lpad.pid)"
	wait "$(cat lpad.pid)" || { cat lpad.err; atf_fail "lpad ended with status $?"; }
	rm lpad.pid
}

has() { # property value, as busctl prints it
	[ "$(busctl --address="unix:path=$PWD/bus.sock" get-property org.coreesim.Lpa1 \
		/org/coreesim/Lpa1/euicc/1 org.coreesim.Lpa1.Euicc1 "$1")" = "$2" ]
}

end_all() {
	for file in lpad.pid bus.pid; do
		[ ! -e "$file" ] || kill "$(cat "$file")" 2>/dev/null || true
	done
	end_usb
}

atf_test_case allowed cleanup
allowed_head() {
	atf_set descr "A reader of UsbAllow is there, goes with its plug, and comes back on its object"
	atf_set require.progs "busctl dbus-daemon"
	atf_set timeout 600
}
allowed_body() {
	start_reader
	start_bus
	start_lpad 1d6b:0104
	wait_until has State 's "ready"'
	has Transport 's "usb"' || atf_fail "the transport is another"
	reader detach
	wait_until has State 's "gone"'
	plug_in_again
	wait_until has State 's "ready"'
	stop_lpad
	expect_rules_kept
	stop_reader
}
allowed_cleanup() { end_all; }

atf_test_case not_allowed cleanup
not_allowed_head() {
	atf_set descr "A reader that UsbAllow does not name is not touched, and is none to stay for"
	atf_set require.progs "busctl dbus-daemon"
	atf_set timeout 600
}
not_allowed_body() {
	start_reader
	start_bus
	start_lpad 1d6b:0105
	# With no device of its own lpad has nothing to do, and ends.
	wait "$(cat lpad.pid)" || { cat lpad.err; atf_fail "lpad ended with status $?"; }
	rm lpad.pid
	[ ! -s card.log ] || atf_fail "the card was spoken to"
	stop_reader
}
not_allowed_cleanup() { end_all; }

atf_init_test_cases() {
	atf_add_test_case allowed
	atf_add_test_case not_allowed
}
