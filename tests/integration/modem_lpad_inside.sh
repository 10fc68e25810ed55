# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2153,SC2154 # names from lib.sh
#
# What modem_lpad_test.sh runs in a machine of its own: modem_lpad_inside.sh STORY.
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

# A modem that ModemManager has, with two profiles on its card; lpad serves it. $euicc is its object.
make_lpad() {
	make_modem_machine
	modem_eid=89049032000001000000012345678954
	start_modem wdm0 "${protocol:---mbim}"
	start_server
	order one
	order two "$SECOND"
	start_manager wdm0
	start_lpad
	euicc=/euicc/1
	await_ready_euicc
}

await_ready_euicc() {
	wait_until has_property "$euicc" Euicc1 State 's "ready"' ||
		atf_fail "no eUICC is ready: $(property "$euicc" Euicc1 State) $(cat lpad.err)"
}

is() { # what value expected
	[ "$2" = "$3" ] || atf_fail "$1 is '$2', not '$3'"
}

# A call that makes a job; $job is its path.
start_job() { # path interface method [signature argument...]
	job=$(job_path "$(lpa root "$@")")
}

do_job() { # path interface method [signature argument...]
	start_job "$@"
	await_job "$job" "done"
}

download() { # matching id
	do_job "$euicc" Euicc1 Download 'a{sv}' 1 activation_code s "$(code "$1")"
}

# The job's details under a jq path.
detail() { # jq-path
	busctl --json=short call "$IFACE" "$LPA$job" "$IFACE.Job1" GetDetails >reply.json
	jq -r ".data[0]$1" reply.json
}

profile_of() { # iccid
	for path in $(busctl --list tree "$IFACE" | grep "$LPA$euicc/profile/"); do
		busctl --json=short call "$IFACE" "$path" "$IFACE.Profile1" GetDetails >reply.json
		[ "$(jq -r '.data[0].iccid.data' reply.json)" != "$1" ] || {
			printf '%s' "${path#"$LPA"}"
			return
		}
	done
	atf_fail "there is no profile $1"
}

enable_profile() { # iccid
	do_job "$(profile_of "$1")" Profile1 Enable 'a{sv}' 0
}

both_profiles() {
	download one
	download two
}

# --- stories ----------------------------------------------------------------------------------------------

lifecycle() { # scheme
	make_lpad
	is "the device" "$(property "$euicc" Euicc1 Device)" "s \"$1:/dev/wdm0-$1\""
	both_profiles
	[ ! -s manager.log ] || atf_fail "a download sets the modem aside: $(cat manager.log)"
	enable_profile "$ICCID"
	recorded "inhibit $UID_OF_MODEM" "release $UID_OF_MODEM"
	is "the modem's word" "$(detail .modem.data.reported.data)" true
	is "the modem's ICCID" "$(detail .modem.data.iccid.data)" "$ICCID"
	is "the registration" "$(detail .modem.data.registration.data)" home
	is "the operator" "$(detail .modem.data.operator.data)" "Test network"
	is "what the modem takes its card for" "$(modem_iccid wdm0)" "$ICCID"
	do_job "$euicc" Euicc1 Download 'a{sv}' 2 activation_code s "$(code one3)" enable_after b true
	is "enabled after the download" "$(detail .enabled.data)" true
	recorded "inhibit $UID_OF_MODEM" "release $UID_OF_MODEM"
	enable_profile "$SECOND"
	recorded "inhibit $UID_OF_MODEM" "release $UID_OF_MODEM"
	do_job "$(profile_of "$SECOND")" Profile1 Disable 'a{sv}' 0
	recorded "inhibit $UID_OF_MODEM" "release $UID_OF_MODEM"
	do_job "$(profile_of "$ICCID")" Profile1 Delete 'a{sv}' 0
	[ ! -s manager.log ] || atf_fail "a deletion sets the modem aside: $(cat manager.log)"
	do_job "$euicc" Euicc1 MemoryReset as 1 operational-profiles
	recorded "inhibit $UID_OF_MODEM" "release $UID_OF_MODEM"
	no_channel wdm0
	stop_lpad
	no_channel wdm0
}

story_lifecycle_mbim() { order one3 8944000000000000033; lifecycle mbim; }
story_lifecycle_qmi() { protocol=--qmi; order one3 8944000000000000033; lifecycle qmi; }
story_lifecycle_at() { protocol=--at; order one3 8944000000000000033; lifecycle at; }

