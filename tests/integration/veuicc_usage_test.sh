# SPDX-License-Identifier: GPL-2.0-or-later
#
# The program veuicc: how it is started, spoken to and ended.

VEUICC="$COREESIM_BIN/veuicc"
PKI="$COREESIM_PKI/nist"

atf_test_case help_and_version
help_and_version_body() {
	atf_check -o match:"--listen" -o match:"--fault" "$VEUICC" --help
	atf_check -o match:"^veuicc [0-9]" "$VEUICC" --version
}

atf_test_case wrong_usage
wrong_usage_head() {
	atf_set descr "What is unknown, missing or senseless is refused with status 2 and said"
}
wrong_usage_body() {
	atf_check -s exit:2 -e match:"--state" "$VEUICC"
	atf_check -s exit:2 -e match:"bogus" "$VEUICC" --bogus
	atf_check -s exit:2 -e match:"what is \"more\"" "$VEUICC" --state s --listen unix:s.sock more
	atf_check -s exit:2 -e match:"only one way" "$VEUICC" --state s --listen unix:a --vpcd b:1
	atf_check -s exit:2 -e match:"/dev/null is not the kernel's proxy" "$VEUICC" --pki "$PKI" --state s \
		--proxy /dev/null
	atf_check -s exit:1 -e match:"modprobe euicc_proxy" "$VEUICC" --pki "$PKI" --state s --proxy /dev/nothing
	for option in "--svn 3.1" "--memory x" "--atr 3" "--clock noon" "--busy -1" "--forbid-ppr 4" \
		"--fault mute" "--link speed=1" "--rat ppr1"; do
		# shellcheck disable=SC2086
		atf_check -s exit:2 -e not-empty "$VEUICC" --pki "$PKI" --state s --listen unix:s.sock $option
	done
	atf_check -s not-exit:0 -e match:"nowhere" "$VEUICC" --state s --listen unix:s.sock --pki nowhere
}

atf_test_case framing_and_sigterm
framing_and_sigterm_head() {
	atf_set descr "It answers in vpcd's framing, closes a connection that breaks it, and SIGTERM ends it with 0"
	atf_set require.progs socat
}
framing_and_sigterm_body() {
	mkfifo ready
	"$VEUICC" --pki "$PKI" --state card --listen unix:card.sock >ready 2>err &
	pid=$!
	read -r line <ready
	[ "$line" = "listening unix:card.sock" ] || atf_fail "said '$line'"
	printf '\0\001\001\0\007\0\244\0\014\002\077\0' | socat -t 5 - UNIX-CONNECT:card.sock >answer
	atf_check -o inline:" 00 02 90 00\n" od -An -tx1 answer
	printf '\0\0' | socat -t 5 - UNIX-CONNECT:card.sock >answer
	atf_check -o empty cat answer
	kill -TERM "$pid"
	wait "$pid" || atf_fail "status $?"
	[ ! -e card.sock ] || atf_fail "the socket is left over"
	atf_check -o match:"broke the framing" cat err
}

atf_test_case two_roots
two_roots_head() {
	atf_set descr "A second --pki adds its CI to the verification list"
	atf_set require.progs socat
}
two_roots_body() {
	mkfifo ready
	"$VEUICC" --pki "$PKI" --pki "$COREESIM_PKI/brainpool" --state card --listen unix:card.sock \
		--log log >ready &
	pid=$!
	read -r line <ready
	{
		printf '\0\001\001\0\004\0\160\0\001'
		printf '\0\025\001\244\004\0\020\240\0\0\005\131\020\020\377\377\377\377\211\0\0\001\0'
		printf '\0\011\201\342\221\0\003\277\040\0\0'
	} | socat -t 5 - UNIX-CONNECT:card.sock >answer
	kill -TERM "$pid"
	wait "$pid" || atf_fail "status $?"
	# BF20 with two key ids of twenty bytes each in A9: 2 * 22 = 2C.
	atf_check -o match:"BF20.*A92C0414.*0414" cat log
}

atf_init_test_cases() {
	atf_add_test_case help_and_version
	atf_add_test_case wrong_usage
	atf_add_test_case framing_and_sigterm
	atf_add_test_case two_roots
}
