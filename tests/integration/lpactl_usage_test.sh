# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034
#
# lpactl's command line: what is refused, how it fails, what it writes.

. "$(atf_get_srcdir)/lib.sh"

refused() { # argument...
	atf_check -s exit:2 -o empty -e match:"^lpactl: " "$BIN/lpactl" --device unix:none "$@"
}

atf_test_case bad_usage
bad_usage_head() {
	atf_set descr "Unknown, misplaced, doubled and malformed arguments are refused before anything is opened"
}
bad_usage_body() {
	refused
	refused frobnicate
	refused info extra
	refused --frobnicate info
	refused info --yes
	refused enable
	refused enable a b
	refused rename a
	refused apdu
	refused apdu 00A4
	refused apdu 00A400zz
	refused apdu 00A40
	refused --device unix:other info
	refused --clock yesterday info
	refused --clock 2026-13-01T00:00:00Z info
	refused --connect-to a:b info
	refused --trace-secrets info
	refused download --matching-id x
	refused download 'LPA:1$a.example.com$x' --smdp a.example.com
	refused download --discover --code-file x
	refused download a b
	refused notifications --send --remove 1
	refused notifications --remove one
	refused notifications --remove -1
	refused notifications --remove 4294967296
	atf_check -s exit:2 -e match:"no --device" "$BIN/lpactl" info
	atf_check -s exit:2 -e match:"no --device" "$BIN/lpactl" --direct info
	for uri in foo:bar unix: tcp:nowhere usb:1-1 /dev/euicc0 pcsc: mbim:/dev/cdc-wdm0; do
		atf_check -s not-exit:0 -e match:"^lpactl: " "$BIN/lpactl" --device "$uri" info
	done
}

atf_test_case bad_codes cleanup
bad_codes_head() {
	with_servers
	atf_set descr "A malformed activation code is a usage error that does not repeat the code"
}
bad_codes_body() {
	start_card
	for bad in '' 'LPA:2$smdp.example.com$x' 'LPA:1$' 'LPA:1$bad host$x' 'nonsense' 'LPA:1$10.0.0.1$SECRET'; do
		json_run 2 download --yes "$bad"
		! grep -q SECRET out.json out.err || atf_fail "the code was shown"
	done
	json_run 2 download --yes --code-file missing
	: >empty
	json_run 2 download --yes --code-file empty
	stop_servers
}
bad_codes_cleanup() { end_servers; }

atf_test_case help
help_head() {
	atf_set descr "Help and version come for every verb, on standard output, without a device"
}
help_body() {
	atf_check -o match:"^Usage: lpactl" -o match:"^  download " "$BIN/lpactl" --help
	atf_check -o match:"^lpactl [0-9]" "$BIN/lpactl" --version
	for verb in $("$BIN/lpactl" --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
		atf_check -o match:"^Usage: lpactl .* $verb" -o match:"--device URI" "$BIN/lpactl" "$verb" --help
	done
	atf_check -o match:"--code-file FILE" "$BIN/lpactl" download --help
	atf_check -o not-match:"--code-file" "$BIN/lpactl" info --help
}

atf_test_case json_errors cleanup
json_errors_head() {
	with_servers
	atf_set descr "With --json a failure is one document with cause and advice, whatever failed"
}
json_errors_body() {
	start_card
	start_server
	json_run 2 --device unix:other info
	says .error.domain usage
	json_run 5 download --yes 'LPA:1$smdpp.example.com$nothing'
	says .error.domain server
	says .error.subjectCode 8.2.6
	says .error.reasonCode 3.8
	stop_one server
	json_run 5 download --yes 'LPA:1$smdpp.example.com$nothing'
	says .error.domain network
	stop_one card
	json_run 4 info
	says .error.domain transport
}
json_errors_cleanup() { end_servers; }

atf_test_case trace cleanup
trace_head() {
	with_servers
	atf_set descr "The trace has a line per APDU and HTTP message and no secret, unless it is asked for"
}
trace_body() {
	order SECRET-ID
	start_card
	start_server
	eid=$(./lpactl --json info | jq -r .eidValue)
	id_hex=5345435245542D4944
	json_run 0 download --yes --trace redacted "$(code SECRET-ID)"
	[ "$(grep -c ' http .* POST smdpp.example.com/gsma/rsp2/es9plus/' redacted)" = 4 ] || { cat redacted; atf_fail "lines"; }
	grep -q " apdu .*ms ch=1 81E2910003 BF20" redacted || atf_fail "no APDU"
	! grep -qi -e SECRET -e "$id_hex" -e "$eid" redacted || atf_fail "the redacted trace holds secrets"
	[ "$(stat -c %a redacted)" = 600 ] || atf_fail "others may read the trace"
	json_run 0 delete --yes "$ICCID"
	json_run 0 download --yes --trace whole --trace-secrets "$(code SECRET-ID)"
	grep -q "$id_hex" whole || atf_fail "--trace-secrets shows nothing"
	stop_servers
}
trace_cleanup() { end_servers; }

atf_test_case statistics cleanup
statistics_head() {
	with_servers
	atf_set descr "--stats counts each step; a download makes one connection, one handshake, and no needless APDU"
}
statistics_body() {
	order demo
	start_card
	start_server
	json_run 0 download --yes --stats "$(code demo)"
	says '[.stats[].step] | join(" ")' "ES10b.GetEUICCInfo1 ES10b.GetEUICCChallenge ES9+.InitiateAuthentication \
ES10b.AuthenticateServer ES9+.AuthenticateClient ES10b.PrepareDownload ES9+.GetBoundProfilePackage \
ES10b.LoadBoundProfilePackage ES9+.HandleNotification ES10b.RemoveNotificationFromList"
	says '[.stats[].connections] | add' 1
	says '[.stats[].requests] | add' 4
	atf_check -o match:"^STEP " ./lpactl info --stats
	stop_servers
}
statistics_cleanup() { end_servers; }

atf_test_case information cleanup
information_head() {
	with_servers
	atf_set descr "info shows what the eUICC is, with SGP.22's names in JSON"
}
information_body() {
	start_card
	atf_check -o match:"^EID  *8904903200000100000001234567895" ./lpactl info
	json_run 0 info
	for member in eidValue euiccInfo2.svn euiccInfo2.euiccCiPKIdListForSigning euiccConfiguredAddresses.rootDsAddress; do
		[ "$(jq ".$member" out.json)" != null ] || atf_fail "$member is missing"
	done
	stop_servers
}
information_cleanup() { end_servers; }

atf_test_case roots cleanup
roots_head() {
	with_servers
	atf_set descr "Without --ci-roots production roots alone are trusted; foreign roots fail with status 6 or 5, never succeed"
}
roots_body() {
	order demo
	start_card
	start_server
	atf_check -s exit:6 -o empty -e match:"production root" "$BIN/lpactl" --device "unix:$PWD/card.sock" \
		--connect-to "$NAME:443:$server_address" download --yes "$(code demo)"
	rm -r roots
	mkdir roots
	cp "$PKI/brainpool/CERT_CI.der" roots/
	json_run 5 download --yes "$(code demo)"
	says .error.code ESIM_ETLS
	mkdir void
	: >void/empty.der
	for dir in void nowhere; do
		atf_check -s not-exit:0 -o empty -e match:"$dir" "$BIN/lpactl" --device "unix:$PWD/card.sock" \
			--ci-roots "$dir" download --yes "$(code demo)"
	done
	stop_servers
}
roots_cleanup() { end_servers; }

atf_init_test_cases() {
	for name in bad_usage bad_codes help json_errors trace statistics information roots; do
		atf_add_test_case "$name"
	done
}
