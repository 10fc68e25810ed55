# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# euicc-selftest without a device; with one it runs in the VM bench.

atf_test_case usage
usage_head() {
	atf_set descr "A command line that is not understood is status 2, a device that is none status 1"
}
usage_body() {
	atf_check -o match:'^Usage: ' "$COREESIM_BIN/euicc-selftest" --help
	atf_check -o match:'^euicc-selftest ' "$COREESIM_BIN/euicc-selftest" --version
	atf_check -s exit:2 -e match:'one device' "$COREESIM_BIN/euicc-selftest"
	atf_check -s exit:2 -e match:'one device' "$COREESIM_BIN/euicc-selftest" /dev/euicc0 /dev/euicc1
	atf_check -s exit:2 -e match:'unknown option' "$COREESIM_BIN/euicc-selftest" --nonsense /dev/euicc0
	atf_check -s exit:1 -e match:'No such file' "$COREESIM_BIN/euicc-selftest" ./nothing
	atf_check -s exit:1 -e match:'no eUICC device' "$COREESIM_BIN/euicc-selftest" /dev/null
}

# A page whose program does not compile teaches nothing: the build does it, and the guests run it.
atf_test_case example
example_head() {
	atf_set descr "The program of euicc(4) is there, whole, and says what is wrong"
}
example_body() {
	atf_check -o match:'int main' "$COREESIM_SRC/scripts/man-example.sh" "$COREESIM_SRC/docs/man/euicc.4"
	atf_check -s exit:1 -e match:'the device' "$COREESIM_BUILD/vm/bin/euicc-example" ./nothing
}

atf_init_test_cases() {
	atf_add_test_case usage
	atf_add_test_case example
}
