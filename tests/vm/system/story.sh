#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154,SC2016,SC2034 # started is start's, becomes_shows for asking.sh; what is quoted is others' to expand
#
# What happens in the whole system: a daemon that comes when it is needed and goes when it is not, a
# user at the machine who may and one who may not, and what systemd makes of signals, deaths and hangs.
exec 2>&1
mkdir -p /run/vm/work
cd /run/vm/work || exit 1
. /vm/guest.sh
. /vm/asking.sh

SMALL=8944476500001224158
CODE='LPA:1$smdpp.example.com$small'
EUICC=/org/coreesim/Lpa1/euicc/1

# --- what is asked of systemd and of the bus ---------------------------------------------------

unit() { systemctl show -P "$1" lpad.service; } # property
is_unit() { [ "$(unit ActiveState)" = "$1" ]; } # state
property() { busctl get-property org.coreesim.Lpa1 "$1" "org.coreesim.Lpa1.$2" "$3" 2>/dev/null; } # path interface name
is_property() { [ "$(property "$1" "$2" "$3")" = "$4" ]; }
what_lpad_is() {
	echo "lpad is $(unit ActiveState), eUICC $(property $EUICC Euicc1 State)"
	journalctl -u lpad.service --no-pager -n 20
}
becomes_shows=what_lpad_is
is_ready() { is_property $EUICC Euicc1 State 's "ready"'; }

is_refused() { # what user command-line
	refused_status=0
	as "$2" "$3" || refused_status=$?
	if [ $refused_status = 3 ]; then
		tap_ok "$1"
	else
		tap_fail "$1" "status $refused_status: $(tail -n 3 as.out | tr '\n' ' ')"
	fi
}

# The state of a profile as alice sees it, or nothing.
state_of() { # iccid
	as alice "lpactl --json profiles" || return 1
	jq -r --arg iccid "$1" '.. | objects | select(.iccid? == $iccid) | .profileState' as.out
}

is_state() { # iccid state what
	found=$(state_of "$1")
	if [ "$found" = "$2" ]; then tap_ok "$3"; else tap_fail "$3" "it is '$found'"; fi
}

# --- the parts ------------------------------------------------------------------------------------

start_card() { # veuicc-option...
	start card veuicc --state "$PWD/card" --pki /vm/pki --log "$PWD/card.log" --proxy /dev/euicc-proxy "$@" ||
		{ tap_fail "veuicc --proxy" "did not start"; tap_exit; }
	card=$started
}

end_card() {
	kill -TERM "$card"
	wait "$card"
}

daemon_comes_and_goes() {
	becomes "the daemon that the boot started ends where there is nothing to do" is_unit inactive
	holds_at "it ends well" success "$(unit Result)"
	expect "the unit is enabled" systemctl -q is-enabled lpad.service
	succeeds "a call starts it, and anyone may see what is harmless" bob \
		"busctl get-property org.coreesim.Lpa1 /org/coreesim/Lpa1 org.coreesim.Lpa1.Manager1 Version"
	becomes "it ends again" is_unit inactive

	modprobe euicc_proxy
	start_card
	becomes "a device that comes starts it" is_unit active
	becomes "the eUICC is ready" is_ready
}

sandbox_holds() {
	main=$(unit MainPID)
	field() { sed -n "s/^$1:[[:space:]]*//p" "/proc/$main/status"; }
	holds_at "lpad runs as its user" "$(id -u lpad)" "$(field Uid | cut -f1)"
	holds_at "it has no capability" 0000000000000000 "$(field CapPrm)"
	holds_at "and cannot get one" "0000000000000000 1" "$(field CapBnd) $(field NoNewPrivs)"
	holds_at "system calls are filtered" 2 "$(field Seccomp)"
	holds_at "it dumps no core" 0 "$(awk '/^Max core/ { print $5 }' "/proc/$main/limits")"
	holds_at "its state is its own" "lpad 700" "$(stat -c '%U %a' /var/lib/coreesim)"
	holds_at "only group euicc may open the device" "root euicc 660" "$(stat -c '%U %G %a' /dev/euicc0)"
	expect "systemd-analyze security: 1.5 at most" \
		systemd-analyze --no-pager security --threshold=15 lpad.service
	echo "# note: $(systemd-analyze --no-pager security lpad.service | tail -n 1)"
}

users_may_or_not() {
	succeeds "the active user downloads" alice "lpactl download --yes '$CODE'"
	is_state $SMALL disabled "the profile is there"
	succeeds "the active user enables it" alice "lpactl enable $SMALL"
	is_state $SMALL enabled "it is enabled"
	becomes "the server is told" grep -q '"enable' notifications.jsonl

	is_refused "the inactive user does not see profiles" bob "lpactl profiles"
	is_refused "the inactive user downloads nothing" bob "lpactl download --yes 'LPA:1\$smdpp.example.com\$other'"
	is_refused "the inactive user disables nothing" bob "lpactl disable $SMALL"
	if grep -q 8944476500001224 as.out; then
		tap_fail "no ICCID is told to who may not know it" "$(cat as.out)"
	else
		tap_ok "no ICCID is told to who may not know it"
	fi
	is_state $SMALL enabled "nothing has changed"
	succeeds "the active user disables it" alice "lpactl disable $SMALL"
	is_refused "the active user deletes nothing without a password" alice "lpactl delete --yes $SMALL"
	expect "nobody but lpad may take the device" sh -c '! su alice -c "exec 9<>/dev/euicc0" 2>/dev/null'
}

