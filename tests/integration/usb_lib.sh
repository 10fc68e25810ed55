# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154
#
# What tests of `usb:` share, to be read after lib.sh: an emulated reader with a virtual eUICC, which
# ./lpactl sees on a USB bus of its own (vreader-host).
#
#   start_reader [vreader option...]  PKI: $CARD_PKI, default nist. The card's memory is card/
#   reader COMMAND...                 a command to it, and its answer
#   figure NAME                       one of its figures
#   expect_rules_kept                 the host did nothing that a host must not do
#   stop_reader                       at a test's end: it ends with status 0, silent
#   end_usb                           in a test's cleanup

# The device that ./lpactl names.
USB_DEVICE=usb:

# With its bus ./lpactl is another program than without.
make_client() {
	[ -d roots ] || { mkdir roots && cp "$PKI/${SERVER_PKI:-nist}/CERT_CI.der" roots/; }
	cat >lpactl.new <<-CLIENT
	#!/bin/sh
	${usb_environment:+export $usb_environment}
	exec "$BIN/lpactl" --device "$USB_DEVICE" --ci-roots "$PWD/roots" \
		${server_address:+--connect-to "$NAME:443:$server_address" --connect-to "$SMDS:443:$server_address"} "\$@"
	CLIENT
	chmod +x lpactl.new
	mv lpactl.new lpactl
}

# The bus is there as long as its command runs: that says where it is, and waits for a word. It opens
# the FIFO for both ways: an open that waits cannot be ended where umockdev has its hand on it.
start_reader() { # vreader option...
	mkdir -p card
	rm -f reader.fifo reader.hold reader.sock
	mkfifo reader.fifo reader.hold
	cat >bus.sh <<-'BUS'
	echo "listening $UMOCKDEV_DIR $LD_PRELOAD $ASAN_OPTIONS"
	exec >/dev/null
	read -r _ <>reader.hold
	BUS
	"$BIN/vreader-host" --state card --log card.log --pki "$PKI/${CARD_PKI:-nist}" \
		--control reader.sock "$@" -- sh bus.sh >reader.fifo 2>reader.err </dev/null &
	echo $! >reader.pid
	await_ready reader reader.fifo
	# shellcheck disable=SC2086 # three words on purpose
	set -- $listening
	usb_environment="UMOCKDEV_DIR=$1 LD_PRELOAD=$2 ASAN_OPTIONS=$3"
	make_client
}

reader() { # command...
	"$BIN/vreader" --to reader.sock "$@" || atf_fail "vreader: $*"
}

# In again: the kernel's end may still be about to let the reader go.
plug_in_again() {
	tries=300
	until "$BIN/vreader" --to reader.sock attach 2>attach.err; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { cat attach.err; atf_fail "vreader: attach"; }
		sleep 0.1
	done
}

figure() { # name
	reader stats | sed -n "s/^$1 //p"
}

expect_rules_kept() {
	reader stats >stats.out
	grep -qx 'violations 0' stats.out || { cat stats.out; atf_fail "the host broke the rules"; }
}

stop_reader() {
	echo end >reader.hold
	wait "$(cat reader.pid)" || { cat reader.err >&2; atf_fail "vreader-host ended with status $?"; }
	rm reader.pid
	[ ! -s reader.err ] || { cat reader.err >&2; atf_fail "vreader-host complained"; }
}

end_usb() {
	end_servers
	[ ! -e reader.pid ] || kill "$(cat reader.pid)" 2>/dev/null || true
}
