#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Boots a guest and runs suites of the VM bench in it. Builds what is missing.
#
#   run.sh TIER [SUITE...]    um, debian-6.1, debian-6.12, kasan or kcsan; the suites that
#                             tests/vm/suites lists for it, or those named; a name may
#                             bring more words: "ioctlfuzz limit=900 --seconds 600"
#   run.sh list TIER          which suites those are
#
# In the environment: BUILD (build), VM_FULL=1 for the suites of TIER/full too, VM_SCALE
# multiplies the time a suite may take, VM_PREBUILT=1 where programs and kernel are made.
# Everything the guest said is in $BUILD/vm/TIER.log, its kernel in TIER.kernel.log; the
# figures are in TIER.result, the failures in TIER.failed. The last line on stdout is
# "N passed, N failed, N skipped". Several runs at once need a BUILD each.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1

: "${BUILD:=build}" "${MAKE:=make}" "${VM_SCALE:=1}" "${VM_FULL:=}"
readonly OWN_LIMIT=300 BOOT_LIMIT=180
tier=${1:-}
[ $# = 0 ] || shift

say() { printf '==> %s\n' "$*"; }
die() { printf 'vm: %s\n' "$*" >&2; exit 1; }

# The lines of tests/vm/suites for this tier: "NAME LIMIT ROOT COMMAND...".
listed_suites() {
	awk -v tier="$tier" -v full="$VM_FULL" -v limit=$OWN_LIMIT -v scale="$VM_SCALE" '
		/^#/ || NF < 3 { next }
		{
			here = 0
			n = split($2, tiers, ",")
			for (i = 1; i <= n; i++)
				if (tiers[i] == tier || (full != "" && tiers[i] == tier "/full")) here = 1
			if (!here) next
			name = $1; most = limit; root = "-"
			$1 = $2 = ""; sub(/^ +/, "")
			while (match($0, /^(limit|root)=[^ ]+ +/)) {
				word = substr($0, 1, RLENGTH); gsub(/^[a-z]+=| +$/, "", word)
				if (/^limit/) most = word + 0; else root = word
				sub(/^[^ ]+ +/, "")
			}
			print name, int(most * scale), root, $0
		}' tests/vm/suites
}

if [ "$tier" = list ]; then
	tier=${1:?TIER}
	listed_suites
	exit
fi
case $tier in
um) ;;
debian-6.1 | debian-6.12) ;;
kasan) VM_SCALE=$((VM_SCALE * 3)) ;;
kcsan) VM_SCALE=$((VM_SCALE * 4)) ;;
*) sed -n '4,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac

# --- what the run is made of -----------------------------------------------------------

mkdir -p "$BUILD/vm"
exec {lock}>"$BUILD/vm/$tier.lock"
flock -n "$lock" || { say "waiting for another run of $tier in $BUILD"; flock "$lock"; }

passed=0 failed=0 skipped=0
log=$BUILD/vm/$tier.log
kernel_log=$BUILD/vm/$tier.kernel.log
result=$BUILD/vm/$tier.result
failures=$BUILD/vm/$tier.failed
: >"$failures"
rm -f "$result"
run=$(mktemp -d "${TMPDIR:-/tmp}/coreesim-vm.XXXXXX") || exit 1

. tests/vm/boot.sh

clean_up() {
	trap '' INT TERM HUP
	end_guest
	[ ! -s "$run/card.log" ] || cp "$run/card.log" "$BUILD/vm/$tier.card.log"
	rm -rf "$run"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

fail() { # suite why
	failed=$((failed + 1))
	printf '%s %s: %s\n' "$tier" "$1" "$2" >>"$failures"
}

conclude() {
	printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped" | tee "$result"
	[ "$failed" = 0 ]
	exit
}

# Something without which nothing runs: one failure.
need() { # what command...
	local what=$1
	shift
	if ! "$@"; then
		echo "    $what: FAILED"
		fail "$what" "failed"
		conclude
	fi
}

# The lines of the suites named. One that is in no list yet goes by its program's name.
choose_suites() { # "name [limit=SECONDS] [root=NAME] [argument...]"...
	local wanted name words line command most root
	if [ $# = 0 ]; then
		listed_suites
		return
	fi
	for wanted in "$@"; do
		read -r name words <<<"$wanted"
		line=$(listed_suites | awk -v name="$name" '$1 == name')
		[ -n "$line" ] || line="$name $((OWN_LIMIT * VM_SCALE)) - ${name}_vmtest"
		read -r name most root command <<<"$line"
		while [[ $words =~ ^(limit|root)=([^ ]+)\ *(.*) ]]; do
			case ${BASH_REMATCH[1]} in
			limit) most=$((BASH_REMATCH[2] * VM_SCALE)) ;;
			root) root=${BASH_REMATCH[2]} ;;
			esac
			words=${BASH_REMATCH[3]}
		done
		printf '%s %s %s %s %s\n' "$name" "$most" "$root" "$command" "$words"
	done
}

