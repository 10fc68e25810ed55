# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034
#
# Status codes of ES9+ and ES11 as the user of lpactl meets them: subject and reason
# code, advice, and what the LPA does about each. First every code, said by smdpp
# because it was told to; then those that it comes to by itself.

. "$(atf_get_srcdir)/lib.sh"

# lpactl names this status code, with status 5 and something a person can do.
refused() { # subject/reason function argument...
	refused_codes=$1
	refused_function=$2
	shift 2
	json_run 5 "$@"
	says .error.domain server
	says .error.function "$refused_function"
	says '.error | "\(.subjectCode)/\(.reasonCode)"' "$refused_codes"
	[ -n "$(jq -r '.error.advice // ""' out.json)" ] || { cat out.json; atf_fail "$refused_codes: no advice"; }
}

# Remedy, function, codes. user: tell and stop; fresh: one more session; later: the order
# stays open, as "postponed" says to the server.
rows() {
	cat <<-ROWS
	user	initiateAuthentication	8.8.1/3.8
	user	initiateAuthentication	8.8.2/3.1
	user	initiateAuthentication	8.8.3/3.1
	user	initiateAuthentication	8.8.4/3.7
	user	authenticateClient	8.1.2/6.1
	user	authenticateClient	8.1.2/6.3
	user	authenticateClient	8.1.3/6.1
	user	authenticateClient	8.1.3/6.3
	fresh	authenticateClient	8.1/6.1
	user	authenticateClient	8.1.1/3.8
	user	authenticateClient	8.1.4/6.1
	user	authenticateClient	8.1/4.8
	later	authenticateClient	8.2/1.2
	user	authenticateClient	8.2.5/4.3
	user	authenticateClient	8.2.6/3.8
	user	authenticateClient	8.8.5/4.1
	user	authenticateClient	8.8.5/6.4
	fresh	authenticateClient	8.10.1/3.9
	user	authenticateClient	8.11.1/3.9
	fresh	getBoundProfilePackage	8.1/6.1
	user	getBoundProfilePackage	8.2/3.7
	user	getBoundProfilePackage	8.2.7/2.2
	user	getBoundProfilePackage	8.2.7/3.8
	user	getBoundProfilePackage	8.2.7/6.4
	fresh	getBoundProfilePackage	8.10.1/3.9
	ROWS
	for function in initiateAuthentication authenticateClient getBoundProfilePackage; do
		for codes in 1.2.1/2.1 1.6/2.1; do
			printf 'user\t%s\t%s\n' $function $codes
		done
		for codes in 8.9/4.2 8.9/5.1; do
			printf 'later\t%s\t%s\n' $function $codes
		done
	done
}

# The confirmation code is not asked for here, so there is none to ask for again.
atf_test_case every_row cleanup
every_row_head() {
	with_servers
	atf_set descr "Every status code: its numbers, advice, as many sessions as it is worth, the reason card and server hear"
}
every_row_body() {
	order demo
	start_card
	start_server
	keep_profile
	rows >table
	while read -r remedy function codes; do
		forget_card_log
		restart_server --fault "$function:status=$codes"
		refused "$codes" "$(es9p_name "$function")" download --yes "$(code demo)"
		case $remedy in
		user) sessions=1 reasons=7F ;;
		fresh) sessions=2 reasons="01
7F" ;;
		later) sessions=1 reasons=01 ;;
		esac
		[ "$function" != initiateAuthentication ] || reasons=-
		says .sessions $sessions
		[ "$(cancel_reasons)" = "$reasons" ] || atf_fail "$function $codes: the card heard $(cancel_reasons)"
		store_is_kept "$codes"
		stop_one server
		[ "$(calls initiateAuthentication)" = $sessions ] ||
			atf_fail "$codes: $(calls initiateAuthentication) sessions, not $sessions"
	done <table
	restart_server
	json_run 0 download --yes "$(code demo)"
	stop_servers
}
every_row_cleanup() { end_servers; }

