#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The test command: sets the machine up, builds, runs every suite and sums it up.
# The last line on stdout is "N passed, N failed, N skipped", alone; the exit
# status is non-zero when anything failed. make starts it:
#
#   check.sh all           everything: suites, the same under ASan and UBSan, the kernel
#                          modules in virtual machines, lint, fuzzers
#   check.sh unit          unit tests alone, as fast as they go
#   check.sh integration   integration tests alone
#
# In the environment: BUILD (absolute), MAKE_BUILD (as make was given it, since make knows
# what depends on what by these names), MAKE, REFDATA, FUZZ_SECONDS, CC, WOLFSSL. Figures come from
# `kyua report`, since `kyua test` counts a skipped test as passed.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

: "${BUILD:?start this by 'make check'}" "${MAKE_BUILD:=$BUILD}" "${MAKE:=make}" "${FUZZ_SECONDS:=30}" "${REFDATA:=}"
MODE=${1:-all}
JOBS=$(nproc)
# Tests wait for others more than they compute: for modems that are mute, for daemons, for timers.
readonly TESTS_AT_ONCE=$((2 * JOBS))
export LSAN_OPTIONS=suppressions=$PWD/tests/lsan.supp:print_suppressions=0
RESULTS=$BUILD/results
# Every process of a run carries this in its environment, which is how one that
# was left running is found again.
RUN_ID=coreesim-$$-$(date +%s)
started=$SECONDS
passed=0 failed=0 skipped=0
failures=()
child=

say() { printf '==> %s\n' "$*"; }

count() { # outcome name
	case $1 in
	passed) passed=$((passed + 1)) ;;
	skipped) skipped=$((skipped + 1)) ;;
	*) failed=$((failed + 1)); failures+=("$2") ;;
	esac
}

# The processes of this run that are still there.
leftovers() {
	local env
	for env in /proc/[0-9]*/environ; do
		tr '\0' '\n' <"$env" 2>/dev/null | grep -qx "COREESIM_RUN=$RUN_ID" || continue
		env=${env#/proc/}
		printf '%s\n' "${env%/environ}"
	done 2>/dev/null
}

end_leftovers() {
	local pid
	for pid in $(leftovers); do
		printf '%s: ' "$pid"
		tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null
		echo
		kill -KILL "$pid" 2>/dev/null
	done
}

# A trap may strike while the output of a command goes elsewhere.
exec {terminal}>&1

finish() {
	trap - EXIT INT TERM HUP
	exec >&"$terminal"
	[ -z "$child" ] || { kill -TERM "$child"; wait "$child"; } 2>/dev/null
	end_leftovers >/dev/null
	if [ ${#failures[@]} -gt 0 ]; then
		say "failed:"
		printf '    %s\n' "${failures[@]}"
	fi
	say "took $((SECONDS - started)) s"
	printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
	[ "$failed" = 0 ]
	exit
}
trap finish EXIT
trap 'count failed "interrupted"; finish' INT TERM HUP

# Run a command as a child that the clean-up above can end.
run() {
	"$@" </dev/null &
	child=$!
	wait "$child"
	local status=$?
	child=
	return "$status"
}

# A step that all that follows needs.
need() { # what command...
	say "$1"
	local what=$1
	shift
	if ! run "$@"; then
		count failed "$what"
		finish
	fi
}

# A check that is one test by itself; status 77 means skipped.
one_test() { # name command...
	local name=$1 status=0
	shift
	say "$name"
	run "$@" || status=$?
	case $status in
	0) count passed "$name" ;;
	77) count skipped "$name" ;;
	*) count failed "$name" ;;
	esac
}

# The commands go to a log, what went wrong to the terminal.
make_here() { "$MAKE" --no-print-directory -j"$JOBS" ${COVERAGE:+COVERAGE=1} "$@" >>"$RESULTS/build.log"; }

# --- Kyua ---------------------------------------------------------------------

# Only what a test needs reaches it.
clean_env() { # build-directory command...
	local build=$1
	shift
	local vars=(
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
		HOME="$RESULTS/home" XDG_CACHE_HOME="${XDG_CACHE_HOME:-$HOME/.cache}" TMPDIR=/tmp LANG=C.UTF-8
		COREESIM_RUN="$RUN_ID" COREESIM_SRC="$PWD" COREESIM_BUILD="$build" WOLFSSL="${WOLFSSL:-bundled}"
		COREESIM_BIN="$build/bin" COREESIM_MODULES="$build/lib/coreesim" COREESIM_PKI="$BUILD/pki"
		ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1
		LSAN_OPTIONS="$LSAN_OPTIONS"
		UBSAN_OPTIONS=print_stacktrace=1
	)
	[ ! -d "$REFDATA" ] || vars+=(REFDATA="$REFDATA")
	[ "${CI:+set}" != set ] || vars+=(CI="$CI")
	env -i "${vars[@]}" "$@"
}

kyua_report() { # build-directory results-file option...
	local build=$1 file=$2
	shift 2
	clean_env "$build" kyua --config=none --logfile="$RESULTS/kyua.log" report --results-file="$file" "$@"
}

# What the failed and broken tests wrote.
failed_output() { # build-directory results-file
	kyua_report "$1" "$2" --results-filter=failed,broken --verbose 2>/dev/null | awk '
		/^===> (Execution context|(Failed|Broken) tests|Summary)/ { shown = 0; next }
		/^===> / { shown = 1; metadata = 0 }
		/^Metadata:$/ { metadata = 1; next }
		metadata && /^(    |$)/ { next }
		{ metadata = 0 }
		/^(Start|End) time:/ { next }
		shown'
}

