#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The main job, on embedded parts: a profile package travels from a test SM-DP+ over
# TLS onto a virtual eUICC, is enabled, its IMSI is read as a modem reads it, its
# notifications are delivered, and it is disabled and deleted. Ends with "demo: ok" or
# "demo: FAILED: why", and a table of what each step cost. Started by `make demo`.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
: "${BUILD:?start this by 'make demo'}"

readonly BIN=$BUILD/bin PKI=${COREESIM_PKI:-$BUILD/pki}/nist
readonly NAME=testsmdpplus1.example.com
readonly ICCID=8944476500001224158 IMSI=001010123456789
readonly READY_SECONDS=60
# The application every USIM answers to, and EF.IMSI in it (3GPP TS 31.102).
readonly IMSI_APDUS=(00A4000C023F00 00A4040C07A0000000871002 00A4000C026F07 00B0000009)

work=$(mktemp -d)
servers=()
table=()
runs=0

stop_servers() {
	local pid status=0
	for pid in "${servers[@]}"; do
		kill -TERM "$pid" 2>/dev/null
	done
	for pid in "${servers[@]}"; do
		wait "$pid" || status=$?
	done
	servers=()
	return "$status"
}

clean_up() {
	trap - EXIT INT TERM HUP
	stop_servers
	rm -rf "$work"
}

fail() { # why
	local file
	for file in "$work"/*.err; do
		[ ! -s "$file" ] || sed "s|^|    ${file##*/}: |" "$file" | tail -n 12 >&2
	done
	printf 'demo: FAILED: %s\n' "$1"
	exit 1
}
trap clean_up EXIT
trap 'echo "demo: FAILED: interrupted"; exit 130' INT TERM HUP

say() { printf 'demo: %s\n' "$*"; }

# Start a server, wait for its "listening ADDRESS" and leave ADDRESS in $address.
start() { # name command...
	local name=$1 line=
	shift
	mkfifo "$work/$name.out"
	"$@" >"$work/$name.out" 2>"$work/$name.err" </dev/null &
	servers+=($!)
	exec {ready}<"$work/$name.out"
	read -r -t "$READY_SECONDS" line <&"$ready" || fail "$name did not start"
	case $line in
	"listening "*) address=${line#listening } ;;
	*) fail "$name said '$line', not 'listening ADDRESS'" ;;
	esac
}

lpactl() {
	"$BIN/lpactl" --device "unix:$work/card.sock" --direct --ci-roots "$work/roots" \
		--connect-to "$NAME:443:$address" --trace "$work/trace.$((++runs))" \
		"$@" </dev/null 2>>"$work/lpactl.err"
}

# What the trace of a step says: APDUs and their bytes, HTTP requests and theirs.
# Its lines: "12 apdu 3.2ms ch=1 81E2910006 BF38 len=6 -> len=0 6110" and
# "13 http 8.0ms POST host/path 200 sent=431 received=2810 connections=1".
cost() {
	cat "$work"/trace.* 2>/dev/null | awk '
		function after(text, name) { return match(text, name "=[0-9]+") ? substr(text, RSTART + length(name) + 1, RLENGTH - length(name) - 1) : 0 }
		$2 == "apdu" {
			apdus++
			split($0, side, " -> ")
			card += length($5) / 2 + after(side[1], " len") + after(" " side[2], " len") + 2
		}
		$2 == "http" { requests++; net += after($0, "sent") + after($0, "received") }
		END { printf "%7d %9d %6d %10d", apdus, card, requests, net }'
	rm -f "$work"/trace.*
}

step() { # what command...
	local what=$1 begin end
	shift
	say "$what"
	begin=${EPOCHREALTIME//[!0-9]/}
	"$@" >"$work/step.out" || fail "$what"
	end=${EPOCHREALTIME//[!0-9]/}
	table+=("$(printf '%-32s %7d.%d %s' "$what" $(((end - begin) / 1000)) \
		$(((end - begin) / 100 % 10)) "$(cost)")")
}

# EF.IMSI: a length, then digits with their nibbles swapped, the first being parity.
imsi_of() { # hex
	printf '%s' "${1:2:16}" | sed 's/\(.\)\(.\)/\2\1/g; s/^.//; s/F*$//'
}

read_imsi() {
	local answer imsi
	lpactl apdu "${IMSI_APDUS[@]}" >"$work/imsi" || return 1
	answer=$(tail -n 1 "$work/imsi" | tr -d ' \n' | tr a-f A-F)
	[ "${answer: -4}" = 9000 ] || { echo "READ BINARY of EF.IMSI: SW ${answer: -4}" >>"$work/lpactl.err"; return 1; }
	imsi=$(imsi_of "$answer")
	[ "$imsi" = "$IMSI" ] || { echo "the card's IMSI is $imsi, not $IMSI" >>"$work/lpactl.err"; return 1; }
	say "    IMSI $imsi"
}

prepare() {
	local program
	for program in lpactl veuicc smdpp mkprofile; do
		[ -x "$BIN/$program" ] || fail "$BIN/$program is not built"
	done
	mkdir "$work/profiles" "$work/roots"
	cp "$PKI/CERT_CI.der" "$work/roots/"
	"$BIN/mkprofile" --iccid "$ICCID" --imsi "$IMSI" "$work/profiles/demo.der" 2>"$work/mkprofile.err" ||
		fail "mkprofile"
	start veuicc "$BIN/veuicc" --state "$work/card" --listen "unix:$work/card.sock" --pki "$PKI"
	start smdpp "$BIN/smdpp" --listen 127.0.0.1:0 --profiles "$work/profiles" --name "$NAME" \
		--pki "$PKI" --notifications "$work/notifications"
	say "virtual eUICC and test SM-DP+ are up ($NAME at $address)"
}

life_of_a_profile() {
	step "ask the eUICC who it is" lpactl info
	step "download over TLS, install" lpactl download "LPA:1\$$NAME\$demo" --yes
	step "list profiles" lpactl profiles
	cat "$work/step.out"
	step "enable" lpactl enable "$ICCID"
	step "read EF.IMSI as a modem does" read_imsi
	cat "$work/step.out"
	step "send notifications" lpactl notifications --send
	step "disable" lpactl disable "$ICCID"
	step "delete" lpactl delete "$ICCID" --yes
	step "send the last notifications" lpactl notifications --send
}

begun=$SECONDS
prepare
life_of_a_profile
stop_servers || fail "a server did not stop cleanly"
[ -s "$work/notifications" ] || fail "the SM-DP+ got no notification"
printf '\n%-32s %9s %7s %9s %6s %10s\n' step ms APDUs bytes HTTP bytes
printf '%s\n' "${table[@]}"
printf '\n%d notifications reached the SM-DP+; all of it took %d s\n' \
	"$(wc -l <"$work/notifications")" $((SECONDS - begun))
echo "demo: ok"
