# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# What the system is told of eUICC devices: udev's rules and the group.

RULES=$COREESIM_SRC/udev/70-euicc.rules
SYSUSERS=$COREESIM_SRC/udev/coreesim-sysusers.conf

atf_test_case rules
rules_head() {
	atf_set descr "The udev rules are well-formed"
	atf_set require.progs udevadm
}
rules_body() {
	udevadm verify --help >/dev/null 2>&1 || atf_skip "this udevadm cannot verify"
	atf_check -o ignore udevadm verify --resolve-names=never "$RULES"
}

atf_test_case group
group_head() {
	atf_set descr "The group that the rules name is the one that sysusers makes"
	atf_set require.progs systemd-sysusers
}
group_body() {
	mkdir -p root/etc
	atf_check -o ignore -e ignore systemd-sysusers --root="$PWD/root" "$SYSUSERS"
	group=$(sed -n 's/^GROUP="\([a-z]*\)", MODE="0660".*/\1/p' "$RULES")
	atf_check -o match:"^$group:" cat root/etc/group
}

# A link below the name of a link could not be made.
atf_test_case links
links_head() {
	atf_set descr "/dev/euicc is a link to a device, so nothing lies below it"
}
links_body() {
	atf_check -o match:'SYMLINK\+="euicc"' cat "$RULES"
	atf_check -s exit:1 grep -n 'SYMLINK.*"euicc/' "$RULES"
}

atf_init_test_cases() {
	atf_add_test_case rules
	atf_add_test_case group
	atf_add_test_case links
}
