# SPDX-License-Identifier: GPL-2.0-or-later
#
# The KUnit tests of the kernel modules: they run when their module is loaded; each case is
# a test here. A kernel without KUnit is none that runs this suite.
. /vm/guest.sh

results=/sys/kernel/debug/kunit

expect "the KUnit tests load" insmod /modules/euicc_kunit.ko || tap_exit
for suite in "$results"/*/results; do
	[ -e "$suite" ] || { tap_fail "KUnit has results" "nothing below $results"; break; }
	# A case is an indented line: "    ok 1 - name", "    not ok 2 - name".
	grep -E '^ +(not )?ok [0-9]+' "$suite" >cases
	while read -r line; do
		name="$(basename "$(dirname "$suite")"): ${line##*[0-9] - }"
		name=${name%% # *}
		case $line in
		*'# SKIP'*) tap_skip "$name" "${line##*# SKIP }" ;;
		ok*) tap_ok "$name" ;;
		*) tap_fail "$name" "$(grep -B 20 -F "$line" "$suite" | grep '# .*:' | tr '\n' ' ')" ;;
		esac
	done <cases
done
expect "the KUnit tests unload" rmmod euicc_kunit
tap_exit
