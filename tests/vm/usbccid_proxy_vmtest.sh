# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154,SC3043 # ways.sh and others set device, port, started
#
# usbccid-proxy as a program: how it comes and goes, what it says, what becomes of its device's
# clients. Downloads over it are in lifecycle_vmtest.sh and usb_unplug_vmtest.sh.
. /vm/guest.sh
. /vm/ways.sh
. /vm/pcsc.sh

start_udev || { tap_fail "udevd" "does not start"; tap_exit; }

reader() { # vreader-command...
	vreader --to "$PWD/reader.sock" "$@"
}

fails_with() { # status pattern what command...
	local wanted=$1 pattern=$2 what=$3 status=0
	shift 3
	timeout 60 "$@" >fails.out 2>&1 || status=$?
	if [ $status = "$wanted" ] && grep -qE "$pattern" fails.out; then
		tap_ok "$what"
	else
		tap_fail "$what" "status $status: $(cat fails.out)"
	fi
}

is() { # value wanted what
	if [ "$1" = "$2" ]; then tap_ok "$3"; else tap_fail "$3" "it is '$1'"; fi
}

sysfs() { cat "/sys/class/euicc/${device##*/}/$1"; } # file
sysfs_is() { [ "$(sysfs "$1")" = "$2" ]; } # file value

ends() { # pid status what
	local status=0
	kill -TERM "$1" 2>/dev/null
	wait "$1" || status=$?
	is $status "$2" "$3"
}

# --- before there is a device ----------------------------------------------------------

fails_with 0 '^Usage: usbccid-proxy' "--help says how it is used" usbccid-proxy --help
fails_with 0 '^usbccid-proxy [0-9]' "--version" usbccid-proxy --version
fails_with 2 'nonsense' "an unknown option is refused" usbccid-proxy --nonsense
fails_with 2 'one reader too many' "two readers are refused" usbccid-proxy 3-1 3-2
fails_with 2 'no slot' "a slot that is no number is refused" usbccid-proxy --slot x
fails_with 2 'usbccid-proxy' "an address that is none is refused" usbccid-proxy /dev/euicc0
fails_with 1 'usbccid-proxy' "without a reader it says so and ends" usbccid-proxy 9-9

usbccid-proxy --wait 9-9 >wait.out 2>&1 &
waiting=$!
expect "it says that it waits for a reader that is not there" wait_until 60 grep -q 'waiting' wait.out
ends $waiting 0 "waiting for a reader it ends with 0 at SIGTERM"

# --- a reader without a card, and what comes into it ------------------------------------

start_reader --level short --empty 0 || { tap_fail "a reader" "none came"; tap_exit; }
fails_with 1 'no slot 1' "a slot that the reader has not is refused" usbccid-proxy --slot 1 "$port"
start_usbccid_proxy --name "of mine" "$port" || { tap_fail "a device" "none came"; tap_exit; }
is "$(sysfs name)" "of mine" "the device has the name that was asked for"
is "$(sysfs transport)" proxy "its transport is a proxy"
is "$(sysfs card_state)" absent "an empty slot says so"
fails_with 4 'no card' "a client of an empty slot hears so" lpactl --device "$device" info
reader insert 0
expect "a card that comes is noticed" wait_until 60 sysfs_is card_state off
expect "and can be used" lpactl --device "$device" info
is "$(sysfs card_state)" on "it has power then"
reader remove 0
expect "a card that goes is noticed" wait_until 60 sysfs_is card_state absent
reader insert 0
expect "another is noticed" wait_until 60 sysfs_is card_state off
expect "and can be used" lpactl --device "$device" info
fails_with 1 "is held by usbccid-proxy \\(process $usbccid_proxy\\)" "a reader that is held is left alone, and its holder named" \
	usbccid-proxy "$port"

# --- ends ------------------------------------------------------------------------------------

exec 8<>"$device"
ends "$usbccid_proxy" 0 "it ends with 0 at SIGTERM while a client has the device open"
is "$(ls "$device" 2>/dev/null)" "" "and the device is gone"
exec 8<&-

# In an exchange that has no end.
start_usbccid_proxy "$port"
reader fault hold@xfr:3
lpactl --device "$device" info >client.out 2>&1 &
client=$!
timeout 60 vreader --to "$PWD/reader.sock" wait held 1 >held.out || tap_note "$(cat held.out)"
ends "$usbccid_proxy" 0 "in an exchange it ends with 0 at SIGTERM"
if wait $client; then
	tap_fail "the client in that exchange fails" "it did not"
else
	tap_ok "the client in that exchange fails"
fi
reader fault none
reader release

# The reader is unplugged.
start_usbccid_proxy "$port"
reader detach
status=0
wait "$usbccid_proxy" || status=$?
is $status 1 "it ends with 1 when the reader is unplugged"
if grep -q "$port.*unplugged" proxy.out; then
	tap_ok "and says so"
else
	tap_fail "and says so" "$(cat proxy.out)"
fi
is "$(ls "$device" 2>/dev/null)" "" "and the device is gone"

# --- waiting ---------------------------------------------------------------------------------

: >proxy.out
usbccid-proxy --wait 1d6b:0104 >proxy.out 2>&1 &
usbccid_proxy=$!
reader attach
listening() { [ "$(grep -c '^listening' proxy.out)" = "$1" ]; } # times
expect "it waits for a reader" wait_until 60 listening 1
reader detach
reader attach
expect "it waits for a reader that was unplugged, and makes the device anew" wait_until 60 listening 2
device=$(sed -n 's/^listening //p' proxy.out | tail -n 1)
expect "which can be used" lpactl --device "$device" info
ends "$usbccid_proxy" 0 "it ends with 0 at SIGTERM"

# --- power -----------------------------------------------------------------------------------

reader clear
start_usbccid_proxy "$port"
is "$(reader stats | awk '$1 == "on" || $1 == "off" { printf "%s", $1 $2 }')" on1off1 \
	"a card that nobody uses has no power"
is "$(sysfs card_state)" off "and the device says so"
lpactl --device "$device" info >info.out 2>&1
ends "$usbccid_proxy" 0 "it ends with 0"
is "$(reader stats | awk '$1 == "on" || $1 == "off" { printf "%s", $1 $2 }')" on2off2 \
	"what was switched on was switched off"
is "$(reader stats | awk '$1 == "violations" { print $2 }')" 0 "the reader saw nothing against the rules"
tap_exit
