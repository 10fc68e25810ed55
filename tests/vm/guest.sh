# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# What the shell suites of the VM bench share: `. /vm/guest.sh` in tests/vm/NAME_vmtest.sh.
# They run under busybox sh, as root, in a scratch directory of their own.

tap_lines=0
tap_failed=0

tap_ok() { # NAME
	tap_lines=$((tap_lines + 1))
	echo "ok - $1"
}

tap_fail() { # NAME WHY
	tap_lines=$((tap_lines + 1))
	tap_failed=$((tap_failed + 1))
	echo "not ok - $1: $2"
}

tap_skip() { # NAME WHY
	tap_lines=$((tap_lines + 1))
	echo "ok - $1 # SKIP $2"
}

tap_note() { printf '%s\n' "$*" | sed 's/^/# /'; }

# The plan, by which a suite that ended early is told from one that came to its end.
tap_exit() {
	echo "1..$tap_lines"
	[ "$tap_failed" = 0 ]
	exit
}

# A command that has to succeed; where it fails, what it printed is shown.
expect() { # NAME command...
	local name=$1 status=0
	shift
	"$@" >expect.out 2>&1 || status=$?
	if [ "$status" = 0 ]; then
		tap_ok "$name"
	else
		sed 's/^/# /' expect.out
		tap_fail "$name" "status $status"
	fi
	return "$status"
}

# Wait until a command succeeds; fails when it did not within SECONDS (made for a slow
# machine: be generous).
wait_until() { # SECONDS command...
	local ticks=$(($1 * 10))
	shift
	until "$@" >/dev/null 2>&1; do
		ticks=$((ticks - 1))
		[ "$ticks" -gt 0 ] || return 1
		sleep 0.1
	done
}

# Start a program and wait for its first line, which says that it is ready. Sets $started
# (process id) and $ready (the line). Its output goes to NAME.out.
start() { # NAME command...
	local name=$1
	shift
	: >"$name.out"
	"$@" >"$name.out" 2>&1 &
	# shellcheck disable=SC2034 # for the caller
	started=$!
	wait_until 60 test -s "$name.out" || { sed 's/^/# /' "$name.out"; return 1; }
	# shellcheck disable=SC2034 # for the caller
	ready=$(head -n 1 "$name.out")
}

# Ask the host (QEMU tiers with a usb-ccid reader, whose card is veuicc on the host).
# Prints the answer; fails with the host's reason on stderr.
#   host log              the card's log, a line per APDU
#   host package ICCID      the SHA-256 of the profile package that the card installed
#   host card [OPTION]... take the card out and put it in again, veuicc with these options
#   host eject            take the card out
#   host unplug, host plug  the reader
host() {
	local line
	[ -e /dev/host ] || { echo "this tier has no reader of the host's" >&2; return 1; }
	exec 9<>/dev/host
	printf '%s\n' "$*" >&9
	while IFS= read -r line <&9; do
		case $line in
		.) exec 9>&-; return 0 ;;
		'!'*) exec 9>&-; echo "${line#!}" >&2; return 1 ;;
		:*) printf '%s\n' "${line#:}" ;;
		esac
	done
	return 1
}
