# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034
#
# lpactl download against a virtual eUICC and a test SM-DP+.

. "$(atf_get_srcdir)/lib.sh"

installs() { # argument...
	json_run 0 download --yes "$@"
	says .profileMetadata.iccid "$ICCID"
	says .installed true
	says .notificationSent true
	[ "$(delivered)" = "install 0" ] || atf_fail "the installation result was not delivered"
	json_run 0 profiles
	says '.profileInfoList | length' 1
	json_run 0 notifications
	says '.notificationMetadataList | length' 0
}

atf_test_case activation_code cleanup
activation_code_head() {
	with_servers
	atf_set descr "An activation code puts a profile onto the card and its result to the server"
}
activation_code_body() {
	order demo
	start_card
	start_server
	installs "$(code demo)"
	stop_servers
	[ "$(jq .tlsHandshakes server.json 2>/dev/null || echo 1)" != 0 ] || atf_fail "no TLS"
}
activation_code_cleanup() { end_servers; }

atf_test_case code_file cleanup
code_file_head() {
	with_servers
	atf_set descr "The code comes from a file or from standard input, spaces around it and a lower-case prefix included"
}
code_file_body() {
	order demo
	order two 8944000000000000025
	start_card
	start_server
	printf '  lpa:1$SMDPP.Example.COM.$demo \r\n' >code
	installs --code-file code
	code two >code
	atf_check -o match:"8944000000000000025 is installed" -e ignore \
		sh -c './lpactl download --yes --code-file - <code'
	stop_servers
}
code_file_cleanup() { end_servers; }

atf_test_case address_and_matching_id cleanup
address_and_matching_id_head() {
	with_servers
	atf_set descr "An address and a matching id are an order too"
}
address_and_matching_id_body() {
	order demo
	start_card
	start_server
	installs --smdp "$NAME" --matching-id demo
	stop_servers
}
address_and_matching_id_cleanup() { end_servers; }

atf_test_case default_server cleanup
default_server_head() {
	with_servers
	atf_set descr "Without a code the eUICC's default SM-DP+ is asked for what waits there"
}
default_server_body() {
	order demo "$ICCID" '{"default": true}'
	start_card
	start_server
	json_run 4 download --yes
	says .error.domain card
	json_run 0 address --default "$NAME"
	installs
	stop_servers
}
default_server_cleanup() { end_servers; }

atf_test_case smds_event cleanup
smds_event_head() {
	with_servers
	atf_set descr "An event of an SM-DS leads to the SM-DP+ and its profile"
}
smds_event_body() {
	order demo "$ICCID" '{"event": "EVENT-1"}'
	start_card --root-smds "$SMDS"
	start_server
	json_run 0 discover
	says '.eventEntries[0].eventId' EVENT-1
	says '.eventEntries[0].rspServerAddress' "$NAME"
	installs --discover
	stop_servers
}
smds_event_cleanup() { end_servers; }

atf_test_case smds_cascade cleanup
smds_cascade_head() {
	with_servers
	atf_set descr "An event that names an SM-DS again and again is followed a bounded number of times"
}
smds_cascade_body() {
	order demo "$ICCID" "{\"event\": {\"id\": \"LOOP\", \"server\": \"$SMDS\"}}"
	start_card --root-smds "$SMDS"
	start_server
	json_run 5 download --yes --discover
	says .sessions 5
	stop_servers
}
smds_cascade_cleanup() { end_servers; }

atf_test_case confirmation_code_right cleanup
confirmation_code_right_head() {
	with_servers
	atf_set descr "The right confirmation code, from a file or typed"
}
confirmation_code_right_body() {
	order demo "$ICCID" '{"confirmationCode": "1234"}'
	order two 8944000000000000025 '{"confirmationCode": "5678"}'
	start_card
	start_server
	echo 1234 >pin
	installs --confirmation-code-file pin "$(code demo)"
	code two >code
	atf_check -o match:installed -e match:"Confirmation code" \
		sh -c 'echo 5678 | ./lpactl download --yes --code-file code'
	stop_servers
}
confirmation_code_right_cleanup() { end_servers; }

atf_test_case confirmation_code_wrong cleanup
confirmation_code_wrong_head() {
	with_servers
	atf_set descr "A wrong confirmation code is asked for again, in a new session, without a second consent"
}
confirmation_code_wrong_body() {
	order demo "$ICCID" '{"confirmationCode": "1234", "retries": 3}'
	start_card
	start_server
	code demo >code
	atf_check -o match:installed -e match:"refused this code" \
		sh -c 'printf "y\n0000\n1234\n" | ./lpactl download --code-file code'
	stop_servers
}
confirmation_code_wrong_cleanup() { end_servers; }

