#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154,SC2034,SC2086 # started is start's, becomes_shows for asking.sh; WHILE is a number
#
# Modems in the whole system: Debian's ModemManager has them, and the eUICC behind each is used beside it, by mbim:,
# qmi: and at:, by root's lpactl and by lpad for the user at the machine. In the end ModemManager has them as
# before, with the profile that is enabled, and not a channel is open.
exec 2>&1
mkdir -p /run/vm/modems
cd /run/vm/modems || exit 1
. /vm/guest.sh
. /vm/asking.sh

NAME=smdpp.example.com
SMALL=8944476500001224158
OTHER=8944476500001224166
ISDR=A0000005591010FFFFFFFF8900000100

# --- the modem, and ModemManager -----------------------------------------------------------------------

control() { timeout $WHILE vmodem --to "$PWD/control" "$@"; }

what_there_is() {
	mmcli -L
	mmcli -m any
	ls -l /dev/cdc-wdm* /dev/ttyACM*
	control state
	control stats
	as alice "lpactl devices"
	cat as.out
	journalctl --no-pager -u ModemManager.service -u 'coreesim-modem@*' -u lpad.service -n 60
	tail -n 20 vmodem.out
}
becomes_shows=what_there_is

# jq may say 0 of nothing at all: what mmcli says counts first.
mm() { timeout $WHILE mmcli -m any -J >mm.json && jq -re ".modem.$1" mm.json; } # path
sim() { mm_sim=$(mm generic.sim) && timeout $WHILE mmcli -i "$mm_sim" -J >sim.json && jq -re ".sim.properties.$1" sim.json; } # property
mm_has_modem() { mm generic; }
mm_has_none() { ! mm_has_modem; }
mm_shows() { [ "$(sim iccid)" = "$1" ]; } # iccid

# As it was before: ModemManager's, and no channel of anybody's.
is_given_back() { # what
	becomes "$1: ModemManager has the modem" mm_has_modem
	holds_at "$1: no channel is open" 0 "$(control channels | head -n 1)"
}

plug_in() { # protocol
	start vmodem vmodem "--$1" --at --usb --state "$PWD/card-$1" --pki /vm/pki --control "$PWD/control" ||
		{ tap_fail "vmodem --$1" "did not start"; tap_exit; }
	vmodem=$started
	becomes "$1: ModemManager finds the modem" mm_has_modem
}

pull_out() {
	kill -TERM "$vmodem"
	modem_ends=0
	wait "$vmodem" || modem_ends=$?
	holds_at "the modem ends well" 0 $modem_ends
	becomes "ModemManager forgets the modem" mm_has_none
}

# --- what a program prints -----------------------------------------------------------------------------------

# A command that succeeds and prints what is like the pattern.
says() { # what pattern command...
	says_what=$1 says_pattern=$2 says_status=0
	shift 2
	"$@" >says.out 2>&1 || says_status=$?
	if [ $says_status = 0 ] && grep -qE "$says_pattern" says.out; then
		tap_ok "$says_what"
	else
		tail -n 20 says.out | sed 's/^/# /'
		tap_fail "$says_what" "status $says_status, no $says_pattern"
	fi
}

mbim() { timeout $WHILE mbimcli -d /dev/cdc-wdm0 -p "$@"; }
qmi() { timeout $WHILE qmicli -d /dev/cdc-wdm0 -p "$@"; }

# --- an eUICC's life, by lpactl as root -----------------------------------------------------------------------

card() { # lpactl argument...
	timeout $WHILE lpactl --device "$device" --ci-roots /etc/coreesim/roots --connect-to "$NAME:443:127.0.0.1:8443" "$@"
}

state_of() { # iccid
	card --json profiles | jq -r --arg iccid "$1" '.. | objects | select(.iccid? == $iccid) | .profileState'
}

lifecycle() { # uri
	device=$1
	way=${1%%:*}
	says "$way: info" 89049032 card info
	says "$way: download" '' card download --yes "LPA:1\$$NAME\$small"
	holds_at "$way: the profile is there" disabled "$(state_of $SMALL)"
	says "$way: enable" 'modem reports the new profile' card enable $SMALL
	holds_at "$way: it is enabled" enabled "$(state_of $SMALL)"
	becomes "$way: ModemManager shows the new ICCID" mm_shows $SMALL
	is_given_back "$way: after enable"
	says "$way: disable" '' card disable $SMALL
	is_given_back "$way: after disable"
	says "$way: delete" '' card delete --yes $SMALL
	holds_at "$way: the profile is gone" '' "$(state_of $SMALL)"
	is_given_back "$way: after all"
}

# --- the same, by lpad for alice ---------------------------------------------------------------------------------

# A modem has one owner, and lpad looks at one that comes: not while root has it.
lpad_rests() { systemctl -q mask --runtime --now lpad.service; }
lpad_may_serve() { systemctl -q unmask --runtime lpad.service; }

alice_has() { # iccid state
	as alice "lpactl --json profiles" &&
		jq -e --arg iccid "$1" --arg state "$2" '.. | objects | select(.iccid? == $iccid and .profileState == $state)' as.out
}
lpad_has_ended() { [ "$(systemctl is-active lpad.service)" = inactive ]; }
lpad_has_it() { as alice "lpactl --json info" && grep -q 89049032 as.out; }

