#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The bench in a guest: one boot of Debian's kernel, one emulated reader, and each way to it
# (tests/bench/vm). Takes pcscd and libccid of this machine into the guest. Prints the rows and the
# gates; exit status 1 where one is missed.
set -euo pipefail
: "${BUILD:?start this by 'make bench'}"
readonly DRIVERS=/usr/lib/pcsc/drivers
tier=debian-6.1
root=$BUILD/bench/root

add_program() { # file directory
	local library
	install -D -m 755 "$1" "$root$2/${1##*/}"
	while IFS= read -r library; do
		install -D -m 755 "$library" "$root$library"
	done < <(ldd "$1" | sed -nE 's/^(.*=> )?[ \t]*(\/[^ ]+) \(0x.*/\2/p')
}

rm -rf "$root"
mkdir -p "$root"
add_program "$BUILD/bench/bench_vmtest" /bin
if [ -x /usr/sbin/pcscd ] && [ -d $DRIVERS/ifd-ccid.bundle ]; then
	add_program /usr/sbin/pcscd /usr/sbin
	mkdir -p "$root$DRIVERS"
	cp -rL $DRIVERS/ifd-ccid.bundle "$root$DRIVERS/"
	# Loaded by pthread_exit() when a thread ends, and named by nobody before.
	library=$(ldconfig -p | sed -nE 's/.*libgcc_s\.so\.1 .*x86-64.* => //p' | head -n 1)
	install -D -m 755 "$library" "$root$library"
	add_program "$(find $DRIVERS/ifd-ccid.bundle -name 'libccid.so')" "$DRIVERS/ifd-ccid.bundle/Contents/Linux"
fi

status=0
VM_EXTRA=$root tests/vm/run.sh "$tier" bench >"$BUILD/bench/run.log" 2>&1 || status=$?
sed -n '/^@begin bench /,/^@end bench /p' "$BUILD/vm/$tier.log" | sed -nE 's/^# //p; s/^((not )?ok - .*)/  \1/p'
if [ $status != 0 ]; then
	tail -n 30 "$BUILD/bench/run.log" >&2
fi
exit $status
