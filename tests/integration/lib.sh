# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# What tests of whole programs share: a virtual eUICC and a test SM-DP+ of their
# own in the work directory, and ./lpactl, which speaks to both.
#
#   start_card [veuicc option...]     PKI: $CARD_PKI, default nist
#   start_server [smdpp option...]    PKI: $SERVER_PKI, default nist
#   order NAME [ICCID [JSON]]         a package that smdpp serves as NAME
#   ./lpactl ARGUMENT...              as lpactl, with device, roots and --connect-to set
#   restart_server [smdpp option...]  the one before ends, with status 0 and silent
#   fresh_card [veuicc option...]     the same with the card, whose memory is lost
#   stop_servers                      at a test's end: both end with status 0, silent
#   end_servers                       in a test's cleanup
#
# Servers say "listening ADDRESS" on a fifo; nothing here waits by the clock.

BIN=$COREESIM_BIN
PKI=$COREESIM_PKI
NAME=smdpp.example.com
SMDS=testrootsmds.example.com
ICCID=8944000000000000017
IMSI=001010123456789

# What looks for readers does not meet this machine's pcscd, nor has systemd start it.
PCSCLITE_CSOCK_NAME=$PWD/no-pcscd
export PCSCLITE_CSOCK_NAME

# Nor its lpad: a test's own bus, or none.
DBUS_SYSTEM_BUS_ADDRESS=unix:path=$PWD/no-bus
export DBUS_SYSTEM_BUS_ADDRESS

with_servers() { # program that the test needs beside jq...
	atf_set require.progs "jq $*"
}

# Read the line by which server $1 says that it is ready, into $listening.
await_ready() { # name fifo
	read -r listening <"$2" || { cat "$1.err" >&2; atf_fail "$1 did not start"; }
	case $listening in
	"listening "*) listening=${listening#listening } ;;
	*) atf_fail "$1 said '$listening', not 'listening ADDRESS'" ;;
	esac
}

# The numbers of the children live in files: cleanup is another process.
start_card() {
	mkdir -p card
	rm -f card.fifo card.sock
	mkfifo card.fifo
	"$BIN/veuicc" --state card --listen "unix:$PWD/card.sock" \
		--pki "$PKI/${CARD_PKI:-nist}" --log card.log "$@" >card.fifo 2>card.err </dev/null &
	echo $! >card.pid
	await_ready card card.fifo
	make_client
}

start_server() {
	mkdir -p profiles
	rm -f server.fifo
	mkfifo server.fifo
	"$BIN/smdpp" --listen 127.0.0.1:0 --profiles profiles --name "$NAME" --smds-name "$SMDS" \
		--pki "$PKI/${SERVER_PKI:-nist}" --notifications notifications.jsonl \
		--stats server.json "$@" >server.fifo 2>server.err </dev/null &
	echo $! >server.pid
	await_ready server server.fifo
	server_address=$listening
	make_client
}

# A program, since atf_check runs no functions.
make_client() {
	[ -d roots ] || { mkdir roots && cp "$PKI/${SERVER_PKI:-nist}/CERT_CI.der" roots/; }
	cat >lpactl.new <<-CLIENT
	#!/bin/sh
	exec "$BIN/lpactl" --device "unix:$PWD/card.sock" --ci-roots "$PWD/roots" \
		${server_address:+--connect-to "$NAME:443:$server_address" --connect-to "$SMDS:443:$server_address"} "\$@"
	CLIENT
	chmod +x lpactl.new
	mv lpactl.new lpactl
}

order() { # name [iccid [json]]
	mkdir -p profiles
	"$BIN/mkprofile" --iccid "${2:-$ICCID}" --imsi "$IMSI" "profiles/$1.der" ||
		atf_fail "mkprofile $1"
	[ -z "${3:-}" ] || printf '%s\n' "$3" >"profiles/$1.json"
}

code() { # matching id
	printf 'LPA:1$%s$%s' "$NAME" "$1"
}

stop_one() { # name
	[ -e "$1.pid" ] || return 0
	kill "$(cat "$1.pid")"
	wait "$(cat "$1.pid")" || { cat "$1.err" >&2; atf_fail "$1 ended with status $?"; }
	rm "$1.pid"
	[ ! -s "$1.err" ] || { cat "$1.err" >&2; atf_fail "$1 complained"; }
}

