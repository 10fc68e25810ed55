# SPDX-License-Identifier: GPL-2.0-or-later
#
# The counts that the bench gates, in a short run: blocks as few as the segments
# allow, one handshake for a server, the memory of lpactl and lpad, that an idle lpad sleeps.
# Times are not looked at.

atf_test_case a_download_costs_no_more_than_its_gates
a_download_costs_no_more_than_its_gates_head() {
	atf_set descr "blocks = sum of ceil(length/255), one handshake, under 8 MiB"
	atf_set timeout 300
}
a_download_costs_no_more_than_its_gates_body() {
	mkdir profiles
	atf_check "$COREESIM_BIN/mkprofile" --iccid 8944476500001224158 --imsi 001010123456789 \
		--size 16384 profiles/package.der
	atf_check -o match:"all gates reached" "$COREESIM_BIN/../tests/bench/bench" \
		--bin "$COREESIM_BIN" --pki "$COREESIM_PKI/nist" --profiles profiles --scratch "$PWD" \
		--runs 1 package
}

atf_test_case an_idle_lpad_costs_no_more_than_its_gates
an_idle_lpad_costs_no_more_than_its_gates_head() {
	atf_set descr "under 8 MiB, 128 KiB for each further eUICC, no wake-up; downloads at once all arrive"
	atf_set timeout 300
}
an_idle_lpad_costs_no_more_than_its_gates_body() {
	mkdir scratch
	atf_check "$COREESIM_BIN/mkprofile" --iccid 8944476500001224158 --imsi 001010123456789 package.der
	atf_check -o match:"all gates reached" "$COREESIM_BIN/../tests/bench/lpad-bench" \
		--bin "$COREESIM_BIN" --pki "$COREESIM_PKI/nist" --scratch "$PWD/scratch" --cards 20 \
		--runs 1 --idle 3 --log "$PWD/log" "$PWD/package.der"
}

atf_init_test_cases() {
	atf_add_test_case a_download_costs_no_more_than_its_gates
	atf_add_test_case an_idle_lpad_costs_no_more_than_its_gates
}