by_lpad() { # way
	lpad_may_serve
	becomes "$1: lpad, which is not root, has the eUICC" lpad_has_it
	succeeds "$1: alice downloads" alice "lpactl download --yes 'LPA:1\$$NAME\$other'"
	succeeds "$1: alice enables" alice "lpactl enable $OTHER"
	becomes "$1: it is enabled" alice_has $OTHER enabled
	becomes "$1: ModemManager shows the ICCID of alice's profile" mm_shows $OTHER
	is_given_back "$1: after alice"
	holds_at "$1: lpad has no rights for that" "$(id -u lpad)" "$(stat -c %u "/proc/$(systemctl show -P MainPID lpad.service)")"
}

alice_switches() { # way
	succeeds "$1: alice disables" alice "lpactl disable $OTHER"
	becomes "$1: it is disabled" alice_has $OTHER disabled
	succeeds "$1: alice enables" alice "lpactl enable $OTHER"
	becomes "$1: it is enabled" alice_has $OTHER enabled
}

# As /dev/euicc0, for programs that know that device alone.
published() { # way
	systemctl stop lpad.service
	printf '[Modems]\nPublish=yes\n' >/etc/coreesim/lpad.conf.d/publish.conf
	becomes "$1: published, lpad has the eUICC" lpad_has_it
	says "$1: as /dev/euicc0" '/dev/euicc0' lpactl devices
	says "$1: which systemd keeps" 'euicc-publish@.*running' systemctl --no-pager --no-legend list-units 'euicc-publish@*'
	alice_switches "$1: published"
	systemctl stop lpad.service 'euicc-publish@*'
	rm /etc/coreesim/lpad.conf.d/publish.conf
	becomes "$1: published no more, there is no device" test ! -e /dev/euicc0
	is_given_back "$1: after it was published"
}

without_modem_manager() { # way
	systemctl -q mask --runtime --now ModemManager.service
	systemctl stop lpad.service
	becomes "$1: without ModemManager lpad has the eUICC" lpad_has_it
	alice_switches "$1: without ModemManager"
	holds_at "$1: without ModemManager: no channel is open" 0 "$(control channels | head -n 1)"
	systemctl -q unmask --runtime ModemManager.service
	systemctl start ModemManager.service
	becomes "$1: ModemManager, back again, has the modem" mm_has_modem
}

# --- who is not root ---------------------------------------------------------------------------------------------

broker_serves() { # uri
	says "$way: modem-broker opens it for a member of group euicc" 89049032 \
		runuser -u lpad -- timeout $WHILE lpactl --device "$1" info
	becomes "$way: and ends with the connection" no_broker_is_left
	holds_at "$way: no channel is open after it" 0 "$(control channels | head -n 1)"
	if as bob "lpactl --device '$1' info"; then
		tap_fail "$way: nobody else reaches the modem" "$(tail -n 1 as.out)"
	else
		tap_ok "$way: nobody else reaches the modem"
	fi
}
no_broker_is_left() { [ -z "$(systemctl --no-legend list-units 'coreesim-modem@*')" ]; }

# --- the story -----------------------------------------------------------------------------------------------------

mbim_story() {
	plug_in mbim
	says "mbimcli reads the ATR" 3B:9F mbim --ms-query-uicc-atr
	says "mbimcli opens a channel to the ISD-R" 'channel: 1' \
		mbim --ms-set-uicc-open-channel="application-id=$ISDR,selectp2arg=0,channel-group=1"
	says "and closes it" '' mbim --ms-set-uicc-close-channel=channel=1
	lpad_rests
	lifecycle mbim:/dev/cdc-wdm0
	broker_serves mbim:/dev/cdc-wdm0
	lifecycle at:/dev/ttyACM1
	broker_serves at:/dev/ttyACM1
	by_lpad mbim
	eid=$(lpactl --device mbim:/dev/cdc-wdm0 --json info | jq -r '.. | objects | .eidValue? // empty' | head -n 1)
	holds_at "mmcli shows the eUICC's EID" "$eid" "$(sim eid)"
	says "lpactl lists the modem" "mbim:/dev/cdc-wdm0" lpactl devices
	says "with the EID that ModemManager knows" "$eid" lpactl --json devices
	published mbim
	without_modem_manager mbim
	pull_out
}

qmi_story() {
	# An id that qmi_wwan's own table does not have.
	modprobe qmi_wwan
	echo 1d6b 0105 ff >/sys/bus/usb/drivers/qmi_wwan/new_id
	plug_in qmi
	# qmicli of libqmi 1.32 has neither ATR nor channels; this is what it has.
	says "qmicli shows the card's state" "Card state: 'present'" qmi --uim-get-card-status
	says "qmicli shows the slot's ATR" 'Slot status: active' qmi --uim-get-slot-status
	lpad_rests
	lifecycle qmi:/dev/cdc-wdm0
	broker_serves qmi:/dev/cdc-wdm0
	by_lpad qmi
	pull_out
}

open_sessions
modprobe vhci_hcd
start server smdpp --listen 127.0.0.1:8443 --profiles /vm/profiles --name $NAME --pki /vm/pki ||
	{ tap_fail "smdpp" "did not start"; tap_exit; }
server=$started
becomes "ModemManager runs" mmcli -L
mbim_story
qmi_story
kill -TERM "$server"
wait "$server"
becomes "without a modem lpad ends" lpad_has_ended
[ "$tap_failed" = 0 ] || what_there_is | sed 's/^/# /'
tap_exit
