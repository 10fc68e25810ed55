#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The bench in a guest: one boot of Debian's kernel, one emulated reader, and each way to it
# (tests/bench/vm), pcscd and libccid of this machine among them. Prints the rows and the gates;
# exit status 1 where one is missed.
set -euo pipefail
: "${BUILD:?start this by 'make bench'}"
tier=debian-6.1
root=$BUILD/bench/root

rm -rf "$root"
mkdir -p "$root/bin"
strip -o "$root/bin/bench_vmtest" "$BUILD/bench/bench_vmtest"

status=0
VM_EXTRA=$root tests/vm/run.sh "$tier" "bench root=pcsc limit=900" >"$BUILD/bench/run.log" 2>&1 || status=$?
sed -n '/^@begin bench /,/^@end bench /p' "$BUILD/vm/$tier.log" | sed -nE 's/^# //p; s/^((not )?ok - .*)/  \1/p'
if [ $status != 0 ]; then
	tail -n 30 "$BUILD/bench/run.log" >&2
fi
exit $status
