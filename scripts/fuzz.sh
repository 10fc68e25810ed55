#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs the libFuzzer programs of `make fuzzers`, two at a time, each for
# FUZZ_SECONDS on its seed corpus tests/fuzz/corpus/NAME. New inputs and crashes go
# to $BUILD/fuzz; the outcome of each, "NAME passed" or "NAME failed", to
# $BUILD/fuzz/outcomes.
#
#   fuzz.sh list
#   fuzz.sh run [NAME...]
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

names() {
	local file
	for file in tests/fuzz/*_fuzz.c; do
		[ -e "$file" ] || continue
		file=${file##*/}
		printf '%s\n' "${file%_fuzz.c}"
	done
}

fuzz_one() { # name
	local name=$1 new=$OUT/corpus/$1 log=$OUT/log/$1.txt crashes=$OUT/crashes/$1 seeds=()
	mkdir -p "$new" "$crashes"
	[ ! -d "tests/fuzz/corpus/$name" ] || seeds=("tests/fuzz/corpus/$name")
	# An input that crashed before is a seed: it fails again until it is mended.
	if "$OUT/bin/${name}_fuzz" -max_total_time="$FUZZ_SECONDS" -timeout=20 -rss_limit_mb=2048 \
			-max_len=65536 -print_final_stats=1 -artifact_prefix="$crashes/" \
			"$new" "$crashes" "${seeds[@]}" >"$log" 2>&1; then
		printf '    %s: %s runs, coverage %s\n' "$name" \
			"$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" \
			"$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)"
		printf '%s passed\n' "$name" >>"$OUT/outcomes"
	else
		tail -n 60 "$log"
		printf '    %s: FAILED; the input: %s; the whole log: %s\n' "$name" \
			"$(find "$crashes" -type f -printf '%T@ %p\n' | sort -rn | sed -n '1s/[^ ]* //p')" "$log"
		printf '%s failed\n' "$name" >>"$OUT/outcomes"
	fi
}

run_all() {
	local name
	mkdir -p "$OUT"/{corpus,log}
	: >"$OUT/outcomes"
	trap 'trap - TERM INT; kill $(jobs -p) 2>/dev/null; wait; exit 1' TERM INT
	for name in "$@"; do
		while [ "$(jobs -rp | wc -l)" -ge 2 ]; do
			wait -n
		done
		fuzz_one "$name" &
	done
	wait
	! grep -q ' failed$' "$OUT/outcomes"
}

case ${1:-} in
list) names ;;
run)
	: "${BUILD:?start this by 'make fuzz'}" "${FUZZ_SECONDS:=30}"
	OUT=$BUILD/fuzz
	shift
	[ $# -gt 0 ] || mapfile -t wanted < <(names)
	run_all "${@:-${wanted[@]}}"
	;;
*) echo "usage: $0 list | run [NAME...]" >&2; exit 2 ;;
esac
