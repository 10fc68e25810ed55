# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154,SC2016 # becomes_shows is the story's; what is quoted is others' to expand
#
# What the stories of the whole system share: `. /vm/asking.sh` behind guest.sh. What the users of the two sessions
# type (agent.sh), and what becomes so in its time.
WHILE=120	# seconds that may pass until something is so

now() { cut -d. -f1 /proc/uptime; }

# By the clock: what is waited for may take its time to ask, too. Where it does not come,
# $becomes_shows prints what there is to see.
becomes() { # what command...
	becomes_what=$1
	becomes_until=$(($(now) + WHILE))
	shift
	until "$@" >/dev/null 2>&1; do
		if [ "$(now)" -ge $becomes_until ]; then
			tap_fail "$becomes_what" "not within $WHILE s"
			$becomes_shows 2>&1 | sed 's/^/# /'
			return 1
		fi
		sleep 0.2
	done
	tap_ok "$becomes_what"
}

# Where agent.sh reads and writes; once in the system's life.
open_sessions() {
	for user in alice bob; do
		[ ! -p "/run/vm/$user.in" ] || continue
		mkfifo -m 666 "/run/vm/$user.status"
		install -m 666 /dev/null "/run/vm/$user.out"
		mkfifo -m 644 "/run/vm/$user.in"
	done
}

# A command line of a user's session; what it printed is in as.out.
as() { # user command-line
	timeout $WHILE sh -c 'printf "%s\n" "$2" >"/run/vm/$1.in"' - "$1" "$2" || return 99
	as_status=$(timeout $WHILE head -n 1 "/run/vm/$1.status") || return 99
	cp "/run/vm/$1.out" as.out
	return "$as_status"
}

succeeds() { # what user command-line
	if as "$2" "$3"; then tap_ok "$1"; else tap_fail "$1" "status $?: $(tail -n 3 as.out | tr '\n' ' ')"; fi
}

holds_at() { # what expected found
	if [ "$2" = "$3" ]; then tap_ok "$1"; else tap_fail "$1" "it is '$3'"; fi
}
