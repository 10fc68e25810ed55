# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# lpad among hostile callers, on a damaged state, with a broken configuration. The stories are in
# lpad_hostile_inside.sh.

# shellcheck source=/dev/null
. "$(atf_get_srcdir)/lpad_lib.sh"

story() { # name description
	atf_test_case "$1"
	eval "$1_head() {
		atf_set descr \"$2\"
		atf_set require.progs \"jq unshare setpriv busctl dbus-daemon ip\"
		atf_set timeout 600
	}"
	eval "$1_body() { run_story $1 lpad_hostile_inside.sh; }"
}

story callers "Thousands of senseless calls: lpad lives, its memory is bounded, others are served"
story state "A damaged state is set aside with a message; nothing is dropped in silence"
story config "A mistake in the configuration is told with file and line; a reload keeps what was good"

atf_init_test_cases() {
	for name in callers state config; do
		atf_add_test_case "$name"
	done
}