journal_is_discreet() {
	journalctl -u lpad.service -o json --no-pager >journal
	if [ -s journal ] && jq -e 'select(.COREESIM_EUICC != null)' journal >found && jq -e 'select(.COREESIM_JOB != null)' journal >>found; then
		tap_ok "the journal has fields of eUICC and job"
	else
		tap_fail "the journal has fields of eUICC and job" "$(tail -n 2 journal)"
	fi
	eid=$(ls /var/lib/coreesim/euicc)
	: >leaks
	swapped=$(printf '%s' "$SMALL" | sed 's/\(.\)\(.\)/\2\1/g')
	if [ ${#eid} = 32 ] && ! journalctl -u lpad.service -o export --no-pager |
	   grep -aiE "$eid|$SMALL|$swapped|smdpp\.example|001010123456789" >leaks; then
		tap_ok "and no EID, ICCID or address"
	else
		tap_fail "and no EID, ICCID or address" "EID '$eid': $(head -n 3 leaks | tr '\n' ' ')"
	fi
}

reload() {
	printf '[Daemon]\nDeviceTestMode=yes\n' >/etc/coreesim/lpad.conf.d/zz.conf
	expect "reload" systemctl reload lpad.service
	becomes "a reload takes a new configuration" is_property /org/coreesim/Lpa1 Manager1 TestMode "b true"
	printf '[Daemon]\nDeviceTestMode=no\nSurprise=yes\n' >/etc/coreesim/lpad.conf.d/zz.conf
	systemctl reload lpad.service
	becomes "one with an error is refused, with file and line" \
		sh -c 'journalctl -u lpad.service --no-pager | grep -q "zz.conf.*3"'
	holds_at "and what was before holds" "b true" "$(property /org/coreesim/Lpa1 Manager1 TestMode)"
	rm /etc/coreesim/lpad.conf.d/zz.conf
	expect "restart" systemctl restart lpad.service
	becomes "after a restart the eUICC is at its path" is_ready
}

is_another() { [ "$(unit MainPID)" != "$1" ] && is_unit active; } # pid

survives() {
	main=$(unit MainPID)
	kill -KILL "$main"
	becomes "after kill -9 systemd starts it anew" is_another "$main"
	becomes "and the eUICC is at its path" is_ready
	is_state $SMALL disabled "with its profile"

	# The watchdog stands while lpad is at work: with a slow card, and a stopped lpad.
	mkdir -p /run/systemd/system/lpad.service.d
	printf '[Service]\nWatchdogSec=15s\nTimeoutAbortSec=2s\n' >/run/systemd/system/lpad.service.d/vm.conf
	systemctl daemon-reload
	systemctl restart lpad.service
	becomes "an lpad with a watchdog" is_ready
	end_card
	becomes "the eUICC has gone" is_property $EUICC Euicc1 State 's "gone"'
	start_card --link apdu-us=1000000
	becomes "the eUICC is back, in a slow card" is_ready
	expect "a download that takes its time" busctl call org.coreesim.Lpa1 $EUICC org.coreesim.Lpa1.Euicc1 Download \
		'a{sv}' 1 activation_code s 'LPA:1$smdpp.example.com$other'
	becomes "at work" is_property $EUICC Euicc1 State 's "busy"'
	main=$(unit MainPID)
	kill -STOP "$main"
	becomes "the watchdog ends an lpad that hangs, and another one comes" is_another "$main"
	expect "it was the watchdog" sh -c 'journalctl -u lpad.service --no-pager | grep -qi "watchdog timeout"'
	end_card
	rm /run/systemd/system/lpad.service.d/vm.conf
	systemctl daemon-reload
}

echo "# note: booted in $(cut -d' ' -f1 /proc/uptime) s"
open_sessions
holds_at "nothing has failed at boot" "" "$(systemctl --failed --plain --no-legend)"
succeeds "alice sits at the machine" alice 'loginctl show-session "$(loginctl --no-legend list-sessions | awk "\$3 == \"alice\" { print \$1 }")" -p Active -p Seat | sort | paste -sd" " | grep -qx "Active=yes Seat=seat0"'
start server smdpp --listen 127.0.0.1:8443 --profiles /vm/profiles --name smdpp.example.com --pki /vm/pki \
	--notifications notifications.jsonl || { tap_fail "smdpp" "did not start"; tap_exit; }
server=$started
daemon_comes_and_goes
sandbox_holds
users_may_or_not
journal_is_discreet
reload
survives
becomes "without a device and with nothing owed it ends" is_unit inactive
expect "the demo, with what is installed" sh -c 'cd /vm && debian/tests/demo'
kill -TERM "$server"
wait "$server"
[ "$tap_failed" = 0 ] || journalctl -u lpad.service --no-pager | tail -n 60 | sed 's/^/# /'
tap_exit
