# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2153,SC2154 # names from lib.sh
#
# What lpad_lifecycle_test.sh runs in a machine of its own: lpad_lifecycle_inside.sh STORY.
set -eu

story=${1:?STORY}

# What lib.sh takes from ATF.
atf_fail() { echo "$*" >&2; exit 1; }
atf_set() { :; }

# shellcheck source=/dev/null
. "$COREESIM_LIB"
# shellcheck source=/dev/null
. "$COREESIM_LPAD_LIB"

USER=games
STRANGER=nobody
OTHER_EID=89049032000001000000000000000268

# --- asking ------------------------------------------------------------------------------

# A call's answer as JSON, in reply.json: .data is the list of what it returned.
ask() { # user path interface method [signature argument...]
	ask_user=$1 ask_path=$2 ask_method=$3.$4
	ask_interface=$3 ask_name=$4
	shift 4
	as "$ask_user" busctl --json=short --timeout=120 call "$IFACE" "$LPA$ask_path" \
		"$IFACE.$ask_interface" "$ask_name" "$@" >reply.json 2>reply.err
}

must() { # user path interface method [signature argument...]
	ask "$@" || { cat reply.err lpad.err >&2; atf_fail "$ask_user may not call $ask_method"; }
}

# The call fails, with an error that busctl shows as this sentence.
must_not() { # pattern user path interface method [signature argument...]
	pattern=$1
	shift
	! ask "$@" || atf_fail "$ask_user may call $ask_method: $(cat reply.json)"
	grep -q "$pattern" reply.err || atf_fail "$ask_method: $(cat reply.err), not $pattern"
}

