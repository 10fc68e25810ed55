#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The VM bench as a whole: what `make vm-check` and `make vm-check-full` run. Fetches and
# builds the kernels, builds kmod for each, boots the tiers, two at a time. The last line
# on stdout is "N passed, N failed, N skipped"; the figures are in $BUILD/vm/check.result
# too, the failures in check.failed.
#
#   check.sh           tiers um and debian-6.1, a whole Debian (system.sh), and kmod built for 6.12
#   check.sh full      every tier, and the suites that are for that alone
#   check.sh kernels [full]   only fetch and build the kernels
#
# In the environment: BUILD (absolute), MAKE_BUILD (as make knows it), MAKE.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1

: "${BUILD:=build}" "${MAKE_BUILD:=$BUILD}" "${MAKE:=make}"
kernels=(um debian-6.1 headers-6.12)
# Each next one begins when the one before the last has ended: um is the longest.
tiers=(debian-6.1 um system)
own=(um)
[ "${1:-}" != kernels ] || { only_kernels=1; shift; }
case ${1:-} in
'') ;;
full)
	kernels=(um debian-6.1 debian-6.12 kasan kcsan)
	tiers=(debian-6.1 um system debian-6.12 kasan kcsan)
	own=(um kasan kcsan)
	export VM_FULL=1 ;;
*) sed -n '4,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
if [ -n "${only_kernels:-}" ]; then
	exec tests/vm/kernel.sh get "${kernels[@]}"
fi

passed=0 failed=0 skipped=0
declare -A running=()
mkdir -p "$BUILD/vm"
failures=$BUILD/vm/check.failed
: >"$failures"
rm -f "$BUILD/vm/check.result"

say() { printf '==> %s\n' "$*"; }

conclude() {
	trap - EXIT INT TERM HUP
	local pid
	for pid in "${running[@]}"; do
		kill -TERM "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	done
	if [ -s "$failures" ]; then
		say "failed:"
		sed 's/^/    /' "$failures"
	fi
	printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped" | tee "$BUILD/vm/check.result"
	[ "$failed" = 0 ]
	exit
}
interrupted() { failed=$((failed + 1)); echo interrupted >>"$failures"; conclude; }
trap conclude EXIT
trap interrupted INT TERM HUP

# Run a command so that a signal is heard at once, not after it.
run() {
	"$@" </dev/null &
	running[step]=$!
	wait "${running[step]}"
	local status=$?
	unset 'running[step]'
	return $status
}

one_test() { # name command...
	local name=$1
	shift
	say "$name"
	if run "$@" >"$BUILD/vm/step.log" 2>&1; then
		passed=$((passed + 1))
	else
		cat "$BUILD/vm/step.log"
		failed=$((failed + 1))
		echo "$name" >>"$failures"
	fi
}

need() { # what command...
	local what=$1
	shift
	say "$what"
	run "$@" && return
	failed=$((failed + 1))
	echo "$what" >>"$failures"
	conclude
}

start_tier() { # tier
	local program=(tests/vm/run.sh "$1")
	[ "$1" != system ] || program=(tests/vm/system.sh)
	VM_PREBUILT=1 "${program[@]}" >"$BUILD/vm/$1.out" 2>&1 </dev/null &
	running[$1]=$!
}

end_tier() { # tier
	wait "${running[$1]}"
	unset "running[$1]"
	say "tier $1"
	sed '$d' "$BUILD/vm/$1.out"
	if [[ $(tail -n 1 "$BUILD/vm/$1.out") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
		printf '    %s\n' "${BASH_REMATCH[0]}"
		passed=$((passed + BASH_REMATCH[1]))
		failed=$((failed + BASH_REMATCH[2]))
		skipped=$((skipped + BASH_REMATCH[3]))
		cat "$BUILD/vm/$1.failed" >>"$failures"
	else
		tail -n 1 "$BUILD/vm/$1.out"
		failed=$((failed + 1))
		echo "$1: no figures" >>"$failures"
	fi
}

need "kernels for the VM bench" tests/vm/kernel.sh get "${kernels[@]}"
need "programs for the VM bench" "$MAKE" -s --no-print-directory -j"$(nproc)" BUILD="$MAKE_BUILD" vm-programs pki
for kernel in "${own[@]}"; do
	one_test "every line of the $kernel kernel's configuration holds" tests/vm/kernel.sh config "$kernel"
done
for version in 6.1 6.12; do
	one_test "kmod builds for Debian's Linux $version without a warning" tests/vm/modules.sh "headers-$version"
done
waiting=''
for tier in "${tiers[@]}"; do
	start_tier "$tier"
	[ -z "$waiting" ] || end_tier "$waiting"
	waiting=$tier
done
end_tier "$waiting"
conclude
