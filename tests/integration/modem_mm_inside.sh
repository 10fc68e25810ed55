# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2153,SC2154 # names from lib.sh
#
# What modem_mm_test.sh runs in a machine of its own: modem_mm_inside.sh STORY.
set -eu

story=${1:?STORY}

# What lib.sh takes from ATF.
atf_fail() { echo "$*" >&2; exit 1; }
atf_set() { :; }

# shellcheck source=/dev/null
. "$COREESIM_LIB"
# shellcheck source=/dev/null
. "$COREESIM_LPAD_LIB"
# shellcheck source=/dev/null
. "$COREESIM_MODEM_LIB"

SECOND=8944000000000000025

# A modem with two profiles on its card, which ModemManager has.
make_modem() {
	make_modem_machine
	modem_eid=89049032000001000000012345678954
	start_modem wdm0 --mbim
	start_server
	client mbim:/dev/wdm0-mbim
	order one
	order two "$SECOND"
	json_run 0 download --yes "$(code one)"
	json_run 0 download --yes "$(code two)"
	start_manager wdm0
}

is() { # what value expected
	[ "$2" = "$3" ] || atf_fail "$1 is '$2', not '$3'"
}

story_listed() {
	make_modem
	"$BIN/lpactl" --direct --json devices >out.json 2>out.err || atf_fail "no list: $(cat out.err)"
	says '[.devices[] | select(.transport == "mbim")] | length' 1
	says '.devices[0] | [.uri, .reader, .slot, .eidValue, .state] | map(tostring) | join("|")' \
		"mbim:/dev/wdm0-mbim|CoreESIM Virtual modem|1|$modem_eid|card"
	"$BIN/lpactl" --direct devices >out.txt
	grep -q "SLOT  *EID" out.txt || atf_fail "no columns: $(cat out.txt)"
	[ ! -s manager.log ] || atf_fail "a list sets a modem aside: $(cat manager.log)"
}

story_switched() {
	make_modem
	json_run 0 profiles
	[ ! -s manager.log ] || atf_fail "reading sets a modem aside: $(cat manager.log)"
	json_run 0 enable "$ICCID"
	recorded "inhibit $UID_OF_MODEM" "release $UID_OF_MODEM"
	says '.modem.reported' true
	says '.modem.iccid' "$ICCID"
	says '.modem | [.inModemManager, .simReported] | map(tostring) | join(" ")' 'true true'
	says '.modem | [.state, .registration, .operator] | join("|")' 'registered|home|Test network'
	is "the modem's ICCID" "$(modem_iccid wdm0)" "$ICCID"
	./lpactl enable "$SECOND" >out.txt || atf_fail "not enabled"
	grep -q '^the modem reports the new profile' out.txt || atf_fail "no word of the modem: $(cat out.txt)"
	grep -qx 'ModemManager: registered (home), Test network' out.txt ||
		atf_fail "no word of ModemManager: $(cat out.txt)"
	recorded "inhibit $UID_OF_MODEM" "release $UID_OF_MODEM"
	json_run 0 disable "$SECOND"
	recorded "inhibit $UID_OF_MODEM" "release $UID_OF_MODEM"
	order three 8944000000000000033
	json_run 0 download --yes --enable "$(code three)"
	says '.enabled' true
	says '.modem.iccid' 8944000000000000033
	recorded "inhibit $UID_OF_MODEM" "release $UID_OF_MODEM"
	no_channel wdm0
}

# Start an enable that waits for a modem which does not answer.
# Comes back when the card has been told.
start_stuck_enable() {
	told=$(times_told)
	modem wdm0 "fault mute@1+:ready" >/dev/null
	setsid ./lpactl enable "$ICCID" >stuck.out 2>&1 </dev/null &
	stuck=$!
	wait_until grep -q inhibit manager.log || atf_fail "not set aside: $(cat stuck.out)"
	wait_until is_told_again || atf_fail "the card was not told to enable: $(cat stuck.out)"
}

# ES10c.EnableProfile, so far.
times_told() { grep -c BF31 wdm0.log || true; }
is_told_again() { [ "$(times_told)" -gt "$told" ]; }

end_stuck() { # signal status
	kill "-$1" "$stuck"
	status=0
	wait "$stuck" || status=$?
	is "the status after $1" "$status" "$2"
	modem wdm0 "fault none" >/dev/null
}

story_interrupted() {
	make_modem
	hurry
	start_stuck_enable
	end_stuck INT 3
	recorded "inhibit $UID_OF_MODEM" "dropped $UID_OF_MODEM"
	no_channel wdm0
	json_run 0 disable "$ICCID"
	recorded "inhibit $UID_OF_MODEM" "release $UID_OF_MODEM"
	start_stuck_enable
	end_stuck KILL 137
	recorded "inhibit $UID_OF_MODEM" "dropped $UID_OF_MODEM"
	json_run 0 disable "$ICCID"
	recorded "inhibit $UID_OF_MODEM" "release $UID_OF_MODEM"
	no_channel wdm0
	modem wdm0 "quirk follows=4" >/dev/null
	json_run 4 enable "$ICCID"
	says '.modem.reported' false
	recorded "inhibit $UID_OF_MODEM" "dropped $UID_OF_MODEM"
	json_run 0 profiles
	says ".profileInfoList[] | select(.iccid == \"$ICCID\").profileState" enabled
	no_channel wdm0
}

story_taken() {
	make_modem
	start_stuck_enable
	json_run 4 enable "$SECOND"
	says '.error.code' ESIM_EBUSY
	jq -r .error.message out.json | grep -q "lpactl" || atf_fail "it is not said who has it: $(cat out.json)"
	grep -c inhibit manager.log | grep -qx 1 || atf_fail "set aside twice: $(cat manager.log)"
	end_stuck INT 3
	json_run 0 enable "$SECOND"
}

story_enabled_again() {
	make_modem
	echo state 3 >manager.extra
	json_run 0 enable "$ICCID"
	says '.modem.state' registered
	recorded "inhibit $UID_OF_MODEM" "release $UID_OF_MODEM" "enable $UID_OF_MODEM"
	stop_manager
	start_manager wdm0
	json_run 0 disable "$ICCID"
	says '.modem.state' disabled
	recorded "inhibit $UID_OF_MODEM" "release $UID_OF_MODEM"
}

story_without() {
	make_modem
	stop_manager
	json_run 0 enable "$ICCID"
	says '.modem.reported' true
	says '.modem.inModemManager' null
	busctl --list | grep -q org.freedesktop.ModemManager1 && atf_fail "ModemManager was started"
	no_channel wdm0
}

"story_$story"