# The path of the job that a call made, below $LPA.
job_of() {
	job=$(jq -r '.data[0]' reply.json)
	job=${job#"$LPA"}
}

# Make a job and see it through.
do_job() { # user path interface method [signature argument...]
	must "$@"
	job_of
	await_job "$job" "done"
}

detail() { # path interface jq-path
	must root "$1" "$2" GetDetails
	jq -r ".data[0]$3" reply.json
}

is() { # what value expected
	[ "$2" = "$3" ] || atf_fail "$1 is '$2', not '$3'"
}

at_rest() {
	has_property "$1" Euicc1 State 's "ready"' && ! busctl --list tree "$IFACE" | grep -q "$1/notification/"
}

await_rest() { # euicc-path
	wait_until at_rest "$1" || atf_fail "$1 does not come to rest: $(cat lpad.err; busctl --list tree "$IFACE")"
}

await_needs() { # job needs, as busctl prints it
	wait_until has_property "$1" Job1 Needs "$2" || atf_fail "$1 needs $(property "$1" Job1 Needs), not $2: $(cat lpad.err)"
}

# --- what each story has -------------------------------------------------------------------

allow_user() {
	allow $USER read-details download manage-profiles delete-profile default-address drop-notification
}

begin() { # card...
	make_machine
	start_server
	for name; do
		add_card "$name"
	done
	start_lpad
	n=0
	for name; do
		n=$((n + 1))
		wait_until has_property /euicc/$n Euicc1 State 's "ready"' || atf_fail "eUICC $n is not ready: $(cat lpad.err)"
	done
}

end() {
	stop_lpad
	stop_one server
}

download_order() { # matching id
	printf 'activation_code s %s' "$(code "$1")"
}

# --- the stories ----------------------------------------------------------------------------

lifecycle() {
	order small
	order event "8944000000000000025" '{"event":"EVENT-1"}'
	begin card
	allow_user
	is EID "$(detail /euicc/1 Euicc1 .eid.data)" 89049032000001000000012345678954

	# shellcheck disable=SC2046 # three words
	must $USER /euicc/1 Euicc1 Download 'a{sv}' 2 $(download_order small) interactive b true
	job_of
	await_needs "$job" 'as 1 "consent"'
	must $USER "$job" Job1 GetDetails
	is "the offer's name" "$(jq -r '.data[0].profileMetadata.data.profileName.data' reply.json)" "CoreESIM test"
	must $USER "$job" Job1 Confirm 'a{sv}' 1 consent b true
	await_job "$job" "done"
	await_rest /euicc/1
	is "the count" "$(property /euicc/1 Euicc1 ProfileCount)" "u 1"
	profile=/euicc/1/profile/1
	is "the ICCID" "$(detail $profile Profile1 .iccid.data)" "$ICCID"

	do_job $USER $profile Profile1 Enable 'a{sv}' 0
	is "the state" "$(property $profile Profile1 State)" 's "enabled"'
	do_job $USER $profile Profile1 SetNickname s "On the road"
	is "the nickname" "$(detail $profile Profile1 .profileNickname.data)" "On the road"
	do_job $USER $profile Profile1 Disable 'a{sv}' 1 refresh b true
	is "the state" "$(property $profile Profile1 State)" 's "disabled"'

	do_job $USER /euicc/1 Euicc1 SetDefaultSmdpAddress s "$NAME"
	is "the address" "$(detail /euicc/1 Euicc1 .defaultDpAddress.data)" "$NAME"
	do_job $USER /euicc/1 Euicc1 Discover 'a{sv}' 1 smds s "$SMDS"
	event=$(busctl --list tree "$IFACE" | sed -n "s,^$LPA\\(/euicc/1/event/[0-9]*\\)\$,\\1,p")
	is "the event" "$(detail "$event" Event1 .eventId.data)" EVENT-1
	do_job $USER "$event" Event1 Download 'a{sv}' 0
	await_rest /euicc/1
	is "the count" "$(property /euicc/1 Euicc1 ProfileCount)" "u 2"

	do_job $USER $profile Profile1 Delete 'a{sv}' 0
	is "the count" "$(property /euicc/1 Euicc1 ProfileCount)" "u 1"
	do_job root /euicc/1 Euicc1 MemoryReset as 0
	is "what was reset" "$(detail "$job" Job1 '.resetOptions.data[0]')" deleteOperationalProfiles
	is "the count" "$(property /euicc/1 Euicc1 ProfileCount)" "u 0"
	await_rest /euicc/1
	is "what the server heard" "$(delivered | tr '\n' ' ')" \
		"install 0 enable 1 disable 2 install 3 delete 4 delete 5 "
	must $USER /euicc/1 Euicc1 Refresh
	end
}

code() { # also lib.sh's, with an argument
	if [ $# = 1 ]; then
		printf 'LPA:1$%s$%s' "$NAME" "$1"
		return
	fi
	order coded "$ICCID" '{"confirmationCode":"1234","retries":3}'
	begin card
	allow_user
	# shellcheck disable=SC2046
	must $USER /euicc/1 Euicc1 Download 'a{sv}' 2 $(download_order coded) interactive b true
	job_of
	wait_until has_property "$job" Job1 State 's "waiting"' || atf_fail "it does not wait: $(cat lpad.err)"
	must $USER "$job" Job1 Confirm 'a{sv}' 2 consent b true confirmation_code s 9999
	await_needs "$job" 'as 1 "confirmation-code"'
	is "the count of refused ones" "$(detail "$job" Job1 .confirmationCodesRefused.data)" 1
	must $USER "$job" Job1 Confirm 'a{sv}' 1 confirmation_code s 1234
	await_job "$job" "done"
	! grep -q 9999 lpad.err || atf_fail "a code is in the log"
	end
}

two_at_once() {
	order small
	make_machine
	"$BIN/mkpki" --curve nist --eid $OTHER_EID second
	start_server --pki "$PWD/second"
	mkdir -p roots
	cp "$PKI/nist/CERT_CI.der" roots/nist.der
	cp second/CERT_CI.der roots/second.der
	add_card card
	add_card other --pki "$PWD/second"
	start_lpad
	for n in 1 2; do
		wait_until has_property /euicc/$n Euicc1 State 's "ready"' || atf_fail "eUICC $n is not ready: $(cat lpad.err)"
	done
	# shellcheck disable=SC2046
	must root /euicc/1 Euicc1 Download 'a{sv}' 2 $(download_order small) interactive b true
	job_of
	first=$job
	await_needs "$first" 'as 1 "consent"'
	is "the first one's state" "$(property /euicc/1 Euicc1 State)" 's "busy"'
	# shellcheck disable=SC2046
	do_job root /euicc/2 Euicc1 Download 'a{sv}' 1 $(download_order small)
	is "the first one still" "$(property "$first" Job1 State)" 's "waiting"'
	must root "$first" Job1 Confirm 'a{sv}' 1 consent b true
	await_job "$first" "done"
	end
}

racing() {
	order small
	begin card
	allow_user
	allow daemon manage-profiles
	# shellcheck disable=SC2046
	do_job root /euicc/1 Euicc1 Download 'a{sv}' 1 $(download_order small)
	busctl --json=short monitor "$IFACE" --match="type='signal',member='Finished'" >finished 2>/dev/null &
	monitor=$!
	wait_until monitor_listens || atf_fail "busctl does not monitor"
	for client in root $USER daemon; do
		(
			for i in 1 2 3 4 5; do
				lpa "$client" /euicc/1/profile/1 Profile1 SetNickname s "$client $i" || exit 1
			done >"made.$client" 2>&1
		) &
		eval "client_$client=$!"
	done
	for client in root $USER daemon; do
		eval "wait \$client_$client" || atf_fail "$client: $(cat "made.$client")"
	done
	last=$(sed 's/.*job.//; s/"//' made.* | sort -n | tail -n 1)
	wait_until job_ended "/job/$last" || atf_fail "the last job does not end"
	is "how many were made" "$(cat made.* | sort -u | wc -l)" 15
	wait_until finished_all || atf_fail "not all said that they were finished: $(cat finished)"
	kill $monitor
	jq -r 'select(.member == "Finished").path' finished | sed 's/.*job.//' >ends
	sort -n ends | cmp -s - ends || atf_fail "they did not end in the order of their making: $(tr '\n' ' ' <ends)"
	end
}

monitor_listens() {
	property /euicc/1 Euicc1 State
	[ -s finished ]
}

finished_all() { [ "$(grep -c Finished finished)" -ge 15 ]; }

refused() {
	order small
	begin card
	must_not "polkit\|authori" $STRANGER /euicc/1 Euicc1 GetDetails
	# shellcheck disable=SC2046
	must_not "polkit\|authori" $STRANGER /euicc/1 Euicc1 Download 'a{sv}' 1 $(download_order small)
	must_not "polkit\|authori" $STRANGER /euicc/1 Euicc1 MemoryReset as 0
	allow_user
	must $USER /euicc/1 Euicc1 GetDetails
	must_not "polkit\|authori" $USER /euicc/1 Euicc1 MemoryReset as 0
	must_not "polkit\|authori" $USER /euicc/1 Euicc1 Attest ay 8 1 2 3 4 5 6 7 8
	must_not "polkit\|authori" $USER /euicc/1 Euicc1 OpenChannel ay 5 1 2 3 4 5
	must root /euicc/1 Euicc1 Attest ay 8 1 2 3 4 5 6 7 8
	is "what carries the nonce" "$(jq -r '.data[0].matchingId.data' reply.json)" 0102030405060708
	end
}

owner() {
	order small
	begin card
	allow_user
	allow $STRANGER read-details download manage-profiles
	# shellcheck disable=SC2046
	must $USER /euicc/1 Euicc1 Download 'a{sv}' 2 $(download_order small) interactive b true
	job_of
	await_needs "$job" 'as 1 "consent"'
	must_not "polkit\|authori\|owner\|belongs" $STRANGER "$job" Job1 GetDetails
	must_not "polkit\|authori\|owner\|belongs" $STRANGER "$job" Job1 Confirm 'a{sv}' 1 consent b true
	must_not "polkit\|authori\|owner\|belongs" $STRANGER "$job" Job1 Cancel s postponed
	is "the job" "$(property "$job" Job1 State)" 's "waiting"'
	# What was allowed at the beginning is asked again.
	rm "/etc/polkit-1/rules.d/50-$USER-download.rules"
	wait_until no_longer_allowed || atf_fail "polkit still allows it"
	must_not "polkit\|authori" $USER "$job" Job1 Confirm 'a{sv}' 1 consent b true
	must root "$job" Job1 Confirm 'a{sv}' 1 consent b true
	await_job "$job" "done"
	end
}

# polkitd hears of changed rules in its own time.
no_longer_allowed() {
	! ask $USER /euicc/1 Euicc1 Discover 'a{sv}' 1 smds s nowhere.example.com
}

observer() {
	order hidden-matching-id
	begin card
	allow_user
	as $STRANGER busctl --json=short monitor --address="$BUS" >/dev/null 2>monitor.err && atf_fail "a stranger may monitor the bus"
	as $STRANGER dbus-monitor --address "$BUS" "type='signal'" >heard 2>/dev/null &
	listener=$!
	wait_until grep -q NameAcquired heard || atf_fail "nothing is heard"
	# shellcheck disable=SC2046
	must $USER /euicc/1 Euicc1 Download 'a{sv}' 2 $(download_order hidden-matching-id) interactive b true
	job_of
	await_needs "$job" 'as 1 "consent"'
	look
	must $USER "$job" Job1 Confirm 'a{sv}' 1 consent b true
	await_job "$job" "done"
	do_job $USER /euicc/1/profile/1 Profile1 SetNickname s "Secret nickname"
	do_job $USER /euicc/1/profile/1 Profile1 Enable 'a{sv}' 0
	look
	wait_until grep -q Finished heard || atf_fail "no signal was heard"
	kill $listener
	for secret in 89049032000001000000012345678954 "$ICCID" "$NAME" "$SMDS" hidden-matching-id \
		"CoreESIM test" "Secret nickname" "$(id -u $USER)"; do
		! grep -qF "\"$secret" heard looked || atf_fail "an observer learns $secret"
		! grep -qF "$secret" lpad.err || [ "$secret" = "$(id -u $USER)" ] || atf_fail "the log says $secret"
	done
	end
}

# All that a stranger may read.
look() {
	as $STRANGER busctl call "$IFACE" "$LPA" org.freedesktop.DBus.ObjectManager GetManagedObjects >>looked
	for path in $(busctl --list tree "$IFACE"); do
		as $STRANGER busctl introspect "$IFACE" "$path" >>looked
	done
}

refusal() {
	order small
	echo "[Download]
ConsentTimeout=2s" >lpad.extra
	begin card
	allow_user
	for answer in endUserRejection:00 postponed:01 timeout:02 false:00; do
		log_begins=$(($(wc -l <card.log) + 1))
		# shellcheck disable=SC2046
		must $USER /euicc/1 Euicc1 Download 'a{sv}' 2 $(download_order small) interactive b true
		job_of
		await_needs "$job" 'as 1 "consent"'
		case $answer in
		timeout:*) ;;
		false:*) must $USER "$job" Job1 Confirm 'a{sv}' 1 consent b false ;;
		*) must $USER "$job" Job1 Cancel s "${answer%:*}" ;;
		esac
		wait_until job_ended "$job" || atf_fail "$answer: the job does not end"
		is "$answer: the reason that the card heard" "$(cancel_reasons)" "${answer#*:}"
	done
	stop_lpad
	stop_one server
	is "how often the server heard of it" "$(calls cancelSession)" 4
}

returns() {
	order small
	begin card
	# shellcheck disable=SC2046
	do_job root /euicc/1 Euicc1 Download 'a{sv}' 1 $(download_order small)
	await_rest /euicc/1
	kill "$(cat card.pid)"
	wait "$(cat card.pid)"
	ask root /euicc/1 Euicc1 Refresh || true
	wait_until has_property /euicc/1 Euicc1 State 's "gone"' || atf_fail "it is not gone: $(property /euicc/1 Euicc1 State)"
	is "the count while it is away" "$(property /euicc/1 Euicc1 ProfileCount)" "u 1"
	cp devices devices.kept
	add_card card
	mv devices.kept devices
	wait_until has_property /euicc/1 Euicc1 State 's "ready"' || atf_fail "it does not come back: $(cat lpad.err)"
	is "how many there are" "$(busctl --list tree "$IFACE" | grep -c "^$LPA/euicc/[0-9]*\$")" 1
	do_job root /euicc/1/profile/1 Profile1 Enable 'a{sv}' 0
	await_rest /euicc/1
	is "what the server heard" "$(delivered | tr '\n' ' ')" "install 0 enable 1 "
	end
}

$story
