# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# What the suites share in which lpactl works with profiles: `. /vm/profiles.sh` behind guest.sh.
# They set $way, a word for their lines, and $device; and $card_dir where the card keeps its state
# in this guest, else it is the host's. The card's log is card.log.
: "${way=}"

NAME=smdpp.example.com
# Packages of the SM-DP+, which are in /profiles too.
SMALL=8944476500001224158	# small
LARGE=8944476500001224166	# 64k

# The SM-DP+; what it hears is in notifications.jsonl.
start_server() {
	start server smdpp --listen 127.0.0.1:0 --profiles /profiles --name $NAME --pki /pki/nist \
		--notifications notifications.jsonl || { tap_fail "smdpp" "did not start"; tap_exit; }
	server=${ready#listening }
	mkdir roots
	cp /pki/nist/CERT_CI.der roots/
}

card() { # lpactl argument...
	lpactl --device "$device" --ci-roots roots --connect-to "$NAME:443:$server" "$@"
}

# The activation code of a package.
code() { printf 'LPA:1$%s$%s' $NAME "$1"; } # package

# The state of a profile as the card lists it: enabled, disabled, or nothing.
state_of() { # iccid
	card --json profiles 2>/dev/null | awk -v iccid="$1" '
		index($0, "\"iccid\"") { here = index($0, iccid) > 0 }
		here && /"profileState"/ { gsub(/.*: "|".*/, ""); print }'
}

# A profile is in this state, once: two of them would be two words.
is_state() { # iccid state what
	local state
	state=$(state_of "$1")
	if [ "$state" = "$2" ]; then tap_ok "$way: $3"; else tap_fail "$way: $3" "it is '$state'"; fi
}

package_sum() { # iccid
	if [ -n "${card_dir:-}" ]; then
		sha256sum <"$card_dir/upp-$1.der"
	else
		host package "$1"
	fi | awk '{ print $1 }'
}

# What the card decrypted is the package, byte for byte.
is_whole() { # package iccid
	if [ "$(package_sum "$2")" = "$(sha256sum <"/profiles/$1.der" | awk '{ print $1 }')" ]; then
		tap_ok "$way: the card holds package $1 byte for byte"
	else
		tap_fail "$way: the card holds package $1 byte for byte" "it does not"
	fi
}

card_log() { if [ -n "${card_dir:-}" ]; then cat card.log; else host log; fi; }

# How many bound profile packages the card has seen the beginning of.
loads_begun() { card_log | grep -c '> 8.E2......BF36'; }

# Start to load the large package, and come back when the card is at it: its process is $load.
begin_load() { # lpactl option...
	local before
	before=$(loads_begun)
	(exec lpactl --device "$device" --ci-roots roots --connect-to "$NAME:443:$server" "$@" \
		download --yes "$(code 64k)" >load.out 2>&1) &
	# shellcheck disable=SC2034 # for the caller
	load=$!
	wait_until 120 more_loads "$before"
}

more_loads() { [ "$(loads_begun)" -gt "$1" ]; } # before