# The euicc's object and number stay, whatever the port is called.
story_moved() {
	make_lpad
	both_profiles
	port=$(readlink /dev/wdm0-mbim)
	# Its link is vmodem's: the port has another name from now on, and the old one is nobody's.
	ln -s "$port" /dev/wdm9-mbim
	sed -i 's|/dev/wdm0-|/dev/wdm9-|g; s|echo "port wdm0-|echo "port wdm9-|' probe.sh
	rm /dev/wdm0-mbim
	kill -USR1 "$(cat manager.pid)"
	wait_until has_property "$euicc" Euicc1 Device 's "mbim:/dev/wdm9-mbim"' ||
		atf_fail "the eUICC is still at $(property "$euicc" Euicc1 Device): $(cat lpad.err)"
	await_ready_euicc
	enable_profile "$ICCID"
	recorded "inhibit $UID_OF_MODEM" "release $UID_OF_MODEM"
	is "the eUICCs" "$(busctl --list tree "$IFACE" | grep -c "euicc/[0-9]*$")" 1
}

# Every State that the eUICC ever had, in states.
watch_states() {
	busctl --json=short monitor --match "type='signal',path='$LPA$euicc'" >signals.json 2>/dev/null &
	watcher=$!
	wait_until grep -q NameLost signals.json || true
}

story_reenumerates() {
	make_lpad
	both_profiles
	modem wdm0 "quirk reenumerates" >/dev/null
	watch_states
	do_job "$(profile_of "$ICCID")" Profile1 Enable 'a{sv}' 1 refresh b true
	grep -q '^gone' wdm0.out || atf_fail "it did not leave the bus: $(cat wdm0.out)"
	recorded "inhibit $UID_OF_MODEM" "release $UID_OF_MODEM"
	await_ready_euicc
	kill "$watcher"
	! grep -q '"gone"' signals.json || atf_fail "the eUICC was gone: $(cat signals.json)"
	no_channel wdm0
}

# An enable that a modem keeps waiting which does not answer.
start_stuck_enable() { # iccid
	profile=$(profile_of "$1")
	modem wdm0 "fault mute@1+:ready" >/dev/null
	start_job "$profile" Profile1 Enable 'a{sv}' 0
	wait_until grep -q inhibit manager.log || atf_fail "not set aside: $(cat lpad.err)"
}

story_killed() {
	make_lpad
	both_profiles
	start_stuck_enable "$ICCID"
	wait_until enabled_on_card || atf_fail "the card does not switch"
	kill -KILL "$lpad"
	wait "$lpad" || true
	recorded "inhibit $UID_OF_MODEM" "dropped $UID_OF_MODEM"
	modem wdm0 "fault none" >/dev/null
	start_lpad
	await_ready_euicc
	is "the profile's state" "$(property "$(profile_of "$ICCID")" Profile1 State)" 's "enabled"'
	enable_profile "$SECOND"
	recorded "inhibit $UID_OF_MODEM" "release $UID_OF_MODEM"
	no_channel wdm0
}

# ES10c.EnableProfile (BF31) is in the card's log, answered.
enabled_on_card() {
	grep -q '> 8.E2......BF31' wdm0.log
}

story_cancelled() {
	make_lpad
	hurry
	both_profiles
	start_stuck_enable "$ICCID"
	lpa root "$job" Job1 Cancel s postponed
	modem wdm0 "fault none" >/dev/null
	await_job "$job" cancelled
	recorded "inhibit $UID_OF_MODEM" "dropped $UID_OF_MODEM"
	no_channel wdm0
	await_ready_euicc
	modem wdm0 "quirk follows=4" >/dev/null
	start_job "$(profile_of "$SECOND")" Profile1 Enable 'a{sv}' 0
	await_job "$job" failed
	is "the modem's word" "$(detail .modem.data.reported.data)" false
	recorded "inhibit $UID_OF_MODEM" "dropped $UID_OF_MODEM"
	is "the profile's state" "$(property "$(profile_of "$SECOND")" Profile1 State)" 's "enabled"'
	no_channel wdm0
}

