# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034
#
# lpactl's command line: what is refused, how it fails, what it writes.

. "$(atf_get_srcdir)/lib.sh"

refused() { # argument...
	atf_check -s exit:2 -o empty -e match:"^lpactl: " "$BIN/lpactl" --device unix:none "$@"
}

# ./nowhere PROGRAM...: where this machine's readers, devices and pcscd are not.
make_nowhere() {
	unshare_user=
	[ "$(id -u)" = 0 ] || unshare_user=--map-root-user
	unshare $unshare_user --net --mount true 2>unshare.err ||
		atf_skip "no namespaces can be had here: $(cat unshare.err)"
	mkdir dev
	cat >nowhere <<-PROGRAM
	#!/bin/sh
	exec unshare $unshare_user --net --mount sh -ec '
		mount -t tmpfs none /sys
		[ ! -d /run/pcscd ] || mount -t tmpfs none /run/pcscd
		mount -t tmpfs none "\$0"
		for device in null random urandom; do
			: >"\$0/\$device"
			mount --bind "/dev/\$device" "\$0/\$device"
		done
		mount --rbind "\$0" /dev
		exec "\$@"' "$PWD/dev" "\$@"
	PROGRAM
	chmod +x nowhere
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
	refused devices
}

atf_test_case no_device
no_device_head() {
	atf_set descr "A device that is not there, and none that could be taken, are said to be missing"
	atf_set require.progs unshare
}
no_device_body() {
	make_nowhere
	for words in info "--direct info"; do
		# shellcheck disable=SC2086 # words
		atf_check -s exit:2 -e match:"no --device was given, and there is no eUICC device, no card reader and no modem" \
			-e match:"advice: plug in a reader with a card" ./nowhere "$BIN/lpactl" $words
	done
	atf_check -o match:'"devices": *\[\]' -e match:"no card reader" ./nowhere "$BIN/lpactl" --json devices
	for uri in foo:bar unix: tcp:nowhere usb:99-1 usb:nonsense 'usb:?slot=x' 'usb:1-1?slot=16' /dev/euicc0 \
		'pcsc:no such reader' 'pcsc:%00' mbim:/dev/cdc-wdm0; do
		atf_check -s not-exit:0 -e match:"^lpactl: " ./nowhere "$BIN/lpactl" --device "$uri" info
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

atf_test_case mistyped_codes
mistyped_codes_head() {
	atf_set descr "A command line that is refused is not repeated where it may hold a code"
}
mistyped_codes_body() {
	for line in "info LPA:1\$h\$SECRET" "LPA:1\$h\$SECRET" "download --activation-code=LPA:1\$h\$SECRET" \
		"download --confirmation-code=SECRET" "download --confirmation-code SECRET" "download --code=SECRET" \
		"download --code SECRET" "download --confirmation-code-file SECRET --smdp a.example.com" \
		"download --code-file SECRET" "download --code-file LPA:1\$h\$SECRET" "download a SECRET" \
		"download --match=SECRET --smdp a.example.com" "download --yes=SECRET" "--device LPA:1\$h\$SECRET info" \
		"--ci-roots 1\$h\$SECRET info" "--clock SECRET info" "--connect-to SECRET info" \
		"notifications --remove SECRET" "apdu SECRET" "download --smdp SECRET" "download --imei SECRET" \
		"enable LPA:1\$h\$SECRET" "SECRET" "--SECRET info" "info SECRET"; do
		for json in "" --json; do
			status=0
			# shellcheck disable=SC2086 # words
			"$BIN/lpactl" --device unix:none $json $line >out 2>err || status=$?
			[ "$status" != 0 ] || atf_fail "$line: status 0"
			! grep -q SECRET out err || { cat out err; atf_fail "$line is repeated"; }
		done
	done
	atf_check -s exit:2 -e match:"unknown.*: --confirmation-code$" "$BIN/lpactl" download --confirmation-code=1
	atf_check -s exit:2 -e match:"unknown verb: profile$" "$BIN/lpactl" profile
	atf_check -s exit:2 -e match:"unknown option: -y$" "$BIN/lpactl" download -y
	atf_check -s exit:2 -e match:"unknown" "$BIN/lpactl" --jso info
}

atf_test_case secrets_leave_argv cleanup
secrets_leave_argv_head() {
	with_servers
	atf_set descr "Code and matching id are gone from the list of processes before the card is spoken to"
}
secrets_leave_argv_body() {
	start_card
	start_server
	mkfifo pin
	for words in "LPA:1\$$NAME\$SECRET" "--smdp $NAME --matching-id SECRET" "--smdp $NAME --matching-id=SECRET"; do
		# The code's file is read after the words were taken; it holds lpactl up.
		# shellcheck disable=SC2086 # words
		./lpactl --json download --yes --confirmation-code-file pin $words >out.json 2>out.err &
		client=$!
		exec 3>pin
		tr '\0' ' ' <"/proc/$client/cmdline" >line
		grep -q lpactl line || atf_fail "no list: $(cat line)"
		! grep -q SECRET line || atf_fail "seen: $(cat line)"
		echo 1 >&3
		exec 3>&-
		wait "$client" || true
		says .error.subjectCode 8.2.6
	done
	stop_servers
}
secrets_leave_argv_cleanup() { end_servers; }

atf_test_case one_document
one_document_head() {
	with_servers unshare
	atf_set descr "With --json standard output is one document, also where the command line itself is wrong"
}
one_document_body() {
	make_nowhere
	while read -r line; do
		for order in "--json $line" "$line --json"; do
			status=0
			# shellcheck disable=SC2086 # words
			./nowhere "$BIN/lpactl" $order >out.json 2>err </dev/null || status=$?
			[ "$status" != 0 ] || atf_fail "$order: status 0"
			[ "$(jq -s 'map(.error.domain) | length' out.json)" = 1 ] || { cat out.json; atf_fail "$order"; }
			says '.error.message | length > 0' true
		done
	done <<-LINES
	frobnicate
	info
	info extra
	--frobnicate
	-x info
	--yes=1 download
	--help frobnicate
	--clock tomorrow info
	--trace-secrets info
	--trace /nowhere/file --device unix:none info
	--device unix:none info
	--device unix:none download --code-file missing
	--device unix:none download LPA:2
	--device unix:none apdu 00
	--device foo:bar profiles
	--device unix:none reset
	--device unix:none delete 8944
	LINES
	atf_check -s exit:2 -o match:'"usage"' -e ignore "$BIN/lpactl" --json
	atf_check -s exit:2 -o match:'"usage"' -e ignore "$BIN/lpactl" --json info --device
}

atf_test_case closed_descriptors cleanup
closed_descriptors_head() {
	with_servers
	atf_set descr "Started without standard descriptors, no program takes a socket for one of them"
}
closed_descriptors_body() {
	order demo
	start_card
	start_server
	for verb in info profiles notifications address discover "download --yes $(code demo)" "delete --yes $ICCID"; do
		for closed in '<&-' '>&-' '2>&-' '>&- 2>&-' '<&- >&- 2>&-'; do
			[ "$verb" != "${verb#d}" ] && [ "$closed" != '<&- >&- 2>&-' ] && continue
			sh -c "exec ./lpactl --stats $(echo "$verb" | sed 's/[$]/\\$/g') $closed" >out 2>err ||
				atf_fail "$verb $closed: status $?, $(cat err)"
		done
	done
	[ "$(delivered | sort -u)" != "" ] || atf_fail "no notification was delivered"
	# Nobody can answer: the order stays.
	rm profiles/demo.der && order demo
	for closed in '<&-' '<&- >&- 2>&-'; do
		status=0
		sh -c "exec ./lpactl download '$(code demo)' $closed" >out 2>err || status=$?
		[ "$status" = 3 ] || atf_fail "download $closed: status $status"
	done
	stop_servers
	for tool in "veuicc --frobnicate" "smdpp --frobnicate" "mkpki" "mkprofile"; do
		status=0
		sh -c "exec $BIN/$tool <&- >&- 2>&-" || status=$?
		[ "$status" = 2 ] || atf_fail "$tool: status $status"
	done
	sh -c "exec $BIN/mkprofile --iccid $ICCID --imsi $IMSI whole.der"
	sh -c "exec $BIN/mkprofile --iccid $ICCID --imsi $IMSI closed.der <&- >&- 2>&-"
	cmp whole.der closed.der || atf_fail "mkprofile wrote something else"
}
closed_descriptors_cleanup() { end_servers; }

atf_test_case silence cleanup
silence_head() {
	with_servers
	atf_set descr "The end of input is no answer: reason timeout, advice names the option, the order stays; an empty line is a no"
}
silence_body() {
	order demo
	order rules 8944000000000000025 '{"policyRules": ["ppr2"], "owner": "00101"}'
	order pin 8944000000000000033 '{"confirmationCode": "1234"}'
	start_card --rat 'ppr1+ppr2:*:consent'
	start_server
	forget_card_log
	json_run 3 download "$(code demo)"
	says .error.message "nobody answered"
	says '.error.advice | test("--yes")' true
	json_run 3 download --yes "$(code rules)"
	says '.error.advice | test("--accept-ppr")' true
	json_run 3 download --yes "$(code pin)"
	says '.error.message | test("nobody answered")' true
	says '.error.advice | test("--confirmation-code-file")' true
	[ "$(cancel_reasons | sort -u)" = 02 ] || atf_fail "reasons $(cancel_reasons)"
	json_run 0 download --yes "$(code demo)"
	json_run 0 download --yes --accept-ppr "$(code rules)"
	forget_card_log
	code pin >code
	atf_check -s exit:3 -e match:"the user refused" sh -c 'echo | ./lpactl download --code-file code'
	[ "$(cancel_reasons)" = 00 ] || atf_fail "an empty line: reason $(cancel_reasons)"
	stop_servers
}
silence_cleanup() { end_servers; }

atf_test_case second_interrupt cleanup
second_interrupt_head() {
	with_servers
	atf_set descr "A second interrupt stops at once what cleans up after the first, the card being mute"
	atf_set timeout 60
}
second_interrupt_body() {
	order demo
	start_card --fault mute@BF36
	start_server
	code demo >code
	mkfifo notes
	./lpactl --trace trace --json download --yes --code-file code >out.json 2>notes &
	client=$!
	exec 4<notes
	until grep -q mute card.log; do :; done
	kill -INT "$client"
	while read -r line <&4; do
		case $line in *"interrupt again"*) break ;; esac
	done
	kill -INT "$client"
	status=0
	wait "$client" || status=$?
	[ "$status" = 3 ] || atf_fail "status $status"
	says .error.code ESIM_ECANCELED
	! grep ETIMEDOUT trace || atf_fail "a deadline passed before the second interrupt counted"
	exec 4<&-
	stop_servers
}
second_interrupt_cleanup() { end_servers; }

