# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154 # names from lib.sh
#
# What lpad_kill_test.sh runs in a machine of its own: lpad_kill_inside.sh OPERATION.
set -eu

operation=${1:?OPERATION}
# Every how many-th message; the first one differs from kind to kind.
step=${LPAD_KILL_STEP:-7}

# What lib.sh takes from ATF.
atf_fail() { echo "$*" >&2; exit 1; }
atf_set() { :; }

# shellcheck source=/dev/null
. "$COREESIM_LIB"
# shellcheck source=/dev/null
. "$COREESIM_LPAD_LIB"

RELAY=$COREESIM_BUILD/tests/lpad/killrelay

# --- a card, and the relay before it and before the server ---------------------------------

# What the operation begins with, made once: base/.
make_base() {
	start_card
	order small
	case $operation in
	download) ;;
	enable | delete) json_run 0 download --yes "$(code small)" ;;
	disable)
		json_run 0 download --yes --enable "$(code small)"
		;;
	esac
	json_run 0 notifications --send
	stop_one card
	mv card base
	first_seq=$(next_seq base)
}

# The number that the eUICC's next notification gets, from its state (tests/veuicc/store_codec.c).
next_seq() { # state-directory
	[ -e "$1/state.der" ] || { echo 0; return; }
	state=$(od -An -v -tx1 "$1/state.der" | tr -d ' \n')
	state=${state#*80010181}
	len=$((0x$(printf '%s' "$state" | cut -c1-2)))
	printf '%d' "0x$(printf '%s' "$state" | cut -c3-$((2 + 2 * len)))"
}

start_machine() { # relay-option...
	rm -rf card state card.log devices
	cp -r base card
	: >notifications.jsonl
	add_card card
	mv card.sock real.sock
	printf 'unix:%s\n' "$PWD/card.sock" >devices
	rm -f relay.fifo
	mkfifo relay.fifo
	"$RELAY" --card "$PWD/card.sock:$PWD/real.sock" --server "0:${smdpp_port}" --pid "$PWD/lpad.pid" \
		"$@" >relay.fifo 2>relay.err &
	relay=$!
	exec 8<relay.fifo
	read -r _ relay_port <&8
	server_address=127.0.0.1:$relay_port
}

start_lpad_to_kill() {
	start_lpad
	echo "$lpad" >lpad.pid
	wait_until has_property /euicc/1 Euicc1 State 's "ready"' || atf_fail "the eUICC is not ready"
}

end_machine() {
	kill "$relay" "$(cat card.pid)" 2>/dev/null || true
	wait "$relay" "$(cat card.pid)" 2>/dev/null || true
	cat <&8 >relay.out
	exec 8<&-
	rm -f card.pid
}

# --- the operation ---------------------------------------------------------------------------

begin() {
	case $operation in
	download) lpa root /euicc/1 Euicc1 Download 'a{sv}' 1 activation_code s "$(code small)" ;;
	enable) lpa root /euicc/1/profile/1 Profile1 Enable 'a{sv}' 0 ;;
	disable) lpa root /euicc/1/profile/1 Profile1 Disable 'a{sv}' 0 ;;
	delete) lpa root /euicc/1/profile/1 Profile1 Delete 'a{sv}' 0 ;;
	esac
}

lpad_is_gone() { ! kill -0 "$lpad" 2>/dev/null; }

# Nothing is at work, nothing owed.
is_at_rest() {
	has_property /euicc/1 Euicc1 State 's "ready"' &&
		! busctl --list tree "$IFACE" | grep -q '/notification/'
}

ended_or_at_rest() { lpad_is_gone || { job_ended "$job" && is_at_rest; }; }

run_operation() {
	kill -USR1 "$relay"
	read -r said <&8
	[ "$said" = counting ] || atf_fail "the relay said $said"
	job=$(job_path "$(begin 2>begin.err)") || true
	wait_until ended_or_at_rest || atf_fail "$point: neither killed nor at rest: $(cat begin.err lpad.err)"
}

# --- what must be true -------------------------------------------------------------------------

# As the card itself lists it, after all is over.
profile_on_card() {
	./lpactl --json profiles 2>/dev/null | jq -r '.profileInfoList[0].profileState // "none"'
}

profile_of_lpad() {
	state=$(property /euicc/1/profile/1 Profile1 State 2>/dev/null) || state=
	case $state in
	's "'*) state=${state#s \"} && printf '%s' "${state%\"}" ;;
	*) printf none ;;
	esac
}

check_server() {
	seq=$first_seq
	while [ "$seq" -lt "$(next_seq card)" ]; do
		# jq may say 0 of an empty file.
		{ [ -s notifications.jsonl ] && jq -e "select(.seqNumber == $seq)" notifications.jsonl >/dev/null; } ||
			atf_fail "$point: the server never heard of notification $seq: $(cat notifications.jsonl)"
		seq=$((seq + 1))
	done
}

check_card() {
	json_run 0 notifications
	says '.notificationList | length' 0
	[ "$1" = "$(profile_on_card)" ] ||
		atf_fail "$point: lpad shows the profile as $1, the card has $(profile_on_card)"
}

# Had channels leaked, the card would have run out of them.
check_channels() {
	! grep -q '< 6A81\|< 6A84' card.log || atf_fail "$point: the card ran out of channels"
}

check_truth() {
	start_lpad
	echo "$lpad" >lpad.pid
	wait_until is_at_rest || atf_fail "$point: after the restart nothing comes to rest: $(cat lpad.err; busctl --list tree "$IFACE")"
	shown=$(profile_of_lpad)
	[ -z "$(find state -name session.json)" ] || atf_fail "$point: a session is left in the journal"
	stop_lpad
	check_server
	check_card "$shown"
	check_channels
}

one_point() { # kind number
	point=$operation/$1:$2
	start_machine --at "$1:$2"
	start_lpad_to_kill
	run_operation
	if lpad_is_gone; then
		wait "$lpad" 2>/dev/null || true
		check_truth
	else
		over=1
		stop_lpad
	fi
	end_machine
}

# --- the story ------------------------------------------------------------------------------------

make_machine
start_server
smdpp_port=${server_address##*:}
make_base
points=0
first=1
for kind in apdu answer request reply; do
	number=$first
	over=0
	while :; do
		one_point $kind $number
		[ $over = 0 ] || break
		points=$((points + 1))
		number=$((number + step))
	done
	first=$((first % step + 1))
done
[ $points -gt 3 ] || atf_fail "only $points points: lpad was hardly ever killed"
echo "$operation: killed at $points points"
stop_one server
