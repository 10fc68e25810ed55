# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# lpad with eUICCs behind modems, beside ModemManager. The stories are in modem_lpad_inside.sh.

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
		run_story $1 modem_lpad_inside.sh
	}"
}

story lifecycle_mbim "The whole life of a profile by lpad, on a modem that ModemManager tells of, over MBIM"
story lifecycle_qmi "The same over QMI"
story lifecycle_at "The same over AT"
story moved "A modem that comes back under another number is the same eUICC, also for jobs that wait"
story reenumerates "A modem that leaves the bus at REFRESH is no departure: the job ends well, the eUICC never is gone"
story killed "After a kill in the middle of a switch nothing is set aside, and the next lpad reads the truth"
story cancelled "A job that is cancelled in a switch lets the modem go, and so does one that fails"
story carried "No modem is set aside under a download that goes over it: the switch says so and waits"
story busy "A modem that another program has is blocked with a sentence, and ready when it is free"
story configured "A modem that the configuration names by a slot is served by that name alone"
story observer "Who only listens learns no ICCID, operator or registration of a switch"

atf_init_test_cases() {
	for name in lifecycle_mbim lifecycle_qmi lifecycle_at moved reenumerates killed cancelled carried busy \
		configured observer; do
		atf_add_test_case "$name"
	done
}
