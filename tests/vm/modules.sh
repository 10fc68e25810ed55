#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Builds kmod/ for one of tests/vm/kernel.sh's kernels and prints where the modules are.
# Kbuild writes beside its sources, so it gets a copy of them, one for each kernel, in
# $BUILD/vm/kmod. For Debian's kernels every warning of W=1 is an error.
#
#   modules.sh PIECE [make-argument...]
#   modules.sh /KDIR [make-argument...]   for a kernel of the user's own, in $BUILD/kmod
set -euo pipefail
cd "$(dirname "$0")/../.."

piece=${1:?PIECE}
shift
: "${BUILD:=build}"
dir=$(realpath -m "$BUILD")/vm/kmod/${piece/#headers-/debian-}
case $piece in
/*)
	dir=$(realpath -m "$BUILD")/kmod
	KBUILD=$piece MAKE_ARGS='' ;;
*)
	assignments=$(tests/vm/kernel.sh show "$piece")
	eval "$assignments" ;;
esac
log=$dir.log

mkdir -p "$dir"
exec {lock}>"$dir.lock"
flock "$lock"

# What Kbuild makes is in no list of the sources' side, so that --delete spares it.
rsync -a --delete --exclude='*.o' --exclude='*.ko' --exclude='*.mod' --exclude='*.mod.c' --exclude='.*' \
	--exclude=modules.order --exclude=Module.symvers kmod/ "$dir/"

strict=()
case $piece in
debian-* | headers-*) strict=(W=1 KCFLAGS=-Werror) ;;
# Where the kernel counts coverage: of our own code, which the ioctl fuzzer looks at.
um | kasan) strict=(KCOV_INSTRUMENT=y) ;;
esac
# shellcheck disable=SC2086 # a list of words
if ! make -C "$KBUILD" M="$dir" $MAKE_ARGS -j"$(nproc)" "${strict[@]}" "$@" modules >"$log" 2>&1 </dev/null; then
	grep -E -B2 -A8 'error|warning' "$log" >&2 || tail -n 30 "$log" >&2
	echo "kmod does not build for $piece; the whole log is $log" >&2
	exit 1
fi
if grep 'WARNING: modpost' "$log" >&2; then
	rm -f "$dir"/*.mod.c "$dir/Module.symvers"
	exit 1
fi
echo "$dir"
