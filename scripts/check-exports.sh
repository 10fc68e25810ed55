#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Holds three lists of a library's public symbols against each other: what the public
# headers declare, what its map lists, and what the shared library exports.
# Functions alone are exported: an object's size is frozen into each program that names it.
#
#   check-exports.sh NAME [FILE]   compare; NAME is libesim or libusbccid, FILE the shared
#                                  object to look into
#   check-exports.sh NAME --write  make the map from the headers
set -euo pipefail
cd "$(dirname "$0")/.."

name=${1:-}
[ $# = 0 ] || shift
case $name in
libesim) readonly MAP=libesim/libesim.map HEADERS=libesim/include/esim LICENCE=GPL-2.0-or-later ;;
libusbccid) readonly MAP=usbccid/usbccid.map HEADERS=usbccid/include LICENCE=LGPL-2.1-or-later ;;
*) sed -n '4,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The compiler itself says what is declared where: functions from -aux-info, with
# the header's name; objects are declared `extern` at the start of a line.
declared() {
	local header
	for header in "$HEADERS"/*.h "$HEADERS"/*/*.h; do
		[ ! -e "$header" ] || printf '#include "%s"\n' "$PWD/$header"
	done >"$work/all.c"
	"${CC:-cc}" -std=gnu17 -Ilibesim/include -S -o /dev/null -aux-info "$work/protos" "$work/all.c"
	{
		sed -n "s,^/\* [^ ]*$HEADERS/[^ ]* \*/ extern [^(]*[ *]\([A-Za-z_][A-Za-z0-9_]*\) (.*,\1,p" "$work/protos"
		sed -n 's/^extern [^(]*[ *]\([A-Za-z_][A-Za-z0-9_]*\)\(\[[^]]*\]\)*;.*/\1/p' "$HEADERS"/*.h
	} | sort -u
}

listed() { sed -n 's/^\t\([A-Za-z0-9_]*\);$/\1/p' "$MAP" | sort -u; }

exported() { nm -D --defined-only "$1" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort -u; }

# Type and name of what is exported and is no function.
objects() { nm -D --defined-only "$1" | awk '$2 != "A" && $2 != "T" { sub(/@.*/, "", $3); print $3 " (type " $2 ")" }'; }

write_map() {
	{
		printf '# SPDX-License-Identifier: %s\n' $LICENCE
		printf '# What %s.so exports: each symbol of the public headers, nothing else.\n' "$name"
		printf '# scripts/check-exports.sh compares it with both and writes it anew with --write.\n'
		printf '%s_0 {\nglobal:\n' "${name^^}"
		declared | sed 's/.*/\t&;/'
		printf 'local:\n\t*;\n};\n'
	} >"$work/map"
	cmp -s "$work/map" "$MAP" || cp "$work/map" "$MAP"
}

# Report the lines of list $1 that list $2 lacks, with sentence $3.
status=0
lacking() {
	local names
	names=$(comm -23 "$1" "$2")
	[ -n "$names" ] || return 0
	status=1
	printf '%s\n' "$names" | sed "s|\$|: $3|" >&2
}

if [ "${1:-}" = --write ]; then
	write_map
	exit
fi
declared >"$work/declared"
listed >"$work/listed"
lacking "$work/declared" "$work/listed" "declared in a public header, not in $MAP (run $0 $name --write)"
lacking "$work/listed" "$work/declared" "in $MAP, declared in no public header"
if [ -n "${1:-}" ]; then
	exported "$1" >"$work/exported"
	lacking "$work/declared" "$work/exported" "declared in a public header, not exported by ${1##*/} (not written yet?)"
	lacking "$work/exported" "$work/declared" "exported by ${1##*/}, declared in no public header"
	objects "$1" >"$work/objects"
	lacking "$work/objects" /dev/null "exported by ${1##*/}, and no function"
fi
[ "$status" != 0 ] || echo "$name: $(wc -l <"$work/declared") public symbols, the same in headers, map${1:+ and library}"
exit "$status"
