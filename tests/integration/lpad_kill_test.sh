# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# lpad is ended by SIGKILL at a command to the card or a message to the server, of a download, an
# enabling, a disabling, a deletion; then it is started again, and all is as if it had never been away.
# The stories are in lpad_kill_inside.sh. Every one of them at LPAD_KILL_STEP=1; else each seventh.

# shellcheck source=/dev/null
. "$(atf_get_srcdir)/lpad_lib.sh"

story() { # operation
	atf_test_case "$1"
	eval "$1_head() {
		atf_set descr \"Killed at any message of $1, lpad finds the truth, and the server hears of everything\"
		atf_set require.progs \"jq unshare setpriv busctl dbus-daemon ip\"
		atf_set timeout 1800
	}"
	eval "$1_body() { run_story $1 lpad_kill_inside.sh; }"
}

story download
story enable
story disable
story delete

atf_init_test_cases() {
	for name in download enable disable delete; do
		atf_add_test_case "$name"
	done
}