atf_test_case hang_up cleanup
hang_up_head() {
	with_servers
	atf_set descr "A hang-up cleans up like an interrupt; the process cannot be dumped"
}
hang_up_body() {
	order demo
	start_card
	start_server
	mkfifo answers questions
	code demo >code
	./lpactl download --code-file code <answers 2>questions >out &
	client=$!
	exec 3>answers 4<questions
	while read -r line <&4; do
		case $line in Class*) break ;; esac
	done
	# A process that may not be dumped belongs to root.
	[ "$(id -u)" = 0 ] || [ "$(stat -c %u "/proc/$client/environ")" = 0 ] || atf_fail "it can be dumped"
	kill -HUP "$client"
	status=0
	wait "$client" || status=$?
	exec 3>&- 4<&-
	[ "$status" = 3 ] || atf_fail "status $status"
	grep -q "BF41.*810100" card.log || atf_fail "the card's session was not cancelled"
	stop_servers
}
hang_up_cleanup() { end_servers; }

atf_test_case quit cleanup
quit_head() {
	with_servers script stty
	atf_set descr "SIGQUIT while a code is typed leaves a terminal that shows typing, and no core"
	atf_set timeout 60
}
quit_body() {
	order demo "$ICCID" '{"confirmationCode": "1234"}'
	start_card
	start_server
	code demo >code
	cat >on_terminal <<-'SCRIPT'
	#!/bin/sh
	tty >tty
	ulimit -c unlimited
	sh -c 'echo $$ >pid; exec ./lpactl download --yes --code-file code'
	echo $? >status
	stty -a >after
	SCRIPT
	chmod +x on_terminal
	mkfifo typed
	script -qec ./on_terminal /dev/null <typed >terminal.out 2>&1 &
	terminal=$!
	exec 3>typed
	until [ -s tty ] && stty -F "$(cat tty)" -a | grep -q -e ' -echo '; do :; done
	kill -QUIT "$(cat pid)"
	wait "$terminal" || true
	exec 3>&-
	[ "$(cat status)" = 131 ] || atf_fail "status $(cat status)"
	grep -q ' echo ' after || { cat after; atf_fail "typing is not shown"; }
	! grep -qi 'core dumped' terminal.out || atf_fail "a core"
	for file in core*; do
		[ ! -e "$file" ] || atf_fail "a core: $file"
	done
	stop_servers
}
quit_cleanup() { end_servers; }

