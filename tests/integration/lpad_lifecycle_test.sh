# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# lpad on a bus with the real polkitd, driven by busctl alone. The stories are in
# lpad_lifecycle_inside.sh.

# shellcheck source=/dev/null
. "$(atf_get_srcdir)/lpad_lib.sh"

story() { # name description
	atf_test_case "$1"
	eval "$1_head() {
		atf_set descr \"$2\"
		atf_set require.progs \"jq unshare setpriv busctl dbus-daemon ip\"
		atf_set timeout 600
	}"
	eval "$1_body() { run_story $1 lpad_lifecycle_inside.sh; }"
}

story lifecycle "The whole life of a profile by busctl, as a user whom polkit lets"
story code "A confirmation code is asked for, refused, asked for again"
story two_at_once "While one eUICC waits for its user, another one goes on"
story racing "Three clients race on one eUICC: its jobs end in the order in which they were made"
story refused "polkit's no is a no, and a reset is an administrator's"
story owner "A job is its owner's: another user neither reads, confirms nor cancels it"
story observer "Who only listens learns no EID, ICCID, code, address or name"
story refusal "A user's no, a postponement and no answer at all reach card and server as what they are"
story returns "An eUICC that goes and comes back is the same object, and what it owes is sent meanwhile"

atf_init_test_cases() {
	for name in lifecycle code two_at_once racing refused owner observer refusal returns; do
		atf_add_test_case "$name"
	done
}
