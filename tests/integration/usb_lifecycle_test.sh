# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034
#
# The life of a profile over `usb:`, by libusb alone: at every level that a reader can have, with
# cards that speak T=0 and T=1, and where all is slow.

. "$(atf_get_srcdir)/lib.sh"
. "$(atf_get_srcdir)/usb_lib.sh"

state_of() { # iccid
	json_run 0 profiles
	jq -r ".profileInfoList[] | select(.iccid == \"$1\").profileState" out.json
}

expect_state() { # state
	state=$(state_of "$ICCID")
	[ "$state" = "$1" ] || { cat out.json; atf_fail "the profile is '$state', not '$1'"; }
}

lifecycle() { # vreader option...
	order demo
	start_reader "$@"
	start_server
	json_run 0 info
	json_run 0 download --yes "$(code demo)"
	says .installed true
	card_holds profiles/demo.der "$ICCID"
	expect_state disabled
	json_run 0 enable "$ICCID"
	expect_state enabled
	json_run 0 disable "$ICCID"
	json_run 0 delete --yes "$ICCID"
	expect_state ''
	json_run 0 notifications --send
	json_run 0 notifications
	says '.notificationMetadataList | length' 0
	events=$(delivered | cut -d' ' -f1 | tr '\n' ' ')
	[ "$events" = "install enable disable delete " ] || atf_fail "the server heard: $events"
	expect_rules_kept
}

finish() {
	stop_reader
	stop_one server
}

WAYS="tpdu short show_procedure extended extended_chained high_speed t1_lrc t1_crc t1_short t1_extended
	slow slow_link"
for way in $WAYS; do
	atf_test_case "$way" cleanup
	eval "${way}_head() {
		with_servers
		atf_set descr 'Download, list, enable, disable, delete and notifications over usb: $way'
	}
	${way}_cleanup() { end_usb; }"
done

tpdu_body() {
	lifecycle --level tpdu
	[ "$(figure pps)" -gt 0 ] || atf_fail "no PPS"
	finish
}
short_body() {
	lifecycle --level short
	finish
}
show_procedure_body() {
	lifecycle --level short --show-procedure
	finish
}
extended_body() {
	lifecycle --level extended
	finish
}
# Messages of 100 bytes: commands and responses go in parts.
extended_chained_body() {
	lifecycle --level extended --max-message 100
	finish
}
high_speed_body() {
	lifecycle --speed high --stray-zlp
	finish
}
t1_lrc_body() {
	lifecycle --card-protocol t1
	[ "$(figure t1-i)" -gt 0 ] || atf_fail "no block of T=1"
	finish
}
# Blocks shorter than most APDUs, each answer only after more time was asked for.
t1_crc_body() {
	lifecycle --card-protocol t1 --t1-edc crc --t1-ifsc 100 --t1-wtx 1
	[ "$(figure t1-r)" -gt 0 ] || atf_fail "no chain"
	finish
}
t1_short_body() {
	lifecycle --card-protocol t1 --level short
	[ "$(figure t1-i)" = 0 ] || atf_fail "the host sent blocks to a reader of APDUs"
	finish
}
t1_extended_body() {
	lifecycle --card-protocol t1 --level extended
	finish
}
# Each command takes longer than the reader waits in silence.
slow_body() {
	lifecycle --level short --fault extend=3@xfr
	[ "$(figure extensions)" -gt 30 ] || atf_fail "no time extensions"
	finish
}
slow_link_body() {
	lifecycle --level tpdu --link baud=115200 --wtx 20
	finish
}

atf_init_test_cases() {
	for way in $WAYS; do
		atf_add_test_case "$way"
	done
}
