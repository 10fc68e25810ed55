#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a modem between program and card costs: a package of 16 KiB by lpactl over mbim: and qmi: (through the real
# proxies), at:, and without a modem over unix:, each with a card that costs nothing and with a modelled one. "Messages"
# are those that the modem gets for the whole download, opening and closing included; the gate is one for an APDU and
# MOST_BESIDE beside. In a network namespace of its own, since the proxies listen on names of theirs.
set -euo pipefail
: "${BUILD:?start this by 'make bench'}"

readonly LINK=baud=223214,apdu-us=2000,crypto-us=60000,write-us=10000
readonly MOST_BESIDE=20
readonly NAME=smdpp.example.com

if [ "${1:-}" != inside ]; then
	if [ "$(id -u)" != 0 ] || ! unshare -n true 2>/dev/null; then
		echo "bench of modems: skipped, no network namespace can be had (it takes root)"
		exit 0
	fi
	exec unshare --net --pid --fork --kill-child --mount-proc "$0" inside
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
ip link set lo up
export COREESIM_MODULES=$BUILD/lib/coreesim COREESIM_MODEMS_STATE=$scratch/journals COREESIM_MODEM_BROKER=
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$scratch/no-bus
bin=$BUILD/bin
missed=0

mkdir profiles
"$bin/mkprofile" --iccid 8944476500001224158 --imsi 001010123456789 --size 16384 profiles/p.der
await() { # file word
	for _ in $(seq 600); do
		grep -q "$2" "$1" 2>/dev/null && return
		sleep 0.1
	done
	echo "$1 never said $2" >&2
	exit 1
}
for proxy in mbim qmi; do
	/usr/libexec/$proxy-proxy --no-exit >/dev/null 2>&1 &
done
"$bin/smdpp" --listen 127.0.0.1:0 --profiles profiles --name $NAME --pki "$BUILD/pki/nist" >server.out &
await server.out listening
server=$(sed -n 's/^listening //p' server.out)

# $device and, with a modem, $control.
start_card() { # way link
	rm -rf card
	control=
	if [ "$1" = unix ]; then
		# What the other ways spend in real time too.
		"$bin/veuicc" --state card --pki "$BUILD/pki/nist" --listen "unix:$scratch/socket" ${2:+--link "$2"} >card.out &
		device=unix:$scratch/socket
	else
		control=$scratch/control
		"$bin/vmodem" "--$1" --pty --pty-link m --control control --state card --pki "$BUILD/pki/nist" \
			${2:+--link "$2"} >card.out &
		device=$1:$scratch/m-$1
	fi
	card=$!
	await card.out listening
}

figure() { # name
	"$bin/vmodem" --to "$control" stats | sed -n "s/^$1 //p"
}

download() { # way link -> $waiting, $apdus, $messages
	start_card "$1" "$2"
	"$bin/lpactl" --device "$device" --ci-roots "$BUILD/pki/nist" --connect-to "$NAME:443:$server" --json --stats \
		download --smdp $NAME --matching-id p --yes >out.json
	waiting=$(jq '[.stats[].cardMilliseconds] | add' out.json)
	apdus=$(jq '[.stats[].apdus] | add' out.json)
	messages=-
	[ -z "$control" ] || messages=$(figure requests)
	kill $card
	wait $card 2>/dev/null || true
}

printf '%-6s %6s %9s %9s %16s %16s %14s %10s\n' way APDUs messages 'of APDUs' 'ms, free card' 'ms an APDU' \
	'ms, modelled' 'its share'
for way in unix mbim qmi at; do
	download $way ''
	free=$waiting
	each=$(echo "scale=3; $free / $apdus" | bc)
	per=-
	if [ "$messages" != - ]; then
		per=$(echo "scale=2; $messages / $apdus" | bc)
		if [ $((messages - apdus)) -gt $MOST_BESIDE ]; then
			echo "  MISSED ($way): $messages messages for $apdus APDUs"
			missed=1
		fi
	fi
	beside=$messages
	download $way $LINK
	[ $way != unix ] || floor=$waiting
	share=$(echo "scale=1; 100 * $floor / $waiting" | bc)
	printf '%-6s %6s %9s %9s %16.1f %16s %14.1f %9s%%\n' $way "$apdus" "$beside" "$per" "$free" "$each" "$waiting" "$share"
done
echo "free, modelled: milliseconds that lpactl waited for the card, on one that costs nothing and on $LINK."
echo "its share: what the same card takes over unix:, of what it takes here: modem, proxy and library are the rest."
exit $missed