suite() { # label build-directory suite
	local label=$1 build=$2 name=$3 file report figures left
	file=$RESULTS/${label// /-}.db
	report=$RESULTS/${label// /-}.txt
	grep -q atf_test_program "$build/tests/$name/Kyuafile" 2>/dev/null || return 0
	say "$label"
	mkdir -p "$RESULTS/home"
	rm -f "$file"
	run clean_env "$build" kyua --config=none --logfile="$RESULTS/kyua.log" -v parallelism="$TESTS_AT_ONCE" \
		test --kyuafile="$build/tests/$name/Kyuafile" --results-file="$file" >"$report" 2>&1
	if ! figures=$(kyua_report "$build" "$file" --results-filter=skipped,failed,broken 2>&1); then
		cat "$report"
		count failed "$label (Kyua gave no report)"
		return
	fi
	add_figures "$label" "$figures"
	failed_output "$build" "$file"
	left=$(end_leftovers)
	if [ -n "$left" ]; then
		printf 'left running:\n%s\n' "$left"
		count failed "$label: tests left processes running"
	fi
}

# "Test cases: N total, N skipped, N expected failures, N broken, N failed"
add_figures() { # label report
	local total skip xfail broken fail line
	line=$(grep -m1 '^Test cases:' <<<"$2")
	if ! [[ $line =~ ([0-9]+)\ total,\ ([0-9]+)\ skipped,\ ([0-9]+)\ expected[^,]*,\ ([0-9]+)\ broken,\ ([0-9]+)\ failed ]]; then
		count failed "$1 (no figures)"
		return
	fi
	total=${BASH_REMATCH[1]} skip=${BASH_REMATCH[2]} xfail=${BASH_REMATCH[3]}
	broken=${BASH_REMATCH[4]} fail=${BASH_REMATCH[5]}
	passed=$((passed + total - skip - broken - fail))
	skipped=$((skipped + skip))
	failed=$((failed + broken + fail))
	printf '    %d passed, %d failed, %d skipped' $((total - skip - broken - fail)) $((broken + fail)) "$skip"
	[ "$xfail" = 0 ] && echo || printf ' (%d expected failures)\n' "$xfail"
	# One line each: "unit/x_test:case  ->  failed: why  [0.01s]"
	while read -r line; do
		case $line in
		*' ->  skipped:'*) printf '    %s\n' "$line" ;;
		*' ->  failed:'* | *' ->  broken:'*)
			printf '    %s\n' "$line"
			failures+=("$1: $line") ;;
		esac
	done <<<"$2"
}

# --- the runs -----------------------------------------------------------------------

build_plain() {
	need "build" make_here BUILD="$MAKE_BUILD" all tests
	need "the build's own PKI" make_here BUILD="$MAKE_BUILD" pki
}

check_all() {
	local name sets=(build test kernel vm deb lint fuzz)
	[ "${WOLFSSL:-}" != system ] || sets+=(system)
	need "set-up: packages" scripts/deps.sh packages "${sets[@]}"
	need "set-up: wolfSSL and libcurl" scripts/deps.sh libs
	build_plain
	suite "unit" "$BUILD" unit
	suite "integration" "$BUILD" integration
	vm_bench
	need "build with sanitizers" make_here SAN=1 BUILD="$MAKE_BUILD/san" all tests
	suite "unit, sanitized" "$BUILD/san" unit
	suite "integration, sanitized" "$BUILD/san" integration
	for name in $(scripts/lint.sh list); do
		one_test "lint: $name" scripts/lint.sh "$name"
	done
	need "build the fuzzers" make_here BUILD="$MAKE_BUILD" fuzzers
	fuzz_all
}

# The kernel modules in virtual machines: a run of its own, whose figures count here.
vm_bench() {
	local line left result=$BUILD/vm/check.result
	say "kernel modules in virtual machines"
	rm -f "$result"
	run env COREESIM_RUN="$RUN_ID" tests/vm/check.sh
	if ! [[ $(cat "$result" 2>/dev/null) =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
		count failed "VM bench (no figures)"
		return
	fi
	passed=$((passed + BASH_REMATCH[1]))
	failed=$((failed + BASH_REMATCH[2]))
	skipped=$((skipped + BASH_REMATCH[3]))
	while IFS= read -r line; do
		failures+=("VM: $line")
	done <"$BUILD/vm/check.failed"
	left=$(end_leftovers)
	if [ -n "$left" ]; then
		printf 'left running:\n%s\n' "$left"
		count failed "VM bench: a guest was left running"
	fi
}

# Two at a time; each is a test.
fuzz_all() {
	local name outcome
	[ -n "$(scripts/fuzz.sh list)" ] || return 0
	say "fuzzers, $FUZZ_SECONDS s each, two at a time"
	run env COREESIM_RUN="$RUN_ID" scripts/fuzz.sh run
	while read -r name outcome; do
		count "$outcome" "fuzz: $name"
	done <"$BUILD/fuzz/outcomes"
}

mkdir -p "$RESULTS"
: >"$RESULTS/build.log"
case $MODE in
all) check_all ;;
unit)
	build_plain
	suite unit "$BUILD" unit
	;;
integration)
	build_plain
	suite integration "$BUILD" integration
	;;
*) echo "usage: $0 all | unit | integration" >&2; exit 2 ;;
esac
finish