atf_test_case help
help_head() {
	atf_set descr "Help and version come for every verb, on standard output, without a device"
}
help_body() {
	atf_check -o match:"^Usage: lpactl" -o match:"^  download " "$BIN/lpactl" --help
	atf_check -o match:"^lpactl [0-9]" "$BIN/lpactl" --version
	for verb in $("$BIN/lpactl" --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
		atf_check -o match:"^Usage: lpactl .* $verb" -o match:"--json" "$BIN/lpactl" "$verb" --help
	done
	atf_check -o match:"--device URI" "$BIN/lpactl" info --help
	atf_check -o not-match:"--device URI" "$BIN/lpactl" devices --help
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
	says .error.outcome null
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

atf_test_case lost_trace cleanup
lost_trace_head() {
	with_servers
	atf_set descr "A trace that could not be written is told; contents go into no file that others may read"
}
lost_trace_body() {
	start_card
	[ -c /dev/full ] || atf_skip "no /dev/full"
	json_run 1 info --trace /dev/full
	says .error.domain system
	says '.error.message | test("trace")' true
	says '.eidValue | length' 32
	atf_check -s exit:1 -o match:^EID -e match:"lpactl: the trace" ./lpactl info --trace /dev/full
	for file in plain whole; do
		echo old >$file
		chmod 644 $file
	done
	json_run 0 info --trace plain
	[ "$(stat -c %a plain)" = 644 ] || atf_fail "the mode of a file without secrets changed"
	json_run 0 info --trace whole --trace-secrets
	[ "$(stat -c %a whole)" = 600 ] || atf_fail "others may read the contents"
	json_run 0 info --trace /dev/null --trace-secrets
	[ -c /dev/null ] && [ "$(stat -c %a /dev/null)" != 600 ] || atf_fail "the mode of a device changed"
	stop_servers
}
lost_trace_cleanup() { end_servers; }

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
	for name in bad_usage no_device bad_codes mistyped_codes secrets_leave_argv one_document closed_descriptors \
		silence second_interrupt hang_up quit help json_errors trace lost_trace statistics information roots; do
		atf_add_test_case "$name"
	done
}
