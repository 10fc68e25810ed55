# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# euicc-selftest over one way to a card, and the examples of the documentation.
. /vm/guest.sh
. /vm/ways.sh

start_way "$1" || { tap_fail "a card behind a device" "$1"; tap_exit; }

# Its lines are this suite's; its plan is not.
euicc-selftest --reset "$device" >selftest.out 2>selftest.err
status=$?
grep -v '^1\.\.' selftest.out
tap_lines=$(grep -c -E '^(not )?ok' selftest.out)
tap_failed=$(grep -c '^not ok' selftest.out)
if [ "$status" = 0 ]; then
	tap_ok "$1: euicc-selftest says that all is well"
else
	tap_fail "$1: euicc-selftest says that all is well" "status $status: $(cat selftest.err)"
fi

EID='BF3E125A10[0-9A-F]\{32\}'

# A user who has nothing here.
mkdir -p /etc
echo "nobody:x:65534:65534::/:/bin/sh" >/etc/passwd

# A client without any right to the device gets a channel from the broker, and its answers.
start broker broker "$device" broker.sock || tap_note "no broker"
chmod 666 broker.sock
chmod 755 .
if su -s /bin/sh nobody -c "broker-client broker.sock" >client.out 2>&1 && grep -q "^$EID" client.out; then
	tap_ok "a channel goes over a socket to a client that may not open the device"
else
	tap_fail "a channel goes over a socket to a client that may not open the device" "$(cat client.out)"
fi
if su -s /bin/sh nobody -c "euicc-selftest $device" >denied.out 2>&1; then
	tap_fail "that client may not open the device" "it could"
else
	tap_ok "that client may not open the device"
fi

expect "the example of euicc(4) runs" euicc-example "$device"
cat expect.out | sed 's/^/# /'
tap_exit
