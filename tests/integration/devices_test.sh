# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# lpactl devices and the choice where none is named, on readers that vreader-host plugs in. What
# pcscd has is in pcsc_lifecycle_test.sh.

. "$(atf_get_srcdir)/lib.sh"

# A program, since atf_check runs no functions.
make_with_reader() {
	cat >with_reader <<-CLIENT
	#!/bin/sh
	# "vreader option..." lpactl argument...
	options=\$1
	shift
	exec "$BIN/vreader-host" --state card --pki "$PKI/nist" \$options -- "$BIN/lpactl" "\$@"
	CLIENT
	chmod +x with_reader
}

test_case() { # name description
	atf_test_case "$1"
	eval "$1_head() { atf_set descr \"$2\"; atf_set require.progs jq; }"
}

test_case only "The only card is taken, and it is said which"
only_body() {
	make_with_reader
	atf_check -o match:'^EID ' -e match:'^lpactl: using usb:1-1 \(CoreESIM Virtual eUICC reader\)$' \
		./with_reader '' info
	atf_check -o match:'^EID ' -e empty ./with_reader '' --device usb:1-1 info
	atf_check -o match:'^EID ' -e match:'using usb:1-1\?slot=1 ' ./with_reader '--slots 2 --empty 0' info
}

test_case several "Several cards are listed, and none is guessed at"
several_body() {
	make_with_reader
	atf_check -s exit:2 -e match:'there are 2 devices with a card: usb:1-1, usb:1-1\?slot=1$' \
		./with_reader '--slots 2' info
	atf_check -o match:'^EID ' -e empty ./with_reader '--slots 2' --device 'usb:?slot=1' info
	atf_check -s exit:2 -e match:'has 2 slots, the first is 0' \
		./with_reader '--slots 2' --device 'usb:?slot=2' info
}

test_case listed "A reader is listed with URI, name, ATR and state, whatever is in it"
listed_body() {
	make_with_reader
	./with_reader '--slots 2 --empty 1' --json devices >out.json || atf_fail "no list"
	says '.devices | length' 2
	says '.devices[0] | [.uri, .transport, .reader, .atr, .state] | join("|")' \
		"usb:1-1|usb|CoreESIM Virtual eUICC reader|3B9F96801FC78031E073FE211B63574A4553494D00DB|card"
	says '.devices[1] | [.uri, .atr, .state] | join("|")' 'usb:1-1?slot=1||noCard'
	./with_reader '--card-fault mute@1+' --json devices >out.json || atf_fail "no list"
	says '.devices[0].state' card
	atf_check -o match:'^URI +TRANSPORT +READER +ATR +STATE$' -o match:'^usb:1-1 +usb .* no card$' \
		./with_reader '--empty 0' devices
	atf_check -s exit:4 -e match:'no card' ./with_reader '--empty 0' --device usb: info
}

test_case held "A reader that a driver holds is not taken, but named"
held_body() {
	make_with_reader
	./with_reader '--driver cdc_acm' --json devices >out.json || atf_fail "no list"
	says '.devices[0] | [.state, .holder] | join("|")' "held|the kernel's cdc_acm"
	atf_check -s exit:2 -e match:"usb:1-1 is held by the kernel's cdc_acm" ./with_reader '--driver cdc_acm' info
	atf_check -s exit:4 -e match:"held by the kernel's cdc_acm" -e match:'drivers/cdc_acm/unbind' \
		./with_reader '--driver cdc_acm' --device usb: info
}

atf_init_test_cases() {
	for name in only several listed held; do
		atf_add_test_case "$name"
	done
}
