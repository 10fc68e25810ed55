# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034
#
# A server that answers wrongly: each answer of ES9+ spoilt in each way. What the
# user is told, which reason card and server hear, and that the profiles which are
# on the card stay as they are.

. "$(atf_get_srcdir)/lib.sh"

prepare() {
	order demo
	start_card
	start_server
	keep_profile
	failures_begin=$(($(wc -l <card.log) + 1))
}

# One download that a fault of smdpp ends. Then: lpactl's status, the reason in
# ES10b.CancelSession, as many ES9+.CancelSession, and no profile more or less.
ends() { # fault status reason
	forget_card_log
	restart_server --fault "$1"
	json_run "$2" download --yes "$(code demo)"
	mv out.json failed.json
	[ "$(cancel_reasons)" = "$3" ] || atf_fail "$1: the card heard $(cancel_reasons), not $3"
	store_is_kept "$1"
	stop_one server
	expected_calls=1
	[ "$3" != - ] || expected_calls=0
	[ "$(calls cancelSession)" = $expected_calls ] ||
		atf_fail "$1: $(calls cancelSession) cancelSession"
	mv failed.json out.json
}

# The card is not stuck, nor the order used up, where the server says nothing else.
retry_works() {
	restart_server
	json_run 0 download --yes "$(code demo)"
	says .installed true
}

# Some modems have three: whoever leaves one open after a failure has none soon.
channels_are_closed() {
	# Enabling ends with a reset, which closes them too: count from there.
	opened=$(tail -n "+$failures_begin" card.log | grep -c "> 0070000001 ")
	closed=$(tail -n "+$failures_begin" card.log | grep -c "> 007080..")
	[ "$opened" = "$closed" ] || atf_fail "$opened channels opened, $closed closed"
}

# --- what does not verify ------------------------------------------------------------------

# Before AuthenticateServer the card has no session that could be cancelled.
verification_rows() {
	cat <<-ROWS
	initiateAuthentication	transactionId		-	transactionId
	initiateAuthentication	signedTransactionId	-	transactionId
	initiateAuthentication	serverAddress		-	serverAddress
	initiateAuthentication	challenge		-	euiccChallenge
	initiateAuthentication	role			-	CERT.DPauth.ECDSA
	initiateAuthentication	expired			-	CERT.DPauth.ECDSA
	initiateAuthentication	issuer			-	CERT.DPauth.ECDSA
	initiateAuthentication	serverCertificate	-	CERT.DPauth.ECDSA
	initiateAuthentication	serverSigned1		-	serverSignature1
	initiateAuthentication	serverSignature1	-	serverSignature1
	initiateAuthentication	euiccCiPKIdToBeUsed	-	euiccCiPKIdToBeUsed
	authenticateClient	transactionId		7F	transactionId
	authenticateClient	signedTransactionId	7F	transactionId
	authenticateClient	oid			7F	CERT.DPpb.ECDSA
	authenticateClient	role			7F	CERT.DPpb.ECDSA
	authenticateClient	expired			7F	CERT.DPpb.ECDSA
	authenticateClient	issuer			7F	CERT.DPpb.ECDSA
	authenticateClient	smdpCertificate		7F	CERT.DPpb.ECDSA
	authenticateClient	smdpSigned2		7F	smdpSignature2
	authenticateClient	smdpSignature2		7F	smdpSignature2
	authenticateClient	profileMetadata		04	profileMetadata
	getBoundProfilePackage	transactionId		7F	transactionId
	getBoundProfilePackage	signedTransactionId	7F	transactionId
	getBoundProfilePackage	signature		7F	smdpSign
	getBoundProfilePackage	order			7F	BoundProfilePackage
	getBoundProfilePackage	metadata		04	profileMetadata
	ROWS
}

atf_test_case verification cleanup
verification_head() {
	with_servers
	atf_set descr "What does not verify is named, ends with status 6, and is cancelled where card and server have a session"
}
verification_body() {
	prepare
	verification_rows >rows
	while read -r function what reason check; do
		ends "$function:tamper=$what" 6 "$reason"
		says .error.domain verify
		says .error.check "$check"
		! grep -q "could not be cancelled" out.err || atf_fail "$function $what: $(cat out.err)"
	done <rows
	retry_works
	channels_are_closed
	stop_servers
}
verification_cleanup() { end_servers; }

atf_test_case changing_server cleanup
changing_server_head() {
	with_servers
	atf_set descr "A server whose OID is not the same in all its certificates is refused, and so is another than the code names"
}
changing_server_body() {
	prepare
	# The TLS certificate says who the server is; the card never hears of another.
	ends initiateAuthentication:tamper=oid 6 -
	says .error.check CERT.DP.TLS
	start_server
	forget_card_log
	json_run 6 download --yes "$(code demo)\$2.999.99"
	says .error.domain verify
	says .error.check OID
	[ "$(cancel_reasons)" = - ] || atf_fail "the card heard of it"
	store_is_kept "another OID"
	retry_works
	stop_servers
}
changing_server_cleanup() { end_servers; }