# Another eUICC's download goes over the modem's interface, which is this machine's only one here.
story_carried() {
	echo port lo:2 >manager.extra
	make_modem_machine
	modem_eid=89049032000001000000012345678954
	start_modem wdm0 --mbim
	"$BIN/mkpki" --curve nist --eid 89049032000001000000000000000268 second
	add_card other --pki "$PWD/second"
	start_server --pki "$PWD/second"
	mkdir -p roots
	cp "$PKI/nist/CERT_CI.der" roots/nist.der
	cp second/CERT_CI.der roots/second.der
	order one
	order two "$SECOND"
	start_manager wdm0
	start_lpad
	wait_until both_ready || atf_fail "not two eUICCs: $(cat lpad.err)"
	euicc=$(euicc_at mbim)
	other=$(euicc_at unix)
	both_profiles
	profile=$(profile_of "$ICCID")
	start_job "$other" Euicc1 Download 'a{sv}' 2 activation_code s "$(code one)" interactive b true
	download=$job
	wait_until has_property "$download" Job1 State 's "waiting"' || atf_fail "the download does not wait"
	start_job "$profile" Profile1 Enable 'a{sv}' 0
	wait_until has_property "$job" Job1 Stage 's "waits for a download over this modem"' ||
		atf_fail "the switch is at $(property "$job" Job1 Stage)"
	[ ! -s manager.log ] || atf_fail "set aside under a download: $(cat manager.log)"
	lpa root "$job" Job1 Cancel s postponed
	await_job "$job" cancelled
	start_job "$profile" Profile1 Enable 'a{sv}' 0
	wait_until has_property "$job" Job1 Stage 's "waits for a download over this modem"' ||
		atf_fail "the second switch is at $(property "$job" Job1 Stage)"
	lpa root "$download" Job1 Confirm 'a{sv}' 1 consent b true
	await_job "$download" "done"
	await_job "$job" "done"
	recorded "inhibit $UID_OF_MODEM" "release $UID_OF_MODEM"
}

both_ready() {
	has_property /euicc/1 Euicc1 State 's "ready"' && has_property /euicc/2 Euicc1 State 's "ready"'
}

euicc_at() { # scheme
	case $(property /euicc/1 Euicc1 Transport) in
	*"$1"*) echo /euicc/1 ;;
	*) echo /euicc/2 ;;
	esac
}

story_busy() {
	make_lpad
	client mbim:/dev/wdm0-mbim
	both_profiles
	modem wdm0 "fault mute@1+:ready" >/dev/null
	setsid ./lpactl enable "$ICCID" >stuck.out 2>&1 </dev/null &
	stuck=$!
	# Set aside it is before lpactl has it.
	wait_until enabled_on_card || atf_fail "lpactl does not enable: $(cat stuck.out)"
	start_job "$(profile_of "$SECOND")" Profile1 SetNickname s Other
	await_job "$job" failed
	detail .error.data.message.data | grep -q lpactl || atf_fail "it is not said who has it: $(cat reply.json)"
	wait_until has_property "$euicc" Euicc1 State 's "blocked"' ||
		atf_fail "the eUICC is $(property "$euicc" Euicc1 State)"
	kill -INT "$stuck"
	wait "$stuck" || true
	modem wdm0 "fault none" >/dev/null
	await_ready_euicc
	do_job "$(profile_of "$SECOND")" Profile1 SetNickname s Other
}

story_configured() {
	make_modem_machine
	modem_eid=89049032000001000000012345678954
	start_modem wdm0 --mbim --slots 2
	start_server
	start_manager wdm0
	echo 'mbim:/dev/wdm0-mbim?slot=2' >devices
	start_lpad
	euicc=/euicc/1
	await_ready_euicc
	is "the eUICCs" "$(busctl --list tree "$IFACE" | grep -c "euicc/[0-9]*$")" 1
	eid=$(busctl --json=short call "$IFACE" "$LPA$euicc" "$IFACE.Euicc1" GetDetails | jq -r '.data[0].eidValue.data')
	[ "$eid" != "$modem_eid" ] || atf_fail "that is the card of slot 1"
	wait_until slot_one_is_active || atf_fail "slot 1 is not in use again: $(modem wdm0 state)"
}

slot_one_is_active() {
	modem wdm0 state | grep -qx 'slot 1'
}

story_observer() {
	make_lpad
	both_profiles
	as nobody dbus-monitor --address "$BUS" "type='signal',sender='$IFACE'" >seen.txt 2>monitor.err &
	wait_until grep -q NameAcquired seen.txt || atf_fail "nobody listens: $(cat monitor.err)"
	enable_profile "$ICCID"
	wait_until grep -q 'string "State"' seen.txt || atf_fail "nothing was heard"
	for word in "$ICCID" 'Test network' home registered "$modem_eid"; do
		! grep -q "$word" seen.txt || atf_fail "everyone hears '$word': $(grep "$word" seen.txt)"
	done
}

"story_$story"
