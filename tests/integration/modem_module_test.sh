# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154,SC2034 # COREESIM_*: the runner's
#
# Where a program finds libesim's modules for modems.

BIN=$COREESIM_BIN
MODULES=$COREESIM_MODULES
NOWHERE=mbim:/dev/no-modem-here

atf_test_case build_tree
build_tree_head() {
	atf_set descr "A build that is not installed finds its modules beside its programs"
}
build_tree_body() {
	unset COREESIM_MODULES
	mkdir -p tree/bin tree/lib/coreesim
	cp "$BIN/lpactl" tree/bin/
	cp "$MODULES/mbim.so" tree/lib/coreesim/
	atf_check -s exit:4 -o ignore -e match:"no-modem-here: No such file" -e match:"lpactl --direct devices lists" \
		tree/bin/lpactl --direct --device $NOWHERE info
}

atf_test_case named
named_head() {
	atf_set descr "A directory that is named is the only one"
}
named_body() {
	mkdir -p empty
	atf_check -s exit:4 -o ignore -e match:"empty/mbim.so: No such file" -e match:"package coreesim-modem" \
		env COREESIM_MODULES="$PWD/empty" "$BIN/lpactl" --direct --device $NOWHERE info
}

atf_init_test_cases() {
	atf_add_test_case build_tree
	atf_add_test_case named
}
