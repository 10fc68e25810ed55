# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154 # names from lib.sh
#
# What pcsc_lifecycle_test.sh runs in namespaces of its own, where pcscd and vpcd disturb nobody:
# pcscd with vpcd's two readers, a virtual eUICC in the first, and stories with both. Ends with
# status 0 or with a sentence on stderr.
set -eu

[ "${1:-}" ] || { echo "usage: pcsc_inside.sh STORY" >&2; exit 2; }

# What lib.sh takes from ATF.
atf_fail() { echo "$*" >&2; exit 1; }
atf_set() { :; }

# shellcheck source=/dev/null
. "$COREESIM_LIB"
unset PCSCLITE_CSOCK_NAME

FIRST="Virtual PCD 00 00"
SECOND="Virtual PCD 00 01"
FIRST_PORT=35963
SECOND_PORT=35964

# --- the machine ------------------------------------------------------------------------

# Real readers of this host are nobody's here: pcscd would take them.
make_machine() {
	mount -t tmpfs tmpfs /run
	mkdir /run/pcscd
	[ ! -d /dev/bus/usb ] || mount -t tmpfs tmpfs /dev/bus/usb
	ip link set lo up
	mkdir -p conf
	cat >conf/vpcd <<-CONF
	FRIENDLYNAME "Virtual PCD"
	DEVICENAME   /dev/null:0x8C7B
	LIBPATH      $(find /usr/lib/pcsc/drivers -name libifdvpcd.so)
	CHANNELID    0x8C7B
	CONF
}

