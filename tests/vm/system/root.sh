#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Makes the disk of the whole system: the small Debian, our packages installed in it, the kernel's
# modules, two users who are logged in, and the stories that are told at boot. Needs root. Before that
# lpad is called there without systemd as PID 1: "ok - ..." or "not ok - ..." on stdout.
#
#   root.sh BASE-TAR PACKAGES-DIRECTORY MODULES-DIRECTORY MODULE-ROOT RELEASE BUILD IMAGE
# shellcheck disable=SC2016 # what is quoted is for the shell inside
set -euo pipefail
cd "$(dirname "$0")/../../.."
PATH=$PATH:/usr/sbin:/sbin
tar=$1 packages=$2 modules=$3 module_root=$4 release=$5 build=$6 image=$7

# Those that a machine has which manages eSIMs. The modules come without DKMS: no compiler is there.
readonly INSTALLED="coreesim-udev libusbccid0 libesim0 lpad lpactl libifdeuicc usbccid-proxy coreesim-modem coreesim-testbench"
# Of Debian's kernel: emulated ports, and what takes modems there.
readonly KERNEL_MODULES="vhci-hcd cdc_mbim qmi_wwan cdc-acm"

work=$(mktemp -d "${TMPDIR:-/tmp}/coreesim-root.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
trap 'exit 1' INT TERM HUP
root=$work/root

# In namespaces that end with the command, and everything it started with them.
inside() { # command
	unshare --mount --pid --net --fork --kill-child sh -c \
		'mount -t proc proc "$1/proc" && mount -t tmpfs tmpfs "$1/run" && exec chroot "$1" /bin/sh -c "$2"' - "$root" "$1"
}

# Without systemd the bus starts lpad itself, as the user that the packages made.
without_systemd() {
	local user
	user=$(inside 'mkdir /run/dbus && dbus-daemon --system --fork &&
		busctl get-property org.coreesim.Lpa1 /org/coreesim/Lpa1 org.coreesim.Lpa1.Manager1 Version >/dev/null &&
		for dir in /proc/[0-9]*; do
			if [ "$(cat $dir/comm)" = lpad ]; then stat -c %U $dir; fi
		done' 2>"$work/bus.log") || true
	if [ "$user" = lpad ]; then
		echo "ok - without systemd the bus starts lpad, as its user"
	else
		echo "not ok - without systemd the bus starts lpad, as its user: '$user' $(cat "$work/bus.log")"
	fi
}

install_packages() {
	local name
	mkdir "$root/debs"
	for name in $INSTALLED; do
		cp "$packages/${name}"_*.deb "$root/debs/"
	done
	inside 'dpkg -i /debs/*.deb' >"$work/dpkg.log" 2>&1 || {
		cat "$work/dpkg.log" >&2
		echo "the packages do not install" >&2
		return 1
	}
	rm -r "$root/debs"
}

install_modules() {
	local dir=$root/lib/modules/$release name kind file
	mkdir -p "$dir/extra"
	cp "$modules"/*.ko "$dir/extra/"
	for name in $KERNEL_MODULES; do
		while read -r kind file _; do
			[ "$kind" != insmod ] || cp "$file" "$dir/extra/"
		done < <(modprobe -d "$module_root" -S "$release" --ignore-install --show-depends "$name")
	done
	touch "$dir/modules.order" "$dir/modules.builtin" "$dir/modules.builtin.modinfo"
	depmod -b "$root" "$release"
}

# tty1 has a seat, so who is logged in there is active; the serial line has none.
log_in() { # user unit
	chroot "$root" useradd --create-home --shell /bin/sh "$1"
	mkdir -p "$root/etc/systemd/system/$2.d"
	printf '[Service]\nExecStart=\nExecStart=-/sbin/agetty --autologin %s --noclear %%I linux\n' "$1" \
		>"$root/etc/systemd/system/$2.d/vm.conf"
	echo 'exec /vm/agent' >"$root/home/$1/.profile"
}

configure() {
	echo vm >"$root/etc/hostname"
	echo '127.0.0.1 localhost vm' >"$root/etc/hosts"
	rm -f "$root/etc/machine-id"
	systemd-machine-id-setup --root="$root" 2>/dev/null
	ln -s /dev/null "$root/etc/systemd/system/apt-daily.timer"
	ln -s /dev/null "$root/etc/systemd/system/apt-daily-upgrade.timer"
	ln -s /dev/null "$root/etc/systemd/system/dpkg-db-backup.timer"
	log_in alice getty@tty1.service
	log_in bob serial-getty@ttyS0.service
	mkdir -p "$root/etc/coreesim/lpad.conf.d" "$root/etc/coreesim/roots" "$root/etc/tmpfiles.d"
	cp tests/vm/system/lpad.conf "$root/etc/coreesim/lpad.conf.d/vm.conf"
	cp "$build/pki/nist/CERT_CI.der" "$root/etc/coreesim/roots/"
	cp tests/vm/system/story.service "$root/etc/systemd/system/"
	mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
	ln -s ../story.service "$root/etc/systemd/system/multi-user.target.wants/"
}

install_story() {
	mkdir -p "$root/vm/profiles"
	cp -r "$build/pki/nist" "$root/vm/pki"
	"$build/bin/mkprofile" --iccid 8944476500001224158 --imsi 001010123456789 "$root/vm/profiles/small.der"
	"$build/bin/mkprofile" --iccid 8944476500001224166 --imsi 001010123456790 "$root/vm/profiles/other.der"
	cp tests/vm/guest.sh "$root/vm/guest.sh"
	cp tests/vm/system/agent.sh "$root/vm/agent"
	cp tests/vm/system/asking.sh "$root/vm/asking.sh"
	cp tests/vm/system/stories.sh "$root/vm/stories"
	cp tests/vm/system/story.sh "$root/vm/story"
	cp tests/vm/system/modems.sh "$root/vm/modems"
	install -D -t "$root/vm/scripts" scripts/demo.sh
	install -D -t "$root/vm/debian/tests" debian/tests/demo
	chmod 755 "$root/vm/agent" "$root/vm/stories" "$root/vm/story" "$root/vm/modems"
}

mkdir "$root"
tar -C "$root" --numeric-owner -xf "$tar"
install_packages
without_systemd
install_modules
configure
install_story
rm -rf "$root"/var/cache/apt "$root"/var/lib/apt/lists/*
rm -f "$image"
mke2fs -q -F -t ext4 -O ^has_journal -E lazy_itable_init=1 -d "$root" "$image" 1200M
