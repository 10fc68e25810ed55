# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC1090,SC2154 # names from lib.sh and lpad_lib.sh
#
# What lpactl_bus_test.sh runs in a machine of its own: lpactl asks lpad over D-Bus.

set -eu

# What lib.sh takes from ATF.
atf_fail() { echo "$*" >&2; exit 1; }
atf_set() { :; }

. "$COREESIM_LIB"
. "$COREESIM_LPAD_LIB"

SECOND_ICCID=8944000000000000025
SECOND_EID=89049032000001000000000000000268

begin() {
	make_machine
	add_card card
	start_server
	start_lpad
	wait_until has_property /euicc/1 Euicc1 State 's "ready"' || atf_fail "the eUICC is not ready"
}

# Run lpactl --json by lpad; the document is in out.json, what it asks is answered by ./input.
bus_run() { # expected-status argument...
	expected=$1
	shift
	status=0
	as "${user:-root}" "$BIN/lpactl" --json "$@" >out.json 2>out.err <input || status=$?
	[ "$status" = "$expected" ] || {
		cat out.json out.err lpad.err
		atf_fail "lpactl $*: status $status, not $expected"
	}
}

answers() { # line...
	: >input
	for line; do
		printf '%s\n' "$line" >>input
	done
}

grants() { # user
	allow "$1" read-details download manage-profiles delete-profile default-address drop-notification \
		memory-reset attest
}

life_cycle() {
	order demo
	order second "$SECOND_ICCID"
	begin
	grants games
	user=games
	answers
	bus_run 0 info
	says '.eidValue | length' 32
	bus_run 0 download --yes --enable "$(code demo)"
	says .installed true
	says .enabled true
	says .profileMetadata.iccid "$ICCID"
	bus_run 0 download --yes --smdp "$NAME" --matching-id second
	says .enabled false
	bus_run 0 rename "$SECOND_ICCID" "on the road"
	bus_run 0 profiles
	says '.profileInfoList | length' 2
	says '.profileInfoList[1].profileNickname' "on the road"
	bus_run 0 enable "on the road"
	says .iccid "$SECOND_ICCID"
	bus_run 0 profiles
	says '[.profileInfoList[].profileState] | join(" ")' "disabled enabled"
	bus_run 0 disable "$SECOND_ICCID"
	bus_run 0 delete "on the road"
	bus_run 4 delete "on the road"
	says .error.code ESIM_ENOENT
	bus_run 0 address --default "$NAME"
	says .defaultDpAddress "$NAME"
	bus_run 0 attest --nonce 00112233445566778899aabbccddeeff
	says .nonce 00112233445566778899AABBCCDDEEFF
	says '.euiccCertificate | length > 200' true
	bus_run 0 notifications --send
	bus_run 0 notifications
	says '.notificationMetadataList | length' 0
	bus_run 0 reset --operational
	says '.resetOptions | join(" ")' deleteOperationalProfiles
	bus_run 0 profiles
	says '.profileInfoList | length' 0
	as games "$BIN/lpactl" devices >table
	grep -q '^1 .*ready' table || atf_fail "devices: $(cat table)"
	stop_lpad
}

# One verb both ways, in one document.
both() { # argument...
	answers
	bus_run 0 "$@"
	jq -S . out.json >by-lpad.json
	json_run 0 "$@"
	jq -S . out.json >direct.json
	cmp -s by-lpad.json direct.json || { diff by-lpad.json direct.json; atf_fail "$*: not the same"; }
}

same_json() {
	order demo
	order second "$SECOND_ICCID" '{"policyRules": ["ppr2"], "owner": "00101"}'
	order waits 8944000000000000033 '{"event": "EVENT-1"}'
	begin
	answers
	bus_run 0 download --yes --enable "$(code demo)"
	jq 'del(.notificationSent) | [paths(scalars) | map(select(type == "string")) | join(".")] | unique' \
		out.json >by-lpad.json
	bus_run 0 notifications --send
	for verb in info profiles notifications address discover; do
		both "$verb"
	done
	answers
	bus_run 3 download "$(code second)"
	says .error.domain policy
	bus_run 5 download --yes "$(code nothing)"
	jq -S .error out.json >by-lpad.json
	json_run 5 download --yes "$(code nothing)"
	jq -S .error out.json >direct.json
	cmp -s by-lpad.json direct.json || { diff by-lpad.json direct.json; atf_fail "errors are not the same"; }
	for name in profiles info devices notifications; do
		"$BIN/lpactl" "$name" >table || atf_fail "$name"
		[ -s table ] || atf_fail "$name: no table"
	done
	stop_lpad
}

prompts() {
	order demo
	order rules "$SECOND_ICCID" '{"policyRules": ["ppr2"], "owner": "00101"}'
	begin
	forget_card_log
	answers n
	bus_run 3 download "$(code demo)"
	grep -q "^ICCID *$ICCID" out.err || atf_fail "the offer was not shown: $(cat out.err)"
	[ "$(cancel_reasons)" = 00 ] || atf_fail "a no: reason $(cancel_reasons)"
	forget_card_log
	answers
	bus_run 3 download "$(code demo)"
	says '.error.advice | test("--yes")' true
	[ "$(cancel_reasons)" = 01 ] || atf_fail "no answer: reason $(cancel_reasons)"
	answers y
	bus_run 0 download "$(code demo)"
	says .installed true
	stop_lpad
}

