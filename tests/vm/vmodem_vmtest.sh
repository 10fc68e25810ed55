# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# shellcheck disable=SC2154,SC3043,SC3045 # started and ready are start's; busybox has local and read -t
#
# vmodem on USB: the kernel's own drivers take it, and the programs of everybody talk to it through them. The
# argument is the protocol, mbim or qmi.
. /vm/guest.sh

protocol=$1
ISDR=A0000005591010FFFFFFFF8900000100
GET_EID=80E2910006BF3E035C015A00
CHANNEL="application-id=$ISDR,selectp2arg=0,channel-group=1"
IMEI=490154203237518

modem() { vmodem --to "$PWD/modem.sock" "$@"; }

start_modem() { # option...
	start vmodem vmodem "--$protocol" --usb --state "$PWD/state" --control "$PWD/modem.sock" "$@"
}

is() { # value wanted what
	if [ "$1" = "$2" ]; then tap_ok "$3"; else tap_fail "$3" "it is '$1'"; fi
}

says() { # pattern what command...
	local pattern=$1 what=$2
	shift 2
	if "$@" >says.out 2>&1 && grep -qE "$pattern" says.out; then
		tap_ok "$what"
	else
		sed 's/^/# /' says.out
		tap_fail "$what" "no $pattern"
	fi
}

driver_of() { basename "$(readlink -f "/sys/class/usbmisc/$1/device/driver")"; }
enumerated() { [ "$(grep -c '^attached' vmodem.out)" = "$1" ]; } # times
free_of_channels() { is "$(modem channels)" 0 "$1"; } # what

mbim() { timeout 60 mbimcli -d /dev/cdc-wdm0 -p "$@"; }

mbim_story() {
	says "$IMEI" "mbimcli reads the IMEI" mbim --query-device-caps
	says '3B:9F:96' "and the ATR" mbim --ms-query-uicc-atr
	says 'channel: 1' "it opens a channel to the ISD-R" mbim --ms-set-uicc-open-channel="$CHANNEL"
	is "$(modem channels)" 1 "which the modem counts"
	says 'BF:3E:12:5A:10:89' "it reads the EID" mbim --ms-set-uicc-apdu="channel=1,command=$GET_EID"
	says 'status: 144' "it closes the channel" mbim --ms-set-uicc-close-channel=channel=1
	free_of_channels "no channel is left"
}

qmi() { timeout 60 qmicli -d /dev/cdc-wdm0 -p "$@"; }

qmi_story() {
	says "$IMEI" "qmicli reads the IMEI" qmi --dms-get-ids
	says "Card state: 'present'" "and the card's state" qmi --uim-get-card-status
	says 'EID: 89049032' "and the slot's EID" qmi --uim-get-slot-status
}

# The modem's serial ports, as any program uses them.
at() { # command
	local line
	exec 7<>"$port"
	stty -F "$port" raw -echo
	printf '%s\r' "$1" >&7
	while read -r -t 30 line <&7; do
		line=$(printf '%s' "$line" | tr -d '\r')
		[ -z "$line" ] || printf '%s\n' "$line"
		case $line in OK | ERROR | '+CME ERROR'*) break ;; esac
	done
	exec 7<&-
}

at_story() {
	for port in /dev/ttyACM0 /dev/ttyACM1; do
		says '^OK' "$port answers AT" at AT
		says "$IMEI" "$port tells the IMEI" at AT+CGSN
	done
}

library_story() {
	export COREESIM_MODULES=/lib/coreesim COREESIM_MODEMS_STATE="$PWD/journal"
	says '89049032' "lpactl reads the EID over $protocol:" timeout 120 lpactl --device "$protocol:/dev/cdc-wdm0" info
	free_of_channels "and leaves no channel open"
}

if [ "$protocol" = qmi ]; then
	echo 1d6b 0105 ff >/sys/bus/usb/drivers/qmi_wwan/new_id
	driver=qmi_wwan
else
	driver=cdc_mbim
fi
start_modem --at
case $ready in
attached*) tap_ok "the kernel enumerates it" ;;
*) tap_fail "the kernel enumerates it" "$ready"; tap_exit ;;
esac
expect "it has a control port" wait_until 60 test -c /dev/cdc-wdm0
is "$(driver_of cdc-wdm0)" "$driver" "which is $driver's"
expect "and two serial ports" wait_until 60 test -c /dev/ttyACM1
place=$(head -n 1 vmodem.out)
"${protocol}_story"
at_story
library_story

# It leaves the bus and comes back.
modem restart
expect "a modem that starts anew is enumerated again" wait_until 60 enumerated 2
is "$(grep -c "^$place\$" vmodem.out)" 2 "at the same port of the bus"
expect "it has its control port again" wait_until 60 test -c /dev/cdc-wdm0
"${protocol}_story"

modem unplug
expect "unplugged, it is gone" wait_until 60 test ! -e /dev/cdc-wdm0
modem plug
expect "plugged in, it is there" wait_until 60 test -c /dev/cdc-wdm0
"${protocol}_story"

kill -TERM "$started"
status=0
wait "$started" || status=$?
is $status 0 "it ends with 0 at SIGTERM"
expect "and takes its ports with it" wait_until 60 test ! -e /dev/cdc-wdm0
tap_exit
