# SPDX-License-Identifier: GPL-2.0-or-later
#
# The counts that the bench gates, in a short run: blocks as few as the segments
# allow, one handshake for a server, lpactl's memory. Times are not looked at.

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

atf_init_test_cases() {
	atf_add_test_case a_download_costs_no_more_than_its_gates
}