atf_test_case every_smds_row cleanup
every_smds_row_head() {
	with_servers
	atf_set descr "The status codes of an SM-DS"
}
every_smds_row_body() {
	order demo
	start_card --root-smds "$SMDS"
	start_server
	for codes in 8.9.1/3.8 8.9.2/3.1 8.9.3/3.1 8.9.4/3.7 8.9/4.2; do
		restart_server --fault "initiateAuthentication:status=$codes"
		refused $codes ES11.InitiateAuthentication discover
	done
	for codes in 8.9.5/3.9 8.1.2/6.1 8.9/5.1; do
		restart_server --fault "authenticateClient:status=$codes"
		refused $codes ES11.AuthenticateClient discover
	done
	stop_servers
}
every_smds_row_cleanup() { end_servers; }

atf_test_case fresh_session cleanup
fresh_session_head() {
	with_servers
	atf_set descr "Where a new session mends it the user hears nothing of it"
}
fresh_session_body() {
	number=0
	start_card
	for row in authenticateClient:status=8.1/6.1 authenticateClient:status=8.10.1/3.9 \
		getBoundProfilePackage:status=8.1/6.1 getBoundProfilePackage:status=8.10.1/3.9; do
		number=$((number + 1))
		order "number$number" "894400000000000010$number"
		restart_server --fault "$row@1"
		json_run 0 download --yes "$(code "number$number")"
		says .sessions 2
	done
	stop_servers
}
fresh_session_cleanup() { end_servers; }

atf_test_case lower_version cleanup
lower_version_head() {
	with_servers
	atf_set descr "A refused protocol version is lowered once to the server's, within one session"
}
lower_version_body() {
	order demo
	start_card
	start_server --svn 2.1 --fault initiateAuthentication:status=1.2.2/2.1@1
	json_run 0 download --yes "$(code demo)"
	says .sessions 1
	stop_one server
	[ "$(calls initiateAuthentication)" = 2 ] || atf_fail "$(calls initiateAuthentication) requests"
	start_server --svn 2.1 --fault initiateAuthentication:status=1.2.2/2.1
	refused 1.2.2/2.1 ES9+.InitiateAuthentication download --yes "$(code demo)"
	stop_one server
	[ "$(calls initiateAuthentication)" = 2 ] || atf_fail "$(calls initiateAuthentication) requests"
	stop_servers
}
lower_version_cleanup() { end_servers; }

atf_test_case unknown_codes cleanup
unknown_codes_head() {
	with_servers
	atf_set descr "Codes that no list holds are shown as they came"
}
unknown_codes_body() {
	order demo
	start_card
	start_server --fault authenticateClient:status=9.9.9/7.7
	json_run 5 download --yes "$(code demo)"
	says '.error | "\(.subjectCode)/\(.reasonCode)"' 9.9.9/7.7
	jq -r .error.message out.json | grep -q "9.9.9 / 7.7.*Injected by --fault" || { cat out.json; atf_fail "message"; }
	says .sessions 1
	stop_servers
}
unknown_codes_cleanup() { end_servers; }

# --- of the server's own accord ----------------------------------------------------------------

atf_test_case orders cleanup
orders_head() {
	with_servers
	atf_set descr "What an order does not allow"
}
orders_body() {
	order early "$ICCID" '{"released": false}'
	order late "$ICCID" '{"expires": "2020-01-01T00:00:00Z"}'
	order used "$ICCID" '{"attempts": 1}'
	order foreign "$ICCID" '{"eid": "89049032000001000000012345678962"}'
	start_card
	start_server
	refused 8.2/1.2 ES9+.AuthenticateClient download --yes "$(code early)"
	refused 8.8.5/4.1 ES9+.AuthenticateClient download --yes "$(code late)"
	refused 8.1.1/3.8 ES9+.AuthenticateClient download --yes "$(code foreign)"
	refused 8.2.6/3.8 ES9+.AuthenticateClient download --yes "$(code nothing)"
	json_run 0 address --default "$NAME"
	refused 8.2.5/4.3 ES9+.AuthenticateClient download --yes
	json_run_refused 3 download "$(code used)"
	refused 8.8.5/6.4 ES9+.AuthenticateClient download --yes "$(code used)"
	order demo
	fresh_card --memory 1000
	refused 8.1/4.8 ES9+.AuthenticateClient download --yes "$(code demo)"
	stop_servers
}
orders_cleanup() { end_servers; }