prepare() { # suite...
	if [ -z "${VM_PREBUILT:-}" ]; then
		need "kernel" tests/vm/kernel.sh get "$tier"
		need "programs" "$MAKE" -s --no-print-directory -j"$(nproc)" BUILD="$BUILD" vm-programs pki
	fi
	need "modules for $tier" modules
	assignments=$(tests/vm/kernel.sh show "$tier") || die "no kernel for $tier"
	eval "$assignments"
	choose_suites "$@" >"$run/chosen"
	sed -E 's/^([^ ]+ [^ ]+) [^ ]+/\1/' "$run/chosen" >"$run/suites"
	mapfile -t roots < <(awk '$3 != "-" { print $3 }' "$run/chosen" | sort -u)
	need "initramfs" env BUILD="$BUILD" tests/vm/initramfs.sh "$tier" "$module_dir" "$run/suites" "$run/initramfs" \
		"${roots[@]}"
}

modules() {
	module_dir=$(BUILD="$BUILD" tests/vm/modules.sh "$tier")
}

# --- listening to the guest ----------------------------------------------------------------

suite='' limit=$BOOT_LIMIT
ok=0 bad=0 skip=0 plan='' begun=0 splats=0
lines=() notes=()

begin_suite() { # name limit
	suite=$1 limit=$2 begun=$SECONDS
	ok=0 bad=0 skip=0 plan='' splats=0
	lines=()
}

count_line() { # line
	case $1 in
	'not ok'*) bad=$((bad + 1)); fail "$suite" "${1#not ok - }" ;;
	'ok - '*' # SKIP'*) skip=$((skip + 1)); notes+=("    $suite: skipped: ${1#ok - }") ;;
	'ok'*) ok=$((ok + 1)) ;;
	1..*) plan=${1#1..} ;;
	'@splat '*)
		[ $splats = 0 ] || return
		splats=1 bad=$((bad + 1))
		fail "$suite" "the kernel complained: ${1#@splat "$suite" }" ;;
	esac
}

# What is wrong with a suite beyond its own lines.
judge() { # status
	local total=$((ok + bad + skip - splats))
	if [ "$1" = 124 ]; then
		bad=$((bad + 1)); fail "$suite" "was not done after $limit s"
	elif [ "$total" = 0 ]; then
		bad=$((bad + 1)); fail "$suite" "said nothing (status $1)"
	elif [ -n "$plan" ] && [ "$plan" != "$total" ]; then
		bad=$((bad + 1)); fail "$suite" "printed $total lines, planned $plan"
	elif [ "$1" != 0 ] && [ $((bad - splats)) = 0 ]; then
		bad=$((bad + 1)); fail "$suite" "ended with status $1"
	fi
}

# What a failed suite said beside "ok", to a bound.
show_failed() {
	printf '%s\n' "${lines[@]}" | grep -v '^ok - ' | tail -n 200 | sed 's/^/        /'
}

end_suite() { # status
	judge "$1"
	passed=$((passed + ok))
	skipped=$((skipped + skip))
	printf '    %s: %d passed, %d failed, %d skipped (%d s)\n' "$suite" "$ok" "$bad" "$skip" $((SECONDS - begun))
	[ "$bad" = 0 ] || show_failed
	suite='' limit=60
}

# Read the guest's words until it is done, hangs or dies. Returns 0 when it was done.
listen() {
	local line code
	while :; do
		IFS= read -r -t $((limit + 60)) line
		code=$?
		if [ $code -gt 128 ]; then
			problem="the guest hangs${suite:+ in $suite}"
			return 1
		elif [ $code != 0 ]; then
			problem="the guest died${suite:+ in $suite}"
			return 1
		fi
		line=${line%$'\r'}
		printf '%s\n' "$line" >>"$log"
		case $line in
		'@begin '*)
			# shellcheck disable=SC2086 # words
			begin_suite ${line#@begin } ;;
		'@end '*) end_suite "${line##* }" ;;
		'@done'*) return 0 ;;
		'@fatal '*) problem=${line#@fatal }; return 1 ;;
		*) [ -z "$suite" ] || { count_line "$line"; lines+=("$line"); } ;;
		esac
	done
}

# The suites of this run that never started.
missed() {
	awk 'NR == FNR { if ($1 == "@begin") seen[$2] = 1; next } !($1 in seen) { print $1 }' "$log" "$run/suites"
}

give_up() {
	local name
	[ -z "$suite" ] || end_suite 1 >"$run/ended"
	cat "$run/ended" 2>/dev/null
	fail "$tier" "$problem"
	echo "    $problem; the end of its kernel's words:"
	tail -n 60 "$kernel_log" | tr -d '\r' | sed 's/^/        /'
	[ ! -s "$run/qemu.err" ] || sed 's/^/        qemu: /' "$run/qemu.err"
	for name in $(missed); do
		fail "$name" "did not run"
		echo "    $name: did not run"
	done
}

prepare "$@"
: >"$log"
: >"$kernel_log"
mkfifo "$run/output"
began=$SECONDS
boot_guest "$run/initramfs" "$run/output" "$kernel_log"
problem=
listen <"$run/output" || give_up
end_guest
[ ${#notes[@]} = 0 ] || printf '%s\n' "${notes[@]}"
say "$tier took $((SECONDS - began)) s"
conclude
