# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # started and ready are start's; way, device and card_dir are for profiles.sh
#
# euicc-publish: the eUICC behind a modem as /dev/euiccN, the life of a profile over it, and how the device goes.
. /vm/guest.sh
. /vm/profiles.sh

way=publish
card_dir=$PWD/state
export COREESIM_MODULES=/lib/coreesim COREESIM_MODEMS_STATE="$PWD/journal"

modem() { vmodem --to "$PWD/modem.sock" "$@"; }

is_left_alone() { # when
	if [ "$(modem channels)" = 0 ]; then
		tap_ok "$way: $1 no channel is open"
	else
		tap_fail "$way: $1 no channel is open" "$(modem channels)"
	fi
}

publish() {
	start publish euicc-publish mbim:/dev/cdc-wdm0 || { tap_fail "euicc-publish" "did not start"; tap_exit; }
	publisher=$started
	device=${ready#listening }
}

ends() { # pid status what
	status=0
	wait "$1" || status=$?
	if [ $status = "$2" ] && [ ! -e "$device" ]; then
		tap_ok "$way: $3"
	else
		tap_fail "$way: $3" "status $status; $(tail -n 3 publish.out)"
	fi
}

start vmodem vmodem --mbim --usb --state "$card_dir" --log "$PWD/card.log" --pki /pki/nist --control "$PWD/modem.sock" ||
	{ tap_fail "vmodem --usb" "did not start"; tap_exit; }
modem=$started
expect "the modem has a control port" wait_until 60 test -c /dev/cdc-wdm0
start_server
publish
case $device in
/dev/euicc[0-9]*) tap_ok "euicc-publish says which device it is" ;;
*) tap_fail "euicc-publish says which device it is" "$ready"; tap_exit ;;
esac

expect "$way: info" card info
expect "$way: download" card download --yes "$(code small)"
is_state $SMALL disabled "the profile is there"
is_whole small $SMALL
for round in first second; do
	expect "$way: enable, the $round time" card enable $SMALL
	is_state $SMALL enabled "the profile is enabled"
	expect "$way: disable, the $round time" card disable $SMALL
	is_state $SMALL disabled "it is disabled"
done
expect "$way: delete" card delete --yes $SMALL
is_state $SMALL '' "the profile is gone"
is_left_alone "after all"

# A client whose time is over: its channel is not left in the modem.
exec 8<>"$device"
kill -TERM "$publisher"
ends "$publisher" 0 "ends with 0 at SIGTERM, while a client has the device open"
exec 8<&-
is_left_alone "after it"

publish
modem unplug
ends "$publisher" 1 "ends with 1 when the modem goes, and the device with it"
modem plug
expect "the modem has a control port again" wait_until 60 test -c /dev/cdc-wdm0
publish
expect "$way: info, from the modem that came back" card info
kill -TERM "$publisher"
ends "$publisher" 0 "ends with 0"
kill -TERM "$modem"
wait "$modem"
tap_exit
