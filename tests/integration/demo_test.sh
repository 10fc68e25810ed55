# SPDX-License-Identifier: GPL-2.0-or-later
#
# The demo is the first thing a newcomer sees.

atf_test_case demo
demo_head() {
	atf_set descr "The demo takes a profile through its life, says so in its last line, and leaves no server"
}
demo_body() {
	BUILD="$COREESIM_BUILD" "$COREESIM_SRC/scripts/demo.sh" >out 2>err || { cat out err; atf_fail "exit status"; }
	cat out
	atf_check -o inline:"demo: ok\n" tail -n 1 out
	atf_check -o match:"IMSI 001010123456789" cat out
}

atf_test_case demo_that_fails
demo_that_fails_head() {
	atf_set descr "A demo that cannot work says why in its last line and fails"
}
demo_that_fails_body() {
	mkdir bin
	atf_check -s exit:1 -o match:"^demo: FAILED: .*lpactl" -e ignore \
		env BUILD="$PWD" "$COREESIM_SRC/scripts/demo.sh"
}

atf_init_test_cases() {
	atf_add_test_case demo
	atf_add_test_case demo_that_fails
}
