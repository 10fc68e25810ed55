#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A newcomer's machine: a bare Debian 12 (the base system, git and make, nothing
# else) made by debootstrap, HEAD cloned into it, and the two commands typed. Says
# how long each took. Needs root, for chroot; the mirror is that of this system's
# own apt source. Everything runs in mount and process namespaces of its own: when
# they end, every mount and every process is gone.
#
#   tests/fresh.sh [--only demo|check] [--run COMMAND] [--keep] [--again]
#
#   --only    one of the two
#   --run     another command in their place, in the cloned tree
#   --again   each command twice: the second time shows what the caches give
#   --keep    leave the root directory in place, and name it
#
# The bare system and the packages that apt fetched are kept below
# ${XDG_CACHE_HOME:-~/.cache}/coreesim/fresh.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly SUITE=bookworm
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/coreesim/fresh
readonly CACHE

say() { printf 'fresh: %s\n' "$*"; }
die() { printf 'fresh: %s\n' "$*" >&2; exit 1; }
usage() { sed -n '4,/^set/s/^# \{0,1\}//p' "$0"; exit "$1"; }

# --- inside the namespaces: $1 is the new root, the rest are commands ------------

make_devices() {
	local node
	mount -t tmpfs -o mode=755 none "$1/dev"
	for node in null zero full random urandom tty; do
		touch "$1/dev/$node"
		mount --bind "/dev/$node" "$1/dev/$node"
	done
	mkdir "$1/dev/pts" "$1/dev/shm"
	mount -t devpts -o newinstance,ptmxmode=666 none "$1/dev/pts"
	mount -t tmpfs none "$1/dev/shm"
	ln -s pts/ptmx "$1/dev/ptmx"
	ln -s /proc/self/fd "$1/dev/fd"
}

# What still runs in this process namespace, this script and its kin aside.
left_running() {
	local pid
	for pid in /proc/[0-9]*; do
		pid=${pid#/proc/}
		case $pid in 1 | "$$" | "$BASHPID") continue ;; esac
		tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null && echo
	done
}

inside() {
	local root=$1 command begin status worst=0 left table=
	shift
	mount --make-rprivate /
	# A root that is a mount, as a machine's is: else nothing in it gets namespaces of its own.
	mount --bind "$root" "$root"
	mount -t proc proc /proc
	mount -t proc proc "$root/proc"
	make_devices "$root"
	mkdir -p "$CACHE/archives"
	mount --bind "$CACHE/archives" "$root/var/cache/apt/archives"
	for command in "$@"; do
		say "typing: $command"
		begin=$SECONDS status=0
		env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM="${TERM:-dumb}" \
			chroot "$root" /bin/bash -c "cd /srv/coreesim && $command" </dev/null || status=$?
		table+=$(printf '%6d s  exit %d  %s' $((SECONDS - begin)) "$status" "$command")$'\n'
		[ "$status" = 0 ] || worst=1
		left=$(left_running)
		[ -z "$left" ] || { worst=1; table+="          left running: $left"$'\n'; }
	done
	say "on a bare Debian 12:"
	printf '%s' "$table"
	return "$worst"
}

# --- outside ----------------------------------------------------------------------

make_base() {
	local uri keyring tar=$CACHE/base-$SUITE.tar work
	[ ! -e "$tar" ] || return 0
	scripts/deps.sh packages fresh
	read -r uri keyring < <(scripts/deps.sh source)
	[ -n "$uri" ] || die "no source entry for Debian 12 in /etc/apt"
	work=$(mktemp -d "$CACHE/base.XXXXXX")
	say "making the bare system from $uri (once)"
	if ! debootstrap --variant=minbase --include=git,make \
		--keyring="${keyring:-/usr/share/keyrings/debian-archive-keyring.gpg}" \
		"$SUITE" "$work/root" "$uri" >"$CACHE/debootstrap.log" 2>&1; then
		tail -n 20 "$CACHE/debootstrap.log" >&2
		rm -rf "$work"
		die "debootstrap failed; its log is $CACHE/debootstrap.log"
	fi
	chroot "$work/root" apt-get clean
	tar -C "$work/root" --numeric-owner -cf "$tar.new" .
	mv "$tar.new" "$tar"
	rm -rf "$work"
}

only='' keep='' again='' custom=''
while [ $# -gt 0 ]; do
	case $1 in
	--inside) shift; inside "$@"; exit ;;
	--only) only=${2:?--only demo or --only check}; shift 2 ;;
	--run) custom=${2:?--run COMMAND}; shift 2 ;;
	--again) again=1; shift ;;
	--keep) keep=1; shift ;;
	--help) usage 0 ;;
	*) usage 2 >&2 ;;
	esac
done
[ "$(id -u)" = 0 ] || die "needs root (chroot). As root: tests/fresh.sh"

case $only in
'') commands=("make demo" "make check") ;;
demo | check) commands=("make $only") ;;
*) die "--only demo or --only check" ;;
esac
[ -z "$custom" ] || commands=("$custom")
if [ -n "$again" ]; then
	twice=()
	for command in "${commands[@]}"; do
		twice+=("$command" "$command")
	done
	commands=("${twice[@]}")
fi

mkdir -p "$CACHE"
make_base
root=$(mktemp -d "$CACHE/root.XXXXXX")
# Mounts live in the namespace alone: here there is nothing but files to remove.
clean_up() {
	if [ -n "$keep" ]; then
		say "kept: $root"
	else
		rm -rf --one-file-system "$root"
	fi
}
trap clean_up EXIT
trap 'exit 130' INT TERM
tar -C "$root" --numeric-owner -xf "$CACHE/base-$SUITE.tar"
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
echo '127.0.0.1 localhost' >"$root/etc/hosts"
# As in a container: packages that bring a daemon (pcscd) start none. No test may need it.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
git clone -q --no-hardlinks . "$root/srv/coreesim"
git -C "$root/srv/coreesim" remote remove origin
unshare --mount --pid --fork --kill-child "$0" --inside "$root" "${commands[@]}"
