# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154 # names from lib.sh
#
# What tests of modems beside ModemManager share, on top of lpad_lib.sh's machine: a /dev of its own, in
# which a virtual modem's pseudo-terminals have the names of modem ports; the real proxies of the modem
# libraries; and tests/lpad/fakemm on the machine's bus, which has ModemManager's API and records who sets
# a modem aside.
#
#   make_modem_machine                  make_machine, /dev, the proxies
#   start_modem NAME [vmodem option...] ports /dev/NAME-mbim …
#   hurry                               steps after a switch are given up soon
#   modem NAME COMMAND                  vmodem's control: its answer without the last line
#   start_manager NAME                  fakemm with this modem; what it recorded is in manager.log
#   stop_manager
#   client URI                          ./lpactl drives it directly, as lib.sh's
#   recorded LINE...                    manager.log has these lines and no more; it begins anew
#   no_channel NAME                     the modem has no channel open

UID_OF_MODEM=/sys/devices/virtual/modem
MODULES=${BIN%/bin}/lib/coreesim
FAKEMM=${BIN%/bin}/tests/lpad/fakemm

make_modem_machine() {
	make_machine
	make_dev
	/usr/libexec/mbim-proxy --no-exit >mbim-proxy.log 2>&1 &
	/usr/libexec/qmi-proxy --no-exit >qmi-proxy.log 2>&1 &
	mkdir -p journals
	: >modems.conf
	COREESIM_MODULES=$MODULES
	COREESIM_MODEMS_STATE=$PWD/journals
	COREESIM_MODEMS_CONF=$PWD/modems.conf
	export COREESIM_MODULES COREESIM_MODEMS_STATE COREESIM_MODEMS_CONF
}

# Names of ports are ModemManager's, and plain names below /dev.
make_dev() {
	mkdir -p dev
	mount -t tmpfs -o mode=755 tmpfs dev
	for node in null zero full random urandom tty; do
		: >"dev/$node"
		mount --bind "/dev/$node" "dev/$node"
	done
	mkdir dev/pts
	ln -s pts/ptmx dev/ptmx
	mount -t devpts -o newinstance,ptmxmode=666,mode=620 devpts dev/pts
	ln -s /proc/self/fd dev/fd
	mount --move dev /dev
}

# Nobody waits long for a modem that never follows.
hurry() {
	printf '%s\n' '[*]' RefreshTimeout=2s UimPowerTimeout=2s AirplaneTimeout=2s ResetTimeout=10s >modems.conf
}

start_modem() { # name vmodem option...
	modem_name=$1
	shift
	"$BIN/vmodem" --pty --pty-link "/dev/$modem_name" --state "$modem_name" --pki "$PKI/nist" \
		--control "$PWD/$modem_name.control" --log "$modem_name.log" "$@" \
		>"$modem_name.out" 2>"$modem_name.err" </dev/null &
	echo $! >"$modem_name.pid"
	wait_until grep -q ^listening "$modem_name.out" || atf_fail "vmodem did not start: $(cat "$modem_name.err")"
}

modem() { # name command
	"$BIN/vmodem" --to "$PWD/$1.control" "$2"
}

no_channel() { # name
	wait_until has_no_channel "$1" || atf_fail "channels are open: $(modem "$1" channels)"
}

has_no_channel() { # name
	[ "$(modem "$1" channels | head -n 1)" = 0 ]
}

# What the modem takes its card for.
modem_iccid() { # name
	modem "$1" state | sed -n 's/^iccid //p'
}

# --- ModemManager's side ----------------------------------------------------------------------------

# manager.extra: further lines that the modem is described by, of a test.
start_manager() { # name
	cat >probe.sh <<-PROBE
	cd "$PWD"
	state=\$("$BIN/vmodem" --to "$PWD/$1.control" state) || exit 0
	echo "\$state" | grep -qx 'bus there' || exit 0
	echo uid $UID_OF_MODEM
	echo manufacturer CoreESIM
	echo model Virtual modem
	for port in mbim:7 qmi:6 at:3; do
		[ ! -e "/dev/$1-\${port%:*}" ] || echo "port $1-\$port"
	done
	echo port wwan0:2
	echo operator Test network
	echo eid $modem_eid
	echo "\$state" | sed -n 's/^iccid \([0-9].*\)/iccid \1/p'
	cat manager.extra 2>/dev/null
	PROBE
	: >manager.log
	"$FAKEMM" probe.sh manager.log >manager.out 2>manager.err </dev/null &
	echo $! >manager.pid
	wait_until grep -qx ready manager.out || atf_fail "fakemm did not start: $(cat manager.err)"
}

stop_manager() {
	kill "$(cat manager.pid)"
	wait "$(cat manager.pid)" || atf_fail "fakemm: $(cat manager.err)"
}

recorded() { # line...
	printf '%s\n' "$@" >manager.wanted
	wait_until cmp -s manager.wanted manager.log || {
		diff manager.wanted manager.log >&2
		atf_fail "that is not what ModemManager was asked for"
	}
	: >manager.log
}

# --- a direct run ---------------------------------------------------------------------------------------

client() { # uri
	[ -d roots ] || { mkdir roots && cp "$PKI/nist/CERT_CI.der" roots/; }
	cat >lpactl <<-CLIENT
	#!/bin/sh
	exec "$BIN/lpactl" --device "$1" --ci-roots "$PWD/roots" \
		${server_address:+--connect-to "$NAME:443:$server_address"} "\$@"
	CLIENT
	chmod +x lpactl
}
