# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# shellcheck disable=SC2154 # started and ready are start's
#
# Transports that are programs: lpactl over a modem that opens channels by itself and promises
# no FCI, and how the programs come and go. Downloads over `veuicc --proxy` are in
# lifecycle_vmtest.sh.
. /vm/guest.sh
. /vm/profiles.sh

way=modem
card_dir=$PWD/card
start modem proxy_vmtest modem "$PWD/card" /pki/nist "$PWD/card.log" ||
	{ tap_fail "a modem behind a device" "none came"; tap_exit; }
modem=$started
device=${ready#listening }
start_server

expect "modem: info" card info
expect "modem: download" card download --yes "$(code small)"
is_state $SMALL disabled "the profile is there"
is_whole small $SMALL
expect "modem: enable" card enable $SMALL
is_state $SMALL enabled "the profile is enabled"
expect "modem: disable" card disable $SMALL
expect "modem: delete" card delete $SMALL
is_state $SMALL '' "the profile is gone"
# A channel that was left open would make the next one channel 2.
opened=$(grep -c '> 0070000001 < ' card.log) others=$(grep '> 0070000001 < ' card.log | grep -vc ' < 019000')
if [ "$opened" -gt 1 ] && [ "$others" = 0 ]; then
	tap_ok "modem: no channel is left open, by whatever way it went"
else
	tap_fail "modem: no channel is left open, by whatever way it went" "$opened opened, $others were not 1"
fi

ends_cleanly() { # pid device what
	local status=0
	kill -TERM "$1"
	wait "$1" || status=$?
	if [ "$status" = 0 ] && [ ! -e "$2" ]; then
		tap_ok "$3 ends with 0 at SIGTERM, and its device is gone"
	else
		tap_fail "$3 ends with 0 at SIGTERM, and its device is gone" "status $status"
	fi
}
ends_cleanly "$modem" "$device" modem

start card veuicc --state "$PWD/card2" --pki /pki/nist --proxy /dev/euicc-proxy ||
	{ tap_fail "veuicc --proxy" "did not start"; tap_exit; }
device=${ready#listening }
virtual=$started
case $ready in
"listening /dev/euicc"[0-9]*) tap_ok "veuicc --proxy says which device it is" ;;
*) tap_fail "veuicc --proxy says which device it is" "$ready" ;;
esac
expect "veuicc --proxy: info" card info
exec 8<>"$device"
ends_cleanly "$virtual" "$device" "veuicc --proxy, while a client has it open,"
exec 8<&-

# A slow card that is told to stop stops in the middle of its exchange.
start slow veuicc --state "$PWD/card2" --pki /pki/nist --link apdu-us=60000000 --proxy /dev/euicc-proxy
device=${ready#listening }
slow=$started
lpactl --device "$device" info >slow.out 2>&1 &
client=$!
wait_until 60 grep -q '^activations 1' "/sys/kernel/debug/euicc/${device##*/}/counters"
ends_cleanly "$slow" "$device" "veuicc --proxy in an exchange of a minute"
if wait "$client"; then
	tap_fail "the client of a device that goes fails" "it did not"
else
	tap_ok "the client of a device that goes fails"
fi

mkdir -p /etc
grep -q '^nobody:' /etc/passwd 2>/dev/null || echo "nobody:x:65534:65534::/:/bin/sh" >>/etc/passwd
cp -r /pki/nist pki
mkdir nobody
chmod -R a+rX pki .
chmod 777 nobody
if su -s /bin/sh nobody -c "veuicc --state nobody --pki pki --proxy /dev/euicc-proxy" >denied.out 2>&1; then
	tap_fail "nobody may make a device" "nobody could"
elif grep -q 'needs root' denied.out; then
	tap_ok "nobody may make a device, and hears why"
else
	tap_fail "nobody may make a device, and hears why" "$(cat denied.out)"
fi
tap_exit