# --- what is no answer -----------------------------------------------------------------------

# 01 postponed keeps the order open; what a defective server says ends it (7F undefined).
transfer_rows() {
	cat <<-ROWS
	truncate=20		network	01	null	cut.short
	close			network	01	null	closed.the.connection
	http=500		network	01	500	HTTP.status.500
	http=404		network	01	404	HTTP.status.404
	http=204		network	01	204	HTTP.status.204
	redirect		network	01	302	redirects
	type=text/html		network	01	200	text/html
	oversize=2000000	server	7F	null	longer.than
	drop-field=FIELD	server	7F	null	FIELD.is.missing
	field-type=FIELD	server	7F	null	FIELD.is.no.string
	ROWS
}

spoil_transfers() { # function a-field
	prepare
	transfer_rows | sed "s/FIELD/$2/g" >rows
	while read -r fault domain reason http words; do
		[ "$1" != initiateAuthentication ] || reason=-
		ends "$1:$fault" 5 "$reason"
		says .error.domain "$domain"
		says .error.function "$(es9p_name "$1")"
		says .error.httpStatus "$http"
		jq -r .error.message out.json | grep -q "$words" || { cat out.json; atf_fail "$fault: what was it?"; }
	done <rows
	retry_works
	stop_servers
}

atf_test_case initiate_authentication cleanup
initiate_authentication_head() {
	with_servers
	atf_set descr "An answer to initiateAuthentication that is none ends with status 5; there is nothing to cancel"
}
initiate_authentication_body() { spoil_transfers initiateAuthentication serverSigned1; }
initiate_authentication_cleanup() { end_servers; }

atf_test_case authenticate_client cleanup
authenticate_client_head() {
	with_servers
	atf_set descr "An answer to authenticateClient that is none ends with status 5 and is cancelled"
}
authenticate_client_body() { spoil_transfers authenticateClient smdpSignature2; }
authenticate_client_cleanup() { end_servers; }

atf_test_case get_bound_profile_package cleanup
get_bound_profile_package_head() {
	with_servers
	atf_set descr "An answer to getBoundProfilePackage that is none ends with status 5 and is cancelled"
}
get_bound_profile_package_body() { spoil_transfers getBoundProfilePackage boundProfilePackage; }
get_bound_profile_package_cleanup() { end_servers; }

atf_test_case cancel_session cleanup
cancel_session_head() {
	with_servers
	atf_set descr "A cancelSession that goes wrong is a note beside the user's refusal; the card's session is over"
}
cancel_session_body() {
	prepare
	for fault in truncate=20 close http=500 redirect type=text/html oversize=2000000 \
		status=8.1/6.1 status=8.8/3.1 status=8.8/3.10 status=8.10.1/3.9; do
		forget_card_log
		restart_server --fault "cancelSession:$fault"
		json_run_refused 3 download "$(code demo)"
		says .error.domain policy
		[ "$(cancel_reasons)" = 00 ] || atf_fail "$fault: another reason"
		grep -q "note: .*could not be cancelled on the server" out.err || atf_fail "$fault: no note"
		store_is_kept "$fault"
	done
	retry_works
	stop_servers
}
cancel_session_cleanup() { end_servers; }

atf_test_case handle_notification cleanup
handle_notification_head() {
	with_servers
	atf_set descr "A notification leaves the card after a 204 and after nothing else"
}
handle_notification_body() {
	order demo
	start_card
	start_server --fault handleNotification:close
	json_run 0 download --yes "$(code demo)"
	says .installed true
	says .notificationSent false
	for fault in http=200 http=202 http=404 http=500 redirect status=8.1/6.1; do
		restart_server --fault "handleNotification:$fault"
		json_run 5 notifications --send
		says '.notifications[0] | "\(.seqNumber) \(.sent) \(.removed)"' "0 false false"
		json_run 0 notifications
		says '[.notificationMetadataList[].seqNumber] | tostring' "[0]"
	done
	restart_server
	json_run 0 notifications --send
	[ "$(delivered | tail -n 1)" = "install 0" ] || atf_fail "not delivered"
	json_run 0 notifications
	says '.notificationMetadataList | length' 0
	stop_servers
}
handle_notification_cleanup() { end_servers; }

# --- what only the card can see -----------------------------------------------------------------

