# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# The PC/SC world in a guest: `. /vm/pcsc.sh` after guest.sh, in suites with root=pcsc.
#
#   start_udev                 udevd: libusb and pcscd hear of what comes and goes by it alone
#   start_pcscd [OPTION]...    udevd, and pcscd, ready for clients; sets $pcscd. The readers of
#                              /etc/reader.conf.d are its own, those on USB are libccid's
#   stop_pcscd
#   has_reader TEXT            a reader of pcscd's has TEXT in its name (for wait_until)
#   has_card TEXT              and there is a card in it
#
# init ends them with the suite.

export SYSTEMD_LOG_TARGET=console SYSTEMD_LOG_LEVEL=err

start_udev() {
	if [ -S /run/udev/control ] && udevadm control --ping 2>/dev/null; then
		return
	fi
	rm -rf /run/udev
	/lib/systemd/systemd-udevd --daemon &&
		udevadm trigger --type=all --action=add --subsystem-match=usb --subsystem-match=euicc --subsystem-match=misc &&
		udevadm settle --timeout=60
}

start_pcscd() { # option...
	start_udev || return 1
	# A killed one leaves its files.
	rm -rf /run/pcscd
	mkdir /run/pcscd
	/usr/sbin/pcscd --foreground --error "$@" >>pcscd.out 2>&1 &
	# shellcheck disable=SC2034 # for the caller
	pcscd=$!
	wait_until 60 test -S /run/pcscd/pcscd.comm || { sed 's/^/# /' pcscd.out; return 1; }
}

stop_pcscd() {
	kill -TERM "$pcscd"
	wait "$pcscd"
}

has_reader() { # text
	opensc-tool --list-readers 2>/dev/null | grep -qF "$1"
}

has_card() { # text
	opensc-tool --list-readers 2>/dev/null | grep -F "$1" | grep -q '^[0-9]* *Yes'
}
