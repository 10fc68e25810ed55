# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# lpactl on a modem that ModemManager has too. The stories are in modem_mm_inside.sh.

# shellcheck source=/dev/null
. "$(atf_get_srcdir)/lpad_lib.sh"

story() { # name description
	atf_test_case "$1"
	eval "$1_head() {
		atf_set descr \"$2\"
		atf_set require.progs \"jq unshare setpriv busctl dbus-daemon ip /usr/libexec/mbim-proxy\"
		atf_set timeout 300
	}"
	eval "$1_body() {
		COREESIM_MODEM_LIB=\$(atf_get_srcdir)/modem_lib.sh
		export COREESIM_MODEM_LIB
		run_story $1 modem_mm_inside.sh
	}"
}

story listed "A modem is in the list once, with the slot and the EID that ModemManager knows"
story switched "ModemManager sets the modem aside for the switch alone, and what it then reports is told"
story interrupted "An interrupt, a kill and a failure each leave nothing set aside and no channel open"
story taken "Two programs at once: one has the modem, the other gets a sentence that says who"
story enabled_again "A modem that was enabled before the switch is enabled after it, one that was not is left"
story without "Without ModemManager the same goes, and ModemManager is not started for it"

atf_init_test_cases() {
	for name in listed switched interrupted taken enabled_again without; do
		atf_add_test_case "$name"
	done
}
