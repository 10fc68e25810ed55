# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2153,SC2154 # names from lib.sh
#
# What modem_lpad_test.sh runs in a machine of its own: modem_lpad_inside.sh STORY.
set -eu

story=${1:?STORY}

# What lib.sh takes from ATF.
atf_fail() { echo "$*" >&2; exit 1; }
atf_set() { :; }

# shellcheck source=/dev/null
. "$COREESIM_LIB"
# shellcheck source=/dev/null
. "$COREESIM_LPAD_LIB"
# shellcheck source=/dev/null
. "$COREESIM_MODEM_LIB"

SECOND=8944000000000000025

# A modem that ModemManager has, with two profiles on its card; lpad serves it. $euicc is its object.
make_lpad() { # vmodem option...
	make_modem_machine
	modem_eid=89049032000001000000012345678954
	start_modem wdm0 "${protocol:---mbim}" "$@"
	start_server
	order one
	order two "$SECOND"
	start_manager wdm0
	start_lpad
	euicc=/euicc/1
	await_ready_euicc
}

await_ready_euicc() {
	wait_until has_property "$euicc" Euicc1 State 's "ready"' ||
		atf_fail "no eUICC is ready: $(property "$euicc" Euicc1 State) $(cat lpad.err)"
}

is() { # what value expected
	[ "$2" = "$3" ] || atf_fail "$1 is '$2', not '$3'"
}

# A call that makes a job; $job is its path.
start_job() { # path interface method [signature argument...]
	job=$(job_path "$(lpa root "$@")")
}

do_job() { # path interface method [signature argument...]
	start_job "$@"
	await_job "$job" "done"
}

download() { # matching id
	do_job "$euicc" Euicc1 Download 'a{sv}' 1 activation_code s "$(code "$1")"
}

# The job's details under a jq path.
detail() { # jq-path
	busctl --json=short call "$IFACE" "$LPA$job" "$IFACE.Job1" GetDetails >reply.json
	jq -r ".data[0]$1" reply.json
}

profile_of() { # iccid
	for path in $(busctl --list tree "$IFACE" | grep "$LPA$euicc/profile/"); do
		busctl --json=short call "$IFACE" "$path" "$IFACE.Profile1" GetDetails >reply.json
		[ "$(jq -r '.data[0].iccid.data' reply.json)" != "$1" ] || {
			printf '%s' "${path#"$LPA"}"
			return
		}
	done
	atf_fail "there is no profile $1"
}

enable() { # iccid
	do_job "$(profile_of "$1")" Profile1 Enable 'a{sv}' 0
}

both_profiles() {
	download one
	download two
}

# --- stories ----------------------------------------------------------------------------------------------

lifecycle() { # scheme
	make_lpad
	is "the device" "$(property "$euicc" Euicc1 Device)" "s \"$1:/dev/wdm0-$1\""
	both_profiles
	[ ! -s manager.log ] || atf_fail "a download sets the modem aside: $(cat manager.log)"
	enable "$ICCID"
	recorded "inhibit $UID_OF_MODEM" "release $UID_OF_MODEM"
	is "the modem's word" "$(detail .modem.data.reported.data)" true
	is "the modem's ICCID" "$(detail .modem.data.iccid.data)" "$ICCID"
	is "the registration" "$(detail .modem.data.registration.data)" home
	is "the operator" "$(detail .modem.data.operator.data)" "Test network"
	is "what the modem takes its card for" "$(modem_iccid wdm0)" "$ICCID"
	do_job "$euicc" Euicc1 Download 'a{sv}' 2 activation_code s "$(code one3)" enable_after b true
	is "enabled after the download" "$(detail .enabled.data)" true
	recorded "inhibit $UID_OF_MODEM" "release $UID_OF_MODEM"
	enable "$SECOND"
	recorded "inhibit $UID_OF_MODEM" "release $UID_OF_MODEM"
	do_job "$(profile_of "$SECOND")" Profile1 Disable 'a{sv}' 0
	recorded "inhibit $UID_OF_MODEM" "release $UID_OF_MODEM"
	do_job "$(profile_of "$ICCID")" Profile1 Delete 'a{sv}' 0
	[ ! -s manager.log ] || atf_fail "a deletion sets the modem aside: $(cat manager.log)"
	do_job "$euicc" Euicc1 MemoryReset as 1 operational-profiles
	recorded "inhibit $UID_OF_MODEM" "release $UID_OF_MODEM"
	no_channel wdm0
	stop_lpad
	no_channel wdm0
}

story_lifecycle_mbim() { order one3 8944000000000000033; lifecycle mbim; }
story_lifecycle_qmi() { protocol=--qmi; order one3 8944000000000000033; lifecycle qmi; }
story_lifecycle_at() { protocol=--at; order one3 8944000000000000033; lifecycle at; }

"story_$story"