policy() {
	order rules "$SECOND_ICCID" '{"policyRules": ["ppr2"], "owner": "00101"}'
	make_machine
	add_card card --rat 'ppr1+ppr2:*:consent'
	start_server
	start_lpad
	wait_until has_property /euicc/1 Euicc1 State 's "ready"' || atf_fail "the eUICC is not ready"
	answers
	bus_run 3 download --yes "$(code rules)"
	says '.error.advice | test("--accept-ppr")' true
	answers y n
	bus_run 3 download "$(code rules)"
	grep -q "forbids to delete it" out.err || atf_fail "the rule was not named: $(cat out.err)"
	answers y y
	bus_run 0 download "$(code rules)"
	bus_run 0 profiles
	says '.profileInfoList[0].profilePolicyRules[0]' ppr2
	stop_lpad
}

codes() {
	order pin "$ICCID" '{"confirmationCode": "1234"}'
	begin
	answers y 0000 1234
	bus_run 0 download "$(code pin)"
	grep -q "refused this code" out.err || atf_fail "the refusal was not shown: $(cat out.err)"
	says .installed true
	bus_run 0 delete "$ICCID"
	answers
	echo 1234 >pin
	bus_run 0 download --yes --confirmation-code-file pin "$(code pin)"
	! grep -rq 1234 lpad.err || atf_fail "the code is in the log"
	stop_lpad
}

interrupt() {
	order demo
	begin
	forget_card_log
	mkfifo answers questions
	code demo >code
	"$BIN/lpactl" --json download --code-file code <answers >out.json 2>questions &
	client=$!
	exec 3>answers 4<questions
	while read -r line <&4; do
		case $line in Class*) break ;; esac
	done
	kill -INT "$client"
	status=0
	wait "$client" || status=$?
	exec 3>&- 4<&-
	[ "$status" = 3 ] || atf_fail "status $status"
	says .error.code ESIM_ECANCELED
	[ "$(cancel_reasons)" = 01 ] || atf_fail "reason $(cancel_reasons), not postponed"
	answers
	bus_run 0 download --yes "$(code demo)"
	stop_lpad
}

ways() {
	make_machine
	answers
	# Nobody there is lpad.
	bus_run 4 --euicc 1 info
	says '.error.message | test("lpad is not on the system bus")' true
	bus_run 4 monitor
	bus_run 2 --euicc 1 --direct info
	add_card card
	"$BIN/mkpki" --curve nist --eid "$SECOND_EID" second
	built=$PKI PKI=$PWD CARD_PKI=second
	add_card other
	PKI=$built CARD_PKI=nist
	start_server
	start_lpad
	for number in 1 2; do
		wait_until has_property /euicc/$number Euicc1 State 's "ready"' || atf_fail "eUICC $number is not ready"
	done
	bus_run 2 info
	says '.devices | length' 2
	says '.error.advice | test("--euicc")' true
	status=0
	"$BIN/lpactl" info >table 2>&1 || status=$?
	[ "$status" = 2 ] && grep -q "2 eUICCs of lpad" table && grep -q '^1 ' table && grep -q '^2 ' table ||
		atf_fail "no list of both: status $status, $(cat table)"
	bus_run 0 --euicc 2 info
	eid=$(jq -r .eidValue out.json)
	bus_run 2 --euicc 3 info
	bus_run 0 --euicc "$eid" info
	bus_run 0 --euicc "${eid%????}" info
	says .eidValue "$eid"
	bus_run 2 --euicc 89 info
	user=nobody
	bus_run 3 --euicc 1 info
	says .error.domain policy
	says '.error.message | length > 0' true
	bus_run 0 devices
	says '.devices[0].eidValue' null
	user=root
	# An option for a direct run makes it one.
	json_run 0 info
	stop_lpad
}

# What bash offers for the last of these words.
offered() { # word...
	PATH=$BIN:$PATH bash -c '. "$COREESIM_SRC/lpad/lpactl/completion/lpactl.bash"
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_lpactl
		echo "${COMPREPLY[*]}"' bash "$@"
}

completion() {
	order demo
	begin
	answers
	bus_run 0 download --yes "$(code demo)"
	bus_run 0 rename "$ICCID" travel
	for words in "lpactl enable" "lpactl --euicc 1 delete"; do
		# shellcheck disable=SC2086 # words
		[ "$(offered $words "")" = "$ICCID travel" ] || atf_fail "$words: $(offered $words "")"
	done
	[ "$(offered lpactl rename tr)" = travel ] || atf_fail "rename tr: $(offered lpactl rename tr)"
	[ "$(offered lpactl rename travel "")" = "" ] || atf_fail "a new name is offered"
	[ "$(offered lpactl --euicc "")" = 1 ] || atf_fail "--euicc: $(offered lpactl --euicc "")"
	[ "$(offered lpactl check-e)" = check-events ] || atf_fail "check-e: $(offered lpactl check-e)"
	stop_lpad
}

monitor() {
	order demo
	begin
	mkfifo lines
	"$BIN/lpactl" --json monitor >lines 2>monitor.err &
	client=$!
	exec 4<lines
	await_line() { # jq filter
		while read -r line <&4; do
			[ "$(printf '%s' "$line" | jq "$1")" != true ] || return 0
		done
		cat monitor.err
		atf_fail "the monitor ended before $1"
	}
	await_line '.object == "euicc/1" and .event == "there" and .properties.State == "ready"'
	answers
	bus_run 0 download --yes "$(code demo)"
	await_line '.object == "job/1" and .event == "added"'
	await_line '.object == "euicc/1/profile/1" and .event == "added"'
	await_line '.object == "job/1" and .event == "finished" and .properties.success'
	kill -INT "$client"
	status=0
	wait "$client" || status=$?
	exec 4<&-
	[ "$status" = 0 ] || atf_fail "status $status"
	stop_lpad
}

"$@"
