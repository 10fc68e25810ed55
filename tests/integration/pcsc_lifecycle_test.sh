# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# pcsc: with pcscd, vpcd and veuicc, in namespaces of their own: vpcd listens on every address, and
# this host's pcscd is not to be met. The stories are in pcsc_inside.sh.

# Run a story. When it ends, however it ends, so does every process of its namespace.
run_story() { # name
	COREESIM_LIB=$(atf_get_srcdir)/lib.sh
	export COREESIM_LIB
	user=
	[ "$(id -u)" = 0 ] || user=--map-root-user
	unshare $user --net --mount --pid --fork --kill-child --mount-proc true 2>unshare.err ||
		atf_skip "no namespaces can be had here: $(cat unshare.err)"
	[ "$(find /usr/lib/pcsc/drivers -name libifdvpcd.so)" ] || atf_fail "vpcd is not installed: vsmartcard-vpcd"
	atf_check -o ignore -e save:story.err unshare $user --net --mount --pid --fork --kill-child \
		--mount-proc sh "$(atf_get_srcdir)/pcsc_inside.sh" "$1"
}

story() { # name description
	atf_test_case "$1"
	eval "$1_head() {
		atf_set descr \"$2\"
		atf_set require.progs \"jq pcscd unshare ip\"
	}"
	eval "$1_body() { run_story $1; }"
}

story lifecycle "The whole life of a profile over pcscd, at T=0"
story lifecycle_t1 "The whole life of a profile over pcscd, at T=1"
story choice "Of several readers the one that is meant is taken, and else they are listed"
story held "A card that another program holds is refused at once, and the program named"
story killed "pcscd that ends in mid-download is a clear error, and a retry succeeds"
story pulled "A card that is pulled in mid-download is a clear error, and a retry succeeds"

atf_init_test_cases() {
	for name in lifecycle lifecycle_t1 choice held killed pulled; do
		atf_add_test_case "$name"
	done
}
