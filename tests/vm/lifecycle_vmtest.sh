# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154 # start_way and begin_load set device and load
#
# The life of profiles, by lpactl against smdpp: download, list, enable, disable, delete,
# notifications. The argument is the way to the card, see ways.sh; the story is the same on all of
# them.
. /vm/guest.sh
. /vm/ways.sh
. /vm/profiles.sh

way=$1
start_way "$way" || { tap_fail "$way: a card behind a device" "none came"; tap_exit; }
tap_ok "$way: a card behind $device"
start_server

expect "$way: info" card info
expect "$way: download" card download --yes "$(code small)"
is_whole small $SMALL
is_state $SMALL disabled "the profile is there"
expect "$way: enable" card enable $SMALL
is_state $SMALL enabled "the profile is enabled"
expect "$way: disable" card disable $SMALL
is_state $SMALL disabled "the profile is disabled"
expect "$way: notifications go out" card notifications --send
for event in install enable disable; do
	if grep -q "\"$event\"" notifications.jsonl; then
		tap_ok "$way: the server heard of $event"
	else
		tap_fail "$way: the server heard of $event" "$(cat notifications.jsonl)"
	fi
done
expect "$way: delete" card delete $SMALL
is_state $SMALL '' "the profile is gone"

# The terminal stops lpactl: that is no interruption, the stop waits.
stopped_load() {
	begin_load
	kill -TSTP "$load"
	kill -CONT "$load"
	if wait "$load"; then
		tap_ok "$way: a stop by the terminal does not break a load off"
	else
		tap_fail "$way: a stop by the terminal does not break a load off" "$(cat load.out)"
	fi
	expect "$way: the stopped load's profile is deleted" card delete $LARGE
}

# A signal in the midst of a load: it is broken off, not waited for, and the card asked.
interrupted_load() {
	local status=0
	begin_load
	kill -TERM "$load"
	wait "$load" || status=$?
	if [ $status = 3 ]; then
		tap_ok "$way: an interrupted load ends with status 3"
	else
		tap_fail "$way: an interrupted load ends with status 3" "$status: $(cat load.out)"
	fi
	is_state $LARGE '' "nothing of an interrupted load is left"
}
case $way in *-slow) stopped_load; interrupted_load ;; esac

expect "$way: download of 64 KiB" card download --yes "$(code 64k)"
is_whole 64k $LARGE
is_state $LARGE disabled "the large profile is there"

case $(card apdu 00A40004023F00 80F2000000 2>&1) in
*9000*) tap_ok "$way: apdu goes to the basic channel" ;;
*) tap_fail "$way: apdu goes to the basic channel" "$(card apdu 00A40004023F00 2>&1)" ;;
esac
if lpactl --device "$device?channel=basic" --ci-roots roots profiles >basic.out 2>&1; then
	tap_ok "$way: the whole of it works on the basic channel"
else
	tap_fail "$way: the whole of it works on the basic channel" "$(cat basic.out)"
fi
expect "$way: reset of the eUICC's memory" card reset --operational
is_state $LARGE '' "nothing is left"
tap_exit
