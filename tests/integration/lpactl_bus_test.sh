# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# lpactl over D-Bus: what lpad does is asked for, shown and answered as in a direct run.

. "$(atf_get_srcdir)/lib.sh"
. "$(atf_get_srcdir)/lpad_lib.sh"

describe() { # description
	with_servers unshare dbus-daemon busctl setpriv bash
	atf_set descr "$1"
	atf_set timeout 300
}

story() {
	run_story "$1" lpactl_bus_inside.sh
}

atf_test_case life_cycle
life_cycle_head() {
	describe "A profile's life by lpactl and lpad, as a user whom polkit lets"
}
life_cycle_body() { story life_cycle; }

atf_test_case same_json
same_json_head() {
	describe "What lpad says and what a direct run says are the same documents, errors too"
}
same_json_body() { story same_json; }

atf_test_case prompts
prompts_head() {
	describe "Consent is asked for with the offer's metadata; no and silence end the job each with its reason"
}
prompts_body() { story prompts; }

atf_test_case policy
policy_head() {
	describe "Policy rules are asked for apart; --yes alone does not agree to them"
}
policy_body() { story policy; }

atf_test_case codes
codes_head() {
	describe "A wrong confirmation code is asked for again; a file's is given once"
}
codes_body() { story codes; }

atf_test_case interrupt
interrupt_head() {
	describe "An interrupt postpones the job, on card and server, and lpactl waits for that"
}
interrupt_body() { story interrupt; }

atf_test_case ways
ways_head() {
	describe "Which eUICC, and by lpad or not: said by options, refused with a list or a sentence"
}
ways_body() { story ways; }

atf_test_case completion
completion_head() {
	describe "bash offers the profiles and eUICCs that lpad knows, with verbs and options of lpactl's own help"
}
completion_body() { story completion; }

atf_test_case monitor
monitor_head() {
	describe "The monitor tells what is there, what comes and what became of jobs, until an interrupt, which is status 0"
}
monitor_body() { story monitor; }

atf_init_test_cases() {
	for name in life_cycle same_json prompts policy codes interrupt ways completion monitor; do
		atf_add_test_case "$name"
	done
}