# Comes back when pcscd serves.
start_pcscd() {
	rm -rf /run/pcscd/*
	pcscd --config "$PWD/conf" || atf_fail "pcscd did not start"
	pcscd=$(cat /run/pcscd/pcscd.pid)
}

end_pcscd() {
	kill -KILL "$pcscd"
}

# The card $1 in the reader at $2, with its options, in a directory of its own. It is there when
# pcscd has seen it.
insert() { # name port veuicc option...
	insert_name=$1 insert_port=$2
	shift 2
	rm -f "$insert_name.fifo"
	mkfifo "$insert_name.fifo"
	"$BIN/veuicc" --state "$insert_name" --vpcd "127.0.0.1:$insert_port" --pki "$PKI/nist" "$@" \
		>"$insert_name.fifo" 2>"$insert_name.err" </dev/null &
	echo $! >"$insert_name.pid"
	await_ready "$insert_name" "$insert_name.fifo"
	[ "$insert_port" = $FIRST_PORT ] && insert_reader=$FIRST || insert_reader=$SECOND
	"$BIN/pcscwait" "$insert_reader" card
}

pull() { # name reader
	stop_one "$1"
	"$BIN/pcscwait" "$2" empty
}

# --- what lpactl does ------------------------------------------------------------------------

use() { # device option...
	[ -d roots ] || { mkdir roots && cp "$PKI/nist/CERT_CI.der" roots/; }
	cat >lpactl.new <<-CLIENT
	#!/bin/sh
	exec "$BIN/lpactl" $* --ci-roots "$PWD/roots" \
		${server_address:+--connect-to "$NAME:443:$server_address"} "\$@"
	CLIENT
	chmod +x lpactl.new
	mv lpactl.new lpactl
}

# lpactl with these arguments ends with this status, and says this on stderr.
expect() { # status regular-expression argument...
	expected=$1 pattern=$2
	shift 2
	status=0
	./lpactl "$@" >out 2>err </dev/null || status=$?
	[ "$status" = "$expected" ] || { cat out err >&2; atf_fail "lpactl $*: status $status, not $expected"; }
	[ -z "$pattern" ] || grep -Eq -- "$pattern" err || { cat err >&2; atf_fail "lpactl $*: nothing like '$pattern' on stderr"; }
}

state_is() { # profile state
	json_run 0 profiles
	says '.profileInfoList[0] | .iccid + " " + .profileState' "$1 $2"
}

# A whole life, as over any other transport.
whole_life() {
	order demo
	expect 0 '' download --yes "$(code demo)"
	card_holds profiles/demo.der "$ICCID"
	state_is "$ICCID" disabled
	expect 0 '' enable "$ICCID"
	state_is "$ICCID" enabled
	[ "$(read_imsi)" = "$IMSI" ] || atf_fail "EF.IMSI is not the profile's: the card was not reset"
	expect 0 '' disable "$ICCID"
	state_is "$ICCID" disabled
	expect 0 '' delete "$ICCID"
	expect 0 '' notifications --send
	[ "$(delivered | cut -d' ' -f1 | tr '\n' ' ')" = "install enable disable delete " ] ||
		atf_fail "the server heard of: $(delivered)"
}

# --- the stories --------------------------------------------------------------------------------

story_lifecycle() { # veuicc option...
	start_server
	insert card $FIRST_PORT "$@"
	use --device pcsc:
	whole_life
	pull card "$FIRST"
	expect 4 "no card in any of pcscd's readers" info
	use "--device 'pcsc:$FIRST'"
	expect 4 'pcsc:Virtual%20PCD%2000%2000: no card in the reader' info
	stop_servers
}

story_lifecycle_t1() {
	story_lifecycle --atr 3B800181
	# Le goes with the data at T=1: nothing is fetched by GET RESPONSE.
	insert card $FIRST_PORT --atr 3B800181 --log card.log
	expect 0 '' profiles
	! grep -q '> 0.C0' card.log || atf_fail "GET RESPONSE at T=1"
	pull card "$FIRST"
}

story_choice() {
	use ''
	expect 2 'no --device was given, and no card is free.*Virtual%20PCD%2000%2000 has no card' info
	insert card $FIRST_PORT
	expect 0 '^lpactl: using pcsc:Virtual%20PCD%2000%2000 \(Virtual PCD 00 00\)$' info
	json_run 0 devices
	says '[.devices[] | .uri + " " + .state] | join(", ")' \
		"pcsc:Virtual%20PCD%2000%2000 card, pcsc:Virtual%20PCD%2000%2001 noCard"
	says '.devices[0].atr' 3B9F96801FC78031E073FE211B63574A4553494D00DB
	insert other $SECOND_PORT
	expect 2 'there are 2 devices with a card: pcsc:Virtual%20PCD%2000%2000, pcsc:Virtual%20PCD%2000%2001' info
	expect 2 '--device does not belong to this verb' devices --device pcsc:
	use --device pcsc:
	expect 2 "2 of pcscd's readers have a card: $FIRST, $SECOND" info
	for name in 'Virtual%20PCD%2000%2001' "'$SECOND'" 00%2001 "'pcd 00 01'"; do
		use --device "pcsc:$name"
		expect 0 '' info
	done
	use --device pcsc:virtual
	expect 2 "2 of pcscd's readers fit" info
	use --device pcsc:nonsense
	expect 4 "no reader 'nonsense', only: $FIRST, $SECOND" info
	pull card "$FIRST"
	pull other "$SECOND"
	end_pcscd
	use --device pcsc:
	expect 4 'pcsc: pcscd does not run' info
	expect 4 'Start it' info
}

# Another lpactl that waits for an answer has the card.
story_held() {
	start_server
	order demo
	insert card $FIRST_PORT
	use --device pcsc:
	mkfifo answer said
	./lpactl download "$(code demo)" <answer >said 2>&1 &
	holder=$!
	exec 3>answer 4<said
	read -r line <&4
	[ "$line" ] || atf_fail "no question"
	expect 4 "another program uses the card, probably lpactl \(process $holder\)" info
	use ''
	expect 2 "is held by another program, probably lpactl \(process $holder\)" info
	echo n >&3
	exec 3>&-
	status=0
	wait "$holder" || status=$?
	[ $status = 3 ] || atf_fail "refused download: status $status"
	use --device pcsc:
	expect 0 '' info
	stop_servers
}

# The card is silent in the midst of the package, and then there is no pcscd.
story_killed() {
	start_server
	order demo
	mkfifo log
	insert card $FIRST_PORT --fault mute@BF36 --log log &
	exec 3<log
	wait $!
	use --device pcsc:
	./lpactl download --yes "$(code demo)" >out 2>err </dev/null &
	load=$!
	while read -r line <&3; do
		case $line in *"> 8"?E2*BF36*) break ;; esac
	done
	end_pcscd
	status=0
	wait "$load" || status=$?
	[ $status = 4 ] || { cat out err >&2; atf_fail "download without pcscd: status $status"; }
	grep -q "pcsc:Virtual%20PCD%2000%2000: the connection to pcscd broke" err ||
		{ cat err >&2; atf_fail "pcscd is not named"; }
	exec 3<&-
	kill -KILL "$(cat card.pid)" 2>/dev/null || true
	start_pcscd
	insert card $FIRST_PORT
	expect 0 '' download --yes "$(code demo)"
	card_holds profiles/demo.der "$ICCID"
	stop_servers
}

# The card is pulled in the midst of the package.
story_pulled() {
	start_server
	order demo
	insert card $FIRST_PORT --fault power-loss@BF36
	use --device pcsc:
	uri=Virtual%20PCD%2000%2000
	expect 4 "pcsc:$uri: the exchange with the card failed" download --yes "$(code demo)"
	wait "$(cat card.pid)" || true
	"$BIN/pcscwait" "$FIRST" empty
	insert card $FIRST_PORT
	expect 0 '' download --yes "$(code demo)"
	card_holds profiles/demo.der "$ICCID"
	stop_servers
}

make_machine
start_pcscd
"story_$1"
