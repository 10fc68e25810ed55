# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # started and ready are start's; way, device and card_dir are for profiles.sh
#
# vmodem at this machine's own node of QRTR, as a modem is there that shares a chip with the processor: the kernel's name
# service, libqmi, and the life of a profile over it.
. /vm/guest.sh
. /vm/profiles.sh

way=qrtr
card_dir=$PWD/state
export COREESIM_MODULES=/lib/coreesim COREESIM_MODEMS_STATE="$PWD/journal"

modem() { vmodem --to "$PWD/modem.sock" "$@"; }
no_client_is_left() { modem stats | grep -qx 'clients 0'; }
listened() { [ "$(grep -c '^listening' vmodem.out)" = "$1" ]; } # times

is_left_alone() { # when
	if [ "$(modem channels)" = 0 ]; then
		tap_ok "$way: $1 no channel is open"
	else
		tap_fail "$way: $1 no channel is open" "$(modem channels)"
	fi
	# The name service tells of sockets that went, in its own time.
	expect "$way: $1 no client is left" wait_until 60 no_client_is_left
}

start vmodem vmodem --qmi --qrtr --state "$card_dir" --log "$PWD/card.log" --pki /pki/nist --control "$PWD/modem.sock" ||
	{ tap_fail "vmodem --qrtr" "did not start"; tap_exit; }
modem=$started
device=${ready#listening }
case $device in
qmi:qrtr://[0-9]*) tap_ok "vmodem says which node it is" ;;
*) tap_fail "vmodem says which node it is" "$ready"; tap_exit ;;
esac
start_server

expect "qmicli reads the card's state" timeout 60 qmicli -d "${device#qmi:}" --uim-get-card-status
expect "$way: info" card info
expect "$way: download" card download --yes "$(code small)"
is_state $SMALL disabled "the profile is there"
is_whole small $SMALL
expect "$way: enable" card enable $SMALL
is_state $SMALL enabled "the profile is enabled"
is_left_alone "after the switch"

modem restart
expect "$way: a modem that starts anew is there again" wait_until 60 listened 2
expect "$way: disable" card disable $SMALL
expect "$way: delete" card delete --yes $SMALL
is_state $SMALL '' "the profile is gone"
is_left_alone "after all"

# The modem goes in the middle of a download.
modem fault "vanish@3:apdu"
if card download --yes "$(code small)" >gone.out 2>&1; then
	tap_fail "$way: a modem that goes is an error" "it was not"
else
	tap_note "$(tail -n 2 gone.out)"
	tap_ok "$way: a modem that goes is an error"
fi
modem fault none
modem plug
expect "$way: it comes back, and a download succeeds" card download --yes "$(code small)"
is_left_alone "after it was gone"

kill -TERM "$modem"
status=0
wait "$modem" || status=$?
if [ $status = 0 ]; then tap_ok "vmodem ends with 0 at SIGTERM"; else tap_fail "vmodem ends with 0 at SIGTERM" "$status"; fi
if card info >none.out 2>&1; then
	tap_fail "$way: without a modem that is said" "it was not"
elif grep -q 'qrtr' none.out; then
	tap_ok "$way: without a modem that is said"
else
	tap_fail "$way: without a modem that is said" "$(cat none.out)"
fi
tap_exit