atf_test_case confirmation_code_too_often cleanup
confirmation_code_too_often_head() {
	with_servers
	atf_set descr "Too many wrong confirmation codes end the order; the server's own words are what the user sees"
}
confirmation_code_too_often_body() {
	order demo "$ICCID" '{"confirmationCode": "1234", "retries": 1}'
	start_card
	start_server
	echo 9999 >pin
	echo 1234 >right
	json_run 5 download --yes --confirmation-code-file pin "$(code demo)"
	says '.error | "\(.subjectCode) \(.reasonCode)"' "8.2.7 3.8"
	json_run 5 download --yes --confirmation-code-file pin "$(code demo)"
	says '.error | "\(.subjectCode) \(.reasonCode)"' "8.2.7 6.4"
	json_run 5 download --yes --confirmation-code-file right "$(code demo)"
	json_run 0 profiles
	says '.profileInfoList | length' 0
	stop_servers
}
confirmation_code_too_often_cleanup() { end_servers; }

atf_test_case refusal cleanup
refusal_head() {
	with_servers
	atf_set descr "The user's refusal is reported as endUserRejection, to the card first, then to the server"
}
refusal_body() {
	order demo
	start_card
	start_server
	code demo >code
	for answer in n ''; do
		atf_check -s exit:3 -o empty -e match:"the user refused" \
			sh -c "echo $answer | ./lpactl download --code-file code --trace trace"
		grep -A1 BF41 trace | tail -n 1 | grep -q cancelSession || { cat trace; atf_fail "order of cancelling"; }
	done
	json_run_refused 3 download "$(code demo)"
	says .error.domain policy
	grep -q "BF41.*810100" card.log || atf_fail "another reason was given"
	[ -z "$(delivered)" ] || atf_fail "a notification came"
	stop_servers
}
refusal_cleanup() { end_servers; }

atf_test_case policy_rules_accepted cleanup
policy_rules_accepted_head() {
	with_servers
	atf_set descr "Policy rules need consent of their own: --yes is not it, --accept-ppr and a typed yes are"
}
policy_rules_accepted_body() {
	order demo "$ICCID" '{"policyRules": ["ppr2"], "owner": "00101"}'
	order two 8944000000000000025 '{"policyRules": ["ppr2"], "owner": "00101"}'
	start_card --rat 'ppr1+ppr2:*:consent'
	start_server
	json_run 3 download --yes "$(code demo)"
	says .error.domain policy
	code two >code
	atf_check -o match:installed -e match:"forbids to delete" \
		sh -c 'printf "y\ny\n" | ./lpactl download --code-file code'
	json_run 0 download --yes --accept-ppr "$(code demo)"
	json_run 3 delete --yes "$ICCID"
	says .error.es10ResultName disallowedByPolicy
	stop_servers
}
policy_rules_accepted_cleanup() { end_servers; }

atf_test_case policy_rules_forbidden cleanup
policy_rules_forbidden_head() {
	with_servers
	atf_set descr "Policy rules that eUICC or RAT forbid end the session with pprNotAllowed before PrepareDownload"
}
policy_rules_forbidden_body() {
	order demo "$ICCID" '{"policyRules": ["ppr1"], "owner": "00101"}'
	start_server
	for option in "--rat none" "--rat ppr1:00102:consent" "--forbid-ppr 1"; do
		# shellcheck disable=SC2086 # two words
		start_card $option
		json_run 3 download --yes --accept-ppr "$(code demo)"
		says .error.domain policy
		grep -q "BF41.*810103" card.log || atf_fail "$option: another reason was given"
		! grep -q "81E2....[0-9A-F][0-9A-F]BF21" card.log || atf_fail "$option: PrepareDownload came"
		stop_one card
		rm -r card card.log
	done
	stop_servers
}
policy_rules_forbidden_cleanup() { end_servers; }