restart_server() { # smdpp option...
	stop_one server
	start_server "$@"
}

fresh_card() { # veuicc option...
	stop_one card
	rm -rf card card.log
	start_card "$@"
}

stop_servers() {
	stop_one card
	stop_one server
}

end_servers() {
	for file in card.pid server.pid; do
		[ ! -e "$file" ] || kill "$(cat "$file")" 2>/dev/null || true
	done
}

# Run ./lpactl --json with these arguments; the document is then in out.json.
# Nobody answers what it asks.
json_run() { # expected-status argument...
	: >input
	json_run_answered "$@"
}

# The same, and the user says no.
json_run_refused() { # expected-status argument...
	echo n >input
	json_run_answered "$@"
}

json_run_answered() { # expected-status argument...
	expected=$1
	shift
	status=0
	./lpactl --json "$@" >out.json 2>out.err <input || status=$?
	[ "$status" = "$expected" ] || { cat out.json out.err; atf_fail "lpactl $*: status $status, not $expected"; }
}

# What out.json says under a jq path.
says() { # path value
	value=$(jq -r "$1" out.json) || atf_fail "no JSON"
	[ "$value" = "$2" ] || { cat out.json; atf_fail "$1 is $value, not $2"; }
}

# What the notification log says: one "event seqNumber" a line.
delivered() {
	[ ! -e notifications.jsonl ] || jq -r '"\(.event) \(.seqNumber)"' notifications.jsonl
}

# Command APDUs of ES10 function $1 (BF41) in the card's log.
sent_to_card() { # tag
	grep -c "> 8[0-9A-F]E2....[0-9A-F][0-9A-F]$1" card.log
}

# --- what a failure must leave as it is -------------------------------------------------

# An enabled profile of its own that lies on the card before a test's failures.
KEPT_ICCID=8944000000000000066

keep_profile() {
	order kept "$KEPT_ICCID"
	json_run 0 download --yes --enable "$(code kept)"
	json_run 0 notifications --send
	profile_store >store.before
}

# Profiles as the card lists them, and the packages in its memory.
profile_store() {
	./lpactl --json profiles 2>/dev/null || atf_fail "no list of profiles"
	sha256sum card/upp-*.der
}

store_is_kept() { # after what
	profile_store >store.after
	cmp -s store.before store.after || { diff store.before store.after; atf_fail "$1: the profiles changed"; }
}

# Reasons of the CancelSession commands in the card's log since forget_card_log, "-": none.
cancel_reasons() {
	reasons=$(sed -n "$log_begins,\$"'s/.*> 8.E2......BF41..8010.\{32\}8101\(..\).*/\1/p' card.log)
	echo "${reasons:--}"
}

forget_card_log() {
	log_begins=$(($(wc -l <card.log) + 1))
}

# The name in SGP.22, and in errors, of the ES9+ function whose message is $1.
es9p_name() { # cancelSession
	printf 'ES9+.%s' "$(printf '%s' "$1" | sed 's/^./\u&/')"
}

# How often the stopped server's $1 was called.
calls() { # ES9+ function
	jq -r ".functions.$1" server.json
}

# --- the package on the card ---------------------------------------------------------------

# What the card decrypted is the file, byte for byte.
card_holds() { # package iccid
	[ "$(sha256sum <"card/upp-$2.der")" = "$(sha256sum <"$1")" ] ||
		{ ls -l "$1" card; atf_fail "the card's package is not $1"; }
}

# EF.IMSI of the enabled profile as a modem reads it: a length, then digits whose
# nibbles are swapped, the first one being parity.
read_imsi() {
	./lpactl apdu 00A4000C023F00 00A4040C07A0000000871002 00A4000C026F07 00B0000009 >imsi.out ||
		atf_fail "EF.IMSI cannot be read"
	imsi=$(tail -n 1 imsi.out | tr -d ' ')
	case $imsi in
	*9000) printf '%s' "$imsi" | cut -c3-18 | sed 's/\(.\)\(.\)/\2\1/g; s/^.//; s/F*$//' ;;
	*) atf_fail "READ BINARY of EF.IMSI: $imsi" ;;
	esac
}

# Run ./lpactl on a terminal and answer its question; its output is then in terminal.out.
on_terminal() { # answer argument...
	answer=$1
	shift
	printf '%s\n' "$answer" | script -qec "./lpactl $*" /dev/null >terminal.out 2>&1
}
