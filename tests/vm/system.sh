#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A whole Debian 12 in QEMU: systemd as PID 1, D-Bus, polkit, logind with an active and an inactive
# user, our packages installed from their .deb files, the kernel modules and a virtual eUICC as
# /dev/euicc0, and modems that Debian's ModemManager has. What happens there is told by
# tests/vm/system/story.sh and modems.sh.
#
#   system.sh                            build the packages, run the stories
#   system.sh packages|stories|story|modems   one of these alone, with the packages that are there
#
# In the environment: BUILD (build), VM_SCALE multiplies the time it may take, VM_PREBUILT=1 where programs
# and kernel are made. What the guest said is in $BUILD/vm/system.log, its serial console in
# system.console.log; figures and failures in system.result and system.failed. The last line on
# stdout is "N passed, N failed, N skipped". Needs root, itself or by sudo, to make the disk.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1

: "${BUILD:=build}" "${MAKE:=make}" "${VM_SCALE:=1}"
BUILD=$(realpath -m "$BUILD")
readonly LIMIT=$((900 * VM_SCALE))
mkdir -p "$BUILD/vm"
log=$BUILD/vm/system.log
console=$BUILD/vm/system.console.log
result=$BUILD/vm/system.result
failures=$BUILD/vm/system.failed
passed=0 failed=0 skipped=0 guest=
: >"$failures"
rm -f "$result"
run=$(mktemp -d "${TMPDIR:-/tmp}/coreesim-system.XXXXXX") || exit 1

say() { printf '==> %s\n' "$*"; }

clean_up() {
	trap '' INT TERM HUP
	[ -z "$guest" ] || { kill -KILL -- "-$guest"; wait "$guest"; } 2>/dev/null
	rm -rf "$run"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

fail() { # what
	failed=$((failed + 1))
	printf 'system: %s\n' "$1" >>"$failures"
	printf '    not ok - %s\n' "$1"
}

conclude() {
	printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped" | tee "$result"
	[ "$failed" = 0 ]
	exit
}

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# Something without which nothing runs: one failure.
need() { # what command...
	local what=$1
	shift
	"$@" >"$run/step.log" 2>&1 && return
	tail -n 40 "$run/step.log"
	fail "$what"
	conclude
}

# That the packages build, and that lintian finds no error, is a test of its own.
build_packages() {
	say "Debian's packages"
	need "the packages build, and lintian finds no error" env -u VM_SCALE \
		VERSION="$(sed -n 's/^VERSION := //p' Makefile)" BUILD="$BUILD" scripts/deb.sh
	grep '^W:' "$run/step.log"
	passed=$((passed + 1))
	for file in "$BUILD"/deb/*.deb; do
		dpkg-deb -c "$file" | awk '{ print $6 }' | grep -v '/$'
	done | sort | uniq -d >"$run/twice"
	if [ -s "$run/twice" ]; then
		sed 's/^/    /' "$run/twice"
		fail "no file is in two packages"
	else
		passed=$((passed + 1))
	fi
}

make_disk() {
	local assignments modules tar
	if [ -z "${VM_PREBUILT:-}" ]; then
		need "kernel" tests/vm/kernel.sh get debian-6.1
		need "programs" "$MAKE" -s --no-print-directory -j"$(nproc)" BUILD="$BUILD" all pki
	fi
	modules=$(BUILD=$BUILD tests/vm/modules.sh debian-6.1) || { fail "modules"; conclude; }
	assignments=$(tests/vm/kernel.sh show debian-6.1) || { fail "kernel"; conclude; }
	eval "$assignments"
	export MODULE_ROOT RELEASE
	tar=$(tests/vm/system/base.sh) || { fail "a small Debian 12"; conclude; }
	need "the disk" as_root tests/vm/system/root.sh "$tar" "$BUILD/deb" "$modules" "$MODULE_ROOT" "$RELEASE" \
		"$BUILD" "$run/disk"
	as_root chown "$(id -u)" "$run/disk"
	{ grep -E '^(not )?ok - ' "$run/step.log"; echo 1..1; } >"$run/disk.log"
	count "$run/disk.log" 1
	need "the initramfs" tests/vm/system/initramfs.sh "$run/initramfs"
}

boot() { # stories
	: >"$console"
	exec setsid timeout -k 5 "$LIMIT" qemu-system-x86_64 -M q35 -accel tcg,thread=multi -cpu max,la57=off -m 1024 -smp 2 \
		-display none -nodefaults -no-reboot -kernel "$IMAGE" -initrd "$run/initramfs" \
		-append "console=ttyS0 no_timer_check quiet panic=-1 systemd.journald.forward_to_console=1 stories=$1" \
		-drive "file=$run/disk,if=none,id=disk,format=raw,cache=unsafe" -device virtio-blk-pci,drive=disk \
		-serial "file:$console" -serial stdio </dev/null
}

# What was said, line by line; each story ends with its plan.
count() { # file plans
	local line plan='' lines=0 plans=0
	while IFS= read -r line; do
		line=${line%$'\r'}
		case $line in
		'not ok - '*) lines=$((lines + 1)); fail "${line#not ok - }" ;;
		'ok - '*' # SKIP'*) lines=$((lines + 1)); skipped=$((skipped + 1)); echo "    skipped: ${line#ok - }" ;;
		'ok - '*) lines=$((lines + 1)); passed=$((passed + 1)) ;;
		1..*)
			plan=${line#1..} plans=$((plans + 1))
			[ "$plan" = "$lines" ] || fail "${1##*/}: $lines lines of $plan"
			lines=0 ;;
		'# '*) [ "$failed" = 0 ] && [ "${line#\# note: }" = "$line" ] || printf '    %s\n' "$line" ;;
		esac
	done <"$1"
	[ "$plans $lines" = "$2 0" ] || fail "${1##*/} ends after $plans of $2 plans and $lines lines"
}

tell() { # story,story
	local began=$SECONDS stories=${1//[^,]/}
	say "a whole Debian 12: $1"
	make_disk
	boot "$1" >"$log" 2>"$run/qemu.err" &
	guest=$!
	wait "$guest"
	guest=
	count "$log" $((${#stories} + 1))
	if [ "$failed" != 0 ]; then
		[ ! -s "$run/qemu.err" ] || sed 's/^/    qemu: /' "$run/qemu.err"
		tail -n 100 "$log" | tr -d '\r' | sed 's/^/    /'
	fi
	say "system took $((SECONDS - began)) s"
}

case ${1:-} in
'' | stories) stories=story,modems ;;
story | modems) stories=$1 ;;
packages) ;;
*) sed -n '4,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
case ${1:-} in '' | packages) build_packages ;; esac
[ "${1:-}" != packages ] || conclude
if ! as_root true 2>/dev/null; then
	echo "    skipped: the disk of a whole system is made by root: as root, or with sudo that asks for no password"
	skipped=$((skipped + 1))
	conclude
fi
tell "$stories"
conclude