package_rows() {
	cat <<-ROWS
	hostId			8	scp03tSecurityError			damaged
	mac			8	scp03tSecurityError			damaged
	boundProfilePackage	8	scp03tSecurityError			damaged
	package			12	installFailedDueToPEProcessingError	another.version
	ROWS
}

atf_test_case package cleanup
package_head() {
	with_servers
	atf_set descr "A spoilt package is refused by the card, the server hears why, nothing of it stays, and a good one installs"
}
package_body() {
	prepare
	package_rows >rows
	while read -r what result name advice; do
		stop_one server
		rm -f notifications.jsonl
		start_server --fault "getBoundProfilePackage:tamper=$what"
		json_run 4 download --yes "$(code demo)"
		says .error.domain card
		says .error.function ES10b.LoadBoundProfilePackage
		says .error.es10Result "$result"
		says .error.es10ResultName "$name"
		says .installed false
		says .notificationSent true
		jq -r .error.advice out.json | grep -q "$advice" || { cat out.json; atf_fail "$what: advice"; }
		[ "$(jq -r '"\(.result) \(.errorReason) \(.verified)"' notifications.jsonl)" = "error $result true" ] ||
			{ cat notifications.jsonl; atf_fail "$what: not what the server heard"; }
		store_is_kept "$what"
		json_run 0 notifications
		says '.notificationMetadataList | length' 0
	done <rows
	retry_works
	stop_servers
}
package_cleanup() { end_servers; }

# --- an SM-DS ------------------------------------------------------------------------------------

# fault status domain check reason
smds_rows() {
	cat <<-ROWS
	initiateAuthentication:tamper=transactionId	6	verify	transactionId		-
	initiateAuthentication:tamper=serverAddress	6	verify	serverAddress		-
	initiateAuthentication:tamper=challenge		6	verify	euiccChallenge		-
	initiateAuthentication:tamper=expired		6	verify	CERT.DSauth.ECDSA	-
	initiateAuthentication:tamper=serverSignature1	6	verify	serverSignature1	-
	initiateAuthentication:close			5	network	null			-
	initiateAuthentication:oversize=2000000		5	server	null			-
	authenticateClient:tamper=transactionId		6	verify	transactionId		7F
	authenticateClient:drop-field=eventEntries	5	server	null			7F
	authenticateClient:field-type=eventEntries	5	server	null			7F
	authenticateClient:close			5	network	null			01
	authenticateClient:http=500			5	network	null			01
	authenticateClient:type=text/html		5	network	null			01
	authenticateClient:truncate=20			5	network	null			01
	ROWS
}

atf_test_case smds cleanup
smds_head() {
	with_servers
	atf_set descr "The answers of an SM-DS are judged as an SM-DP+'s are; only the card has a session to cancel"
}
smds_body() {
	order demo "$ICCID" '{"event": "EVENT-1"}'
	start_card --root-smds "$SMDS"
	start_server
	smds_rows >rows
	while read -r fault status domain check reason; do
		forget_card_log
		restart_server --fault "$fault"
		json_run "$status" discover
		says .error.domain "$domain"
		says .error.check "$check"
		[ "$(cancel_reasons)" = "$reason" ] || atf_fail "$fault: the card heard $(cancel_reasons)"
		stop_one server
		[ "$(calls cancelSession)" = 0 ] || atf_fail "$fault: an SM-DS has no cancelSession"
	done <rows
	restart_server
	json_run 0 discover
	says '.eventEntries[0].eventId' EVENT-1
	stop_servers
}
smds_cleanup() { end_servers; }

# --- TLS --------------------------------------------------------------------------------------

atf_test_case tls cleanup
tls_head() {
	with_servers
	atf_set descr "A server under another root, or out of date, or with another name is not spoken to"
}
tls_body() {
	prepare
	forget_card_log
	cp "$PKI/brainpool/CERT_CI.der" roots/
	json_run 5 download --yes "$(code demo)"
	says .error.domain network
	cp "$PKI/nist/CERT_CI.der" roots/
	json_run 5 --clock 2099-01-01T00:00:00Z download --yes "$(code demo)"
	says .error.domain network
	json_run 5 --connect-to "other.example.com:443:$server_address" download --yes "LPA:1\$other.example.com\$demo"
	says .error.domain network
	[ "$(cancel_reasons)" = - ] || atf_fail "the card had a session"
	store_is_kept TLS
	stop_one server
	[ "$(calls initiateAuthentication)" = 1 ] || atf_fail "the server was asked"
	retry_works
	stop_servers
}
tls_cleanup() { end_servers; }

atf_init_test_cases() {
	for name in verification changing_server initiate_authentication authenticate_client \
		get_bound_profile_package cancel_session handle_notification package smds tls; do
		atf_add_test_case "$name"
	done
}
