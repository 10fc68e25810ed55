#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Line coverage of the unit and integration tests: a percentage for each room, and
# HTML in $BUILD/coverage/html. Started by `make coverage`.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${BUILD:?start this by 'make coverage'}" "${MAKE_BUILD:=$BUILD}" "${MAKE:=make}"

readonly OUT=$BUILD/coverage
find "$OUT" -name '*.gcda' -delete 2>/dev/null || true
"$MAKE" --no-print-directory COVERAGE=1 BUILD="$MAKE_BUILD/coverage" pki >/dev/null
for suite in unit integration; do
	# What fails there is make check's business; here only what was run counts.
	COVERAGE=1 BUILD=$OUT MAKE_BUILD=$MAKE_BUILD/coverage scripts/check.sh "$suite" || true
done

# geninfo 1.14 warns about itself, at length.
lcov -q -c -d "$OUT/obj" -b "$PWD" --no-external -o "$OUT/all.info" 2> >(grep -v "^Subroutine" >&2)
lcov -q -r "$OUT/all.info" "$PWD/tests/unit/*" "$OUT/*" -o "$OUT/lines.info"
genhtml -q -p "$PWD" -o "$OUT/html" "$OUT/lines.info"

printf '%-22s %10s %10s %8s\n' room lines reached percent
awk -F: -v top="$PWD/" '
	$1 == "SF" { room = substr($2, length(top) + 1); sub(/\/[^\/]*$/, "", room) }
	$1 == "LF" { lines[room] += $2; all += $2 }
	$1 == "LH" { hit[room] += $2; reached += $2 }
	END {
		for (room in lines)
			printf "%-22s %10d %10d %7.1f%%\n", room, lines[room], hit[room], 100 * hit[room] / lines[room] | "sort"
		close("sort")
		printf "%-22s %10d %10d %7.1f%%\n", "all", all, reached, all ? 100 * reached / all : 0
	}' "$OUT/lines.info"
echo "HTML: $OUT/html/index.html"
