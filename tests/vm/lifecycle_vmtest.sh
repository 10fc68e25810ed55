# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# The life of profiles over /dev/euiccN, by lpactl against smdpp: download, list, enable,
# disable, delete, notifications. The argument is the way to the card, see ways.sh. What the
# card decrypted is the package, byte for byte.
. /vm/guest.sh
. /vm/ways.sh

way=$1
NAME=smdpp.example.com
SMALL=8944476500001224158
LARGE=8944476500001224166

start_way "$way" || { tap_fail "$way: a card behind a device" "none came"; tap_exit; }
tap_ok "$way: a card behind $device"
counters=/sys/kernel/debug/euicc/${device##*/}/counters

start server smdpp --listen 127.0.0.1:0 --profiles /profiles --name $NAME --pki /pki/nist \
	--notifications notifications.jsonl || { tap_fail "smdpp" "did not start"; tap_exit; }
server=${ready#listening }
mkdir roots
cp /pki/nist/CERT_CI.der roots/

card() { # lpactl argument...
	lpactl --device "$device" --ci-roots roots --connect-to "$NAME:443:$server" "$@"
}

code() { printf 'LPA:1$%s$%s' $NAME "$1"; }

count() { awk -v name="$1" '$1 == name { print $2 }' "$counters"; }

# The state of a profile as the card lists it: enabled, disabled, or nothing.
state_of() { # iccid
	card --json profiles 2>/dev/null | awk -v iccid="$1" '
		index($0, "\"iccid\"") { here = index($0, iccid) > 0 }
		here && /"profileState"/ { gsub(/.*: "|".*/, ""); print }'
}

is_state() { # iccid state what
	local state
	state=$(state_of "$1")
	if [ "$state" = "$2" ]; then tap_ok "$way: $3"; else tap_fail "$way: $3" "it is '$state'"; fi
}

# The card is in this guest, or the host's.
package_sum() { # iccid
	if [ -n "$card_dir" ]; then
		sha256sum <"$card_dir/upp-$1.der"
	else
		host package "$1"
	fi | awk '{ print $1 }'
}

is_whole() { # package iccid
	if [ "$(package_sum "$2")" = "$(sha256sum <"/profiles/$1.der" | awk '{ print $1 }')" ]; then
		tap_ok "$way: the card holds package $1 byte for byte"
	else
		tap_fail "$way: the card holds package $1 byte for byte" "it does not"
	fi
}

expect "$way: info" card info
set -- /dev/euicc[0-9]*
if [ $# = 1 ]; then
	expect "$way: the only device is found without being named" lpactl info
elif lpactl info 2>&1 | grep -q "there are $# eUICC devices"; then
	tap_ok "$way: of several devices none is guessed"
else
	tap_fail "$way: of several devices none is guessed" "$(lpactl info 2>&1)"
fi
expect "$way: download" card download --yes "$(code small)"
is_whole small $SMALL
is_state $SMALL disabled "the profile is there"
expect "$way: enable" card enable $SMALL
is_state $SMALL enabled "the profile is enabled"
expect "$way: disable" card disable $SMALL
is_state $SMALL disabled "the profile is disabled"
expect "$way: notifications go out" card notifications --send
for event in install enable disable; do
	if grep -q "\"$event\"" notifications.jsonl; then
		tap_ok "$way: the server heard of $event"
	else
		tap_fail "$way: the server heard of $event" "$(cat notifications.jsonl)"
	fi
done
expect "$way: delete" card delete $SMALL
is_state $SMALL '' "the profile is gone"

# Start to load the large package, and come back when the card is at it: its process is $load.
begin_load() {
	local before
	before=$(grep -c '> 8.E2......BF36' card.log)
	(exec lpactl --device "$device" --ci-roots roots --connect-to "$NAME:443:$server" \
		download --yes "$(code 64k)" >load.out 2>&1) &
	load=$!
	wait_until 120 sh -c "[ \$(grep -c '> 8.E2......BF36' card.log) -gt $before ]"
}

# The terminal stops lpactl: that is no interruption, the stop waits.
stopped_load() {
	begin_load
	kill -TSTP "$load"
	kill -CONT "$load"
	if wait "$load"; then
		tap_ok "$way: a stop by the terminal does not break a load off"
	else
		tap_fail "$way: a stop by the terminal does not break a load off" "$(cat load.out)"
	fi
	expect "$way: the stopped load's profile is deleted" card delete $LARGE
}

# A signal in the midst of a load: the call is broken off, not waited for, and the card asked.
interrupted_load() {
	local abandoned status=0
	abandoned=$(count abandoned)
	begin_load
	kill -TERM "$load"
	wait "$load" || status=$?
	if [ $status = 3 ]; then
		tap_ok "$way: an interrupted load ends with status 3"
	else
		tap_fail "$way: an interrupted load ends with status 3" "$status: $(cat load.out)"
	fi
	if [ "$(count abandoned)" -gt "$abandoned" ]; then
		tap_ok "$way: the batch was broken off in the kernel"
	else
		tap_fail "$way: the batch was broken off in the kernel" "nothing was abandoned"
	fi
	is_state $LARGE '' "nothing of an interrupted load is left"
}
case $way in *-slow) stopped_load; interrupted_load ;; esac

# A package of 64 KiB takes hundreds of commands, and a system call for 64 of them.
batches=$(count batches) entries=$(count entries)
expect "$way: download of 64 KiB" card --trace trace.txt download --yes "$(code 64k)"
batches=$(($(count batches) - batches)) entries=$(($(count entries) - entries))
is_whole 64k $LARGE
tap_note "$entries commands in $batches calls"
if [ "$entries" -gt 256 ] && [ $batches -lt $((entries / 64 + 30)) ]; then
	tap_ok "$way: its blocks went down 64 to a call"
else
	tap_fail "$way: its blocks went down 64 to a call" "$entries commands in $batches calls"
fi
if grep -q ' batch=64$' trace.txt; then
	tap_ok "$way: the trace tells of batches"
else
	tap_fail "$way: the trace tells of batches" "$(tail -n 3 trace.txt)"
fi

case $(card apdu 00A40004023F00 80F2000000 2>&1) in
*9000*) tap_ok "$way: apdu goes to the basic channel" ;;
*) tap_fail "$way: apdu goes to the basic channel" "$(card apdu 00A40004023F00 2>&1)" ;;
esac
if lpactl --device "$device?channel=basic" --ci-roots roots profiles >basic.out 2>&1; then
	tap_ok "$way: the whole of it works on the basic channel"
else
	tap_fail "$way: the whole of it works on the basic channel" "$(cat basic.out)"
fi
expect "$way: reset of the eUICC's memory" card reset --operational
is_state $LARGE '' "nothing is left"
tap_exit
