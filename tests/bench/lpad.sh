#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The part of `make bench` that is about lpad: the daemon on a bus of its own, beside a
# stand-in for polkit that always says yes, with up to 200 virtual eUICCs.
set -euo pipefail
: "${BUILD:?start this by 'make bench'}"
BUILD=$(realpath "$BUILD")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

"$BUILD/bin/mkprofile" --iccid 8944476500001224158 --imsi 001010123456789 "$scratch/package.der"
printf '\nlpad\n'
"$BUILD/tests/bench/lpad-bench" --bin "$BUILD/bin" --pki "$BUILD/pki/nist" --scratch "$scratch" \
	--log "$scratch/log" "$@" "$scratch/package.der" || {
	status=$?
	grep -vE ': (ready|gone|done)$|fd limit' "$scratch/log" | tail -n 20 >&2 || true
	exit $status
}