atf_test_case other_eras cleanup
other_eras_head() {
	with_servers
	atf_set descr "An eUICC of another issuer, of an older version; a server, then a card, in whose time all certificates are old"
}
other_eras_body() {
	order demo
	CARD_PKI=brainpool start_card
	start_server
	refused 8.8.2/3.1 ES9+.InitiateAuthentication download --yes "$(code demo)"
	stop_one card
	rm -r card
	start_card --svn 2.1
	restart_server --min-svn 2.2.2
	refused 8.8.3/3.1 ES9+.InitiateAuthentication download --yes "$(code demo)"
	restart_server --clock 2099-01-01T00:00:00Z
	refused 8.1.2/6.3 ES9+.AuthenticateClient download --yes "$(code demo)"
	restart_server
	fresh_card --clock 2099-01-01T00:00:00Z
	json_run 4 download --yes "$(code demo)"
	says .error.function ES10b.AuthenticateServer
	says .error.es10ResultName invalidCertificate
	stop_servers
}
other_eras_cleanup() { end_servers; }

atf_test_case confirmation_code cleanup
confirmation_code_head() {
	with_servers
	atf_set descr "A refused confirmation code is asked for again, as long as the server counts; the session before is postponed"
}
confirmation_code_body() {
	order demo "$ICCID" '{"confirmationCode": "1234", "retries": 3}'
	start_card
	start_server
	forget_card_log
	code demo >code
	atf_check -o match:installed -e match:"refused this code" \
		sh -c 'printf "y\n0000\n1111\n1234\n" | ./lpactl download --code-file code'
	[ "$(cancel_reasons)" = "01
01" ] || atf_fail "the card heard $(cancel_reasons)"
	stop_one server
	[ "$(calls initiateAuthentication)" = 3 ] || atf_fail "$(calls initiateAuthentication) sessions"
	stop_servers
}
confirmation_code_cleanup() { end_servers; }

# --- result codes of the card on the way -----------------------------------------------------------

card_result_rows() {
	cat <<-ROWS
	BF38	1	invalidCertificate		AuthenticateServer
	BF38	2	invalidSignature		AuthenticateServer
	BF38	3	unsupportedCurve		AuthenticateServer
	BF38	4	noSessionContext		AuthenticateServer
	BF38	5	invalidOid			AuthenticateServer
	BF38	6	euiccChallengeMismatch		AuthenticateServer
	BF38	7	ciPKUnknown			AuthenticateServer
	BF38	127	undefinedError			AuthenticateServer
	BF21	1	invalidCertificate		PrepareDownload
	BF21	2	invalidSignature		PrepareDownload
	BF21	3	unsupportedCurve		PrepareDownload
	BF21	4	noSessionContext		PrepareDownload
	BF21	5	invalidTransactionId		PrepareDownload
	BF21	127	undefinedError			PrepareDownload
	ROWS
}

# The server's session ends with the card's answer, which it gets in place of the good one.
atf_test_case card_results cleanup
card_results_head() {
	with_servers
	atf_set descr "What the eUICC answers to AuthenticateServer and PrepareDownload is named, and the server hears it"
}
card_results_body() {
	order demo
	start_card
	start_server
	keep_profile
	card_result_rows >table
	while read -r tag result name function; do
		stop_one card
		start_card --fault "result=$result@$tag:1"
		restart_server
		json_run 4 download --yes "$(code demo)"
		says .error.domain card
		says .error.function "ES10b.$function"
		says .error.es10Result "$result"
		says .error.es10ResultName "$name"
		says .installed false
		mv out.json failed.json
		store_is_kept "$tag $result"
		stop_one server
		case $tag in
		BF38) heard=$(calls authenticateClient) ;;
		BF21) heard=$(calls getBoundProfilePackage) ;;
		esac
		[ "$heard" = 1 ] || atf_fail "$tag $result: the server heard $heard times"
	done <table
	restart_server
	json_run 0 download --yes "$(code demo)"
	stop_servers
}
card_results_cleanup() { end_servers; }

atf_init_test_cases() {
	for name in every_row every_smds_row fresh_session lower_version unknown_codes orders \
		other_eras confirmation_code card_results; do
		atf_add_test_case "$name"
	done
}