atf_test_case same_iccid cleanup
same_iccid_head() {
	with_servers
	atf_set descr "A second profile with one ICCID fails with installation error 9, and the server hears of it"
}
same_iccid_body() {
	order demo
	order two
	start_card
	start_server
	json_run 0 download --yes "$(code demo)"
	json_run 4 download --yes "$(code two)"
	says .error.es10Result 9
	says .error.es10ResultName installFailedDueToIccidAlreadyExistsOnEuicc
	says .notificationSent true
	[ "$(delivered)" = "install 0
install 1" ] || atf_fail "the failure was not delivered"
	json_run 0 profiles
	says '.profileInfoList | length' 1
	stop_servers
}
same_iccid_cleanup() { end_servers; }

atf_test_case enable_after cleanup
enable_after_head() {
	with_servers
	atf_set descr "--enable leaves the profile enabled"
}
enable_after_body() {
	order demo
	start_card
	start_server
	json_run 0 download --yes --enable "$(code demo)"
	says .enabled true
	json_run 0 profiles
	says '.profileInfoList[0].profileState' enabled
	stop_servers
}
enable_after_cleanup() { end_servers; }

atf_test_case device_information cleanup
device_information_head() {
	with_servers
	atf_set descr "Without --imei nothing is made up and a note says so; with it TAC and IMEI are sent, a mistyped one is not"
}
device_information_body() {
	order demo
	order two 8944000000000000025
	start_card
	start_server
	json_run 2 download --yes --imei 490154203237517 "$(code demo)"
	json_run 0 download --yes "$(code demo)"
	grep -q "TAC 00000000" out.err || atf_fail "no note"
	says .deviceInfo.source none
	json_run 0 download --yes --imei 490154203237518 "$(code two)"
	says .deviceInfo.tac 94104502
	stop_servers
}
device_information_cleanup() { end_servers; }

atf_test_case broken_load cleanup
broken_load_head() {
	with_servers
	atf_set descr "After a load that broke off the card is asked for the truth, and the user hears whether to try again"
}
broken_load_body() {
	order demo
	start_card --fault sw=6F00@BF36:1
	start_server
	json_run 4 download --yes "$(code demo)"
	says .error.sw 6F00
	says .installed false
	jq -r .error.advice out.json | grep -q "not on the card" || { cat out.json; atf_fail "advice"; }
	grep -q "BF41.*810105" card.log || atf_fail "the reason is not loadBppExecutionError"
	stop_servers
}
broken_load_cleanup() { end_servers; }

atf_test_case original_error_survives cleanup
original_error_survives_head() {
	with_servers
	atf_set descr "When the cancelling fails too, the first error is the one reported"
}
original_error_survives_body() {
	order demo
	start_card --fault sw=6F00@BF41
	start_server --fault "authenticateClient:status=8.1/4.8,cancelSession:http=500"
	json_run 5 download --yes "$(code demo)"
	says .error.subjectCode 8.1
	says .error.reasonCode 4.8
	grep -q "note: .*could not be cancelled" out.err || { cat out.err; atf_fail "no note"; }
	stop_servers
}
original_error_survives_cleanup() { end_servers; }

atf_test_case fresh_session cleanup
fresh_session_head() {
	with_servers
	atf_set descr "A transaction that the server lost is begun afresh once, not for ever"
}
fresh_session_body() {
	order demo
	start_card
	start_server --fault "authenticateClient:status=8.10.1/3.9@1"
	json_run 0 download --yes "$(code demo)"
	says .sessions 2
	stop_one server
	start_server --fault "authenticateClient:status=8.10.1/3.9"
	json_run 5 download --yes "$(code demo)"
	says .sessions 2
	says .error.reasonCode 3.9
	stop_servers
}
fresh_session_cleanup() { end_servers; }

atf_test_case notification_kept cleanup
notification_kept_head() {
	with_servers
	atf_set descr "A server that does not take the installation result does not undo the download; the result waits on the card"
}
notification_kept_body() {
	order demo
	start_card
	start_server --fault "handleNotification:http=500@1"
	json_run 0 download --yes "$(code demo)"
	says .notificationSent false
	json_run 0 notifications
	says '.notificationMetadataList[0].seqNumber' 0
	json_run 0 notifications --send
	says '.notifications[0].removed' true
	[ "$(delivered | tail -n 1)" = "install 0" ] || atf_fail "not delivered"
	stop_servers
}
notification_kept_cleanup() { end_servers; }

atf_test_case interrupt cleanup
interrupt_head() {
	with_servers
	atf_set descr "Ctrl-C while asked for consent ends the session on card and server"
}
interrupt_body() {
	order demo
	start_card
	start_server
	code demo >code
	mkfifo answers questions
	./lpactl download --code-file code <answers 2>questions >out &
	client=$!
	exec 3>answers 4<questions
	# The question has no line end; the line before it is the last one of the offer.
	while read -r line <&4; do
		case $line in Class*) break ;; esac
	done
	kill -INT "$client"
	wait "$client"
	status=$?
	cat <&4
	exec 3>&- 4<&-
	[ "$status" = 3 ] || atf_fail "status $status"
	grep -q "BF41.*810100" card.log || atf_fail "the card's session was not cancelled"
	json_run 0 download --yes "$(code demo)"
	stop_servers
}
interrupt_cleanup() { end_servers; }

atf_init_test_cases() {
	for name in activation_code code_file address_and_matching_id default_server smds_event \
		smds_cascade confirmation_code_right confirmation_code_wrong \
		confirmation_code_too_often refusal policy_rules_accepted policy_rules_forbidden \
		same_iccid enable_after device_information broken_load original_error_survives \
		fresh_session notification_kept interrupt; do
		atf_add_test_case "$name"
	done
}
