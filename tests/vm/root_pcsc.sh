#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The PC/SC world of this machine, laid into a guest's root for the suites that ask for it
# by root=pcsc (tests/vm/suites): pcscd with libccid, opensc-tool, python3 with pyscard, and
# udevd, without which neither pcscd nor libusb hears of a reader that comes or goes.
# tests/vm/pcsc.sh starts them in the guest.
#
#   root_pcsc.sh ROOT
#
# Beside them what was built: libifdeuicc.so as a driver of pcscd's, libusbccid.so, and the
# rules of udev/.
set -euo pipefail
cd "$(dirname "$0")/../.."
PATH=$PATH:/usr/sbin:/sbin
root=$1
: "${BUILD:=build}"
readonly DRIVERS=/usr/lib/pcsc/drivers
readonly RULES=/lib/udev/rules.d
# Not of pyenv's or the like: pyscard is Debian's.
readonly PYTHON=/usr/bin/python3
# What suites may import; each brings what it needs.
readonly PYTHON_MODULES="argparse binascii contextlib ctypes errno fcntl encodings.idna encodings.latin_1 json os re
	select signal smartcard.ATR smartcard.CardConnectionObserver smartcard.CardMonitoring
	smartcard.CardRequest smartcard.CardType smartcard.Exceptions smartcard.ReaderMonitoring
	smartcard.System smartcard.scard smartcard.sw.ErrorCheckingChain smartcard.util
	subprocess tempfile threading time traceback unittest"

. tests/vm/lay.sh

add_pcscd() {
	add /usr/sbin/pcscd
	# By pthread_exit(), when a thread of pcscd's ends.
	add_loaded libgcc_s.so.1
	mkdir -p "$root$DRIVERS/serial" "$root/etc/reader.conf.d"
	cp -rL $DRIVERS/ifd-ccid.bundle "$root$DRIVERS/"
	add "$(find $DRIVERS/ifd-ccid.bundle -name libccid.so)"
}

add_clients() {
	add /usr/bin/opensc-tool
	install -D -m 644 /etc/opensc/opensc.conf "$root/etc/opensc/opensc.conf"
	# opensc and pyscard load it.
	add_loaded libpcsclite.so.1
}

# The modules' files, as the interpreter itself names them, and compiled here: the guest's
# clock is nothing to tell old from new by.
add_python() {
	local file
	add $PYTHON
	while IFS= read -r file; do
		install -D -m 644 "$file" "$root$file"
		case $file in *.so) add_libraries "$file" ;; esac
	done < <(
		# shellcheck disable=SC2086 # words
		$PYTHON -I -c '
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
for module in list(sys.modules.values()):
    if getattr(module, "__file__", None):
        print(module.__file__)' $PYTHON_MODULES)
	$PYTHON -I -m compileall -q --invalidation-mode unchecked-hash -s "$root" "$root/usr/lib"
}

# Of the system's rules only what names devices; the groups that they name, and ours.
add_udev() {
	local group number=100
	add /lib/systemd/systemd-udevd
	ln -sf /lib/systemd/systemd-udevd "$root/bin/udevadm"
	mkdir -p "$root$RULES" "$root/etc"
	cp $RULES/50-udev-default.rules udev/*.rules "$root$RULES/"
	echo root:x:0:0:root:/root:/bin/sh >"$root/etc/passwd"
	echo root:x:0: >"$root/etc/group"
	while IFS= read -r group; do
		[ "$group" = root ] || echo "$group:x:$((number += 1)):" >>"$root/etc/group"
	done < <(sed -nE 's/.*GROUP="([a-z]+)".*/\1/p' "$root$RULES"/*.rules | sort -u)
}

add_ours() {
	local file
	for file in "$BUILD"/lib/libusbccid.so.?; do
		[ ! -e "$file" ] || add "$file" "/lib/${file##*/}"
	done
	file=$BUILD/lib/libifdeuicc.so
	[ ! -e "$file" ] || add "$file" "$DRIVERS/serial/${file##*/}"
}

add_pcscd
add_clients
add_python
add_udev
add_ours
