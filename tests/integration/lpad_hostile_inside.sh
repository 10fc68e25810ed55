# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2153,SC2154 # names from lib.sh
#
# What lpad_hostile_test.sh runs in a machine of its own: lpad_hostile_inside.sh STORY.
set -eu

story=${1:?STORY}

# What lib.sh takes from ATF.
atf_fail() { echo "$*" >&2; exit 1; }
atf_set() { :; }

# shellcheck source=/dev/null
. "$COREESIM_LIB"
# shellcheck source=/dev/null
. "$COREESIM_LPAD_LIB"

FUZZ=$COREESIM_BUILD/tests/lpad/busfuzz
# What a flood may cost: jobs that ended are kept, and the allocator keeps some of what was freed.
MAX_GROWTH_KIB=32768

rss() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$lpad/status"; }
descriptors() { find "/proc/$lpad/fd" | wc -l; }
few_descriptors() { [ "$(descriptors)" -le $((open_before + 2)) ]; }

begin() {
	make_machine
	start_server
	add_card card
	start_lpad
	wait_until has_property /euicc/1 Euicc1 State 's "ready"' || atf_fail "the eUICC is not ready: $(cat lpad.err)"
}

callers() {
	begin
	allow games read-details download manage-profiles
	as root "$FUZZ" 1 500 >/dev/null
	memory_before=$(rss)
	open_before=$(descriptors)
	for seed in 2 3 4; do
		as root "$FUZZ" $seed 1500 >fuzz.$seed &
		eval "fuzz_$seed=$!"
	done
	as games "$FUZZ" 5 1500 >fuzz.5 &
	games=$!
	as nobody "$FUZZ" 6 1500 >fuzz.6 &
	nobody=$!
	for i in 1 2 3 4 5; do
		busctl --timeout=60 get-property "$IFACE" "$LPA" "$IFACE.Manager1" Version >/dev/null ||
			atf_fail "another client is not served: try $i"
	done
	wait "$fuzz_2" && wait "$fuzz_3" && wait "$fuzz_4" && wait $games && wait $nobody ||
		atf_fail "a hostile client could not go on"
	kill -0 "$lpad" || atf_fail "lpad is gone: $(tail -n 5 lpad.err)"
	wait_until few_descriptors || atf_fail "$(descriptors) descriptors, $open_before before"
	# AddressSanitizer keeps what was freed.
	grep -q libasan "/proc/$lpad/maps" || [ "$(rss)" -le $((memory_before + MAX_GROWTH_KIB)) ] ||
		atf_fail "$(rss) KiB of memory, $memory_before before"
	wait_until lpa root /euicc/1 Euicc1 GetDetails || atf_fail "root is not served"
	stop_lpad
}

state() {
	order small
	begin
	job=$(job_path "$(lpa root /euicc/1 Euicc1 Download 'a{sv}' 1 activation_code s "$(code small)")")
	await_job "$job" "done"
	stop_lpad
	dir=$(echo state/euicc/*)
	echo '{"version":1,"nu' >"$dir/card.json"
	echo '{"version":99}' >"$dir/session.json"
	mkdir -p "$dir/outbox"
	echo 'no TLV' >"$dir/outbox/0000000007.tlv"
	echo '[]' >"$dir/outbox/0000000008.json"
	mkdir state/euicc/nonsense
	start_lpad
	wait_until has_property /euicc/1 Euicc1 State 's "ready"' || atf_fail "the eUICC is not ready: $(cat lpad.err)"
	property /euicc/1 Euicc1 ProfileCount | grep -q "u 1" || atf_fail "the profile is not shown"
	for name in card.json session.json; do
		[ -e "$dir/$name.bad-1" ] || atf_fail "$name was not kept: $(ls "$dir")"
		grep -q "$name.*was set aside" lpad.err || atf_fail "nothing is said of $name: $(cat lpad.err)"
	done
	[ -n "$(find "$dir/outbox" -name '0000000007.tlv*')" ] || atf_fail "a damaged notification was dropped"
	! "$BIN/lpad" --config "$PWD/lpad.conf" --state "$PWD/state" 2>second.err ||
		atf_fail "a second lpad takes the same state"
	[ -s second.err ] || atf_fail "a second lpad says nothing"
	stop_lpad
}

# A mistake's line, which lpad must name.
mistake() { # line-of-the-file text
	printf '[Daemon]\nIdleExit=0\n%s\n' "$2" >broken.conf
	status=0
	"$BIN/lpad" --config "$PWD/broken.conf" --state "$PWD/other" 2>broken.err || status=$?
	[ $status != 0 ] && [ $status -lt 126 ] || atf_fail "'$2': status $status"
	grep -q "broken.conf:$1" broken.err || atf_fail "'$2': $(cat broken.err)"
}

says_test_mode() { [ "$(property "" Manager1 TestMode)" = "b $1" ]; }

config() {
	begin
	mistake 3 "Colour=blue"
	mistake 3 "[Nothing]"
	mistake 3 "ShowHiddenProfiles=perhaps"
	mistake 3 "no key"
	says_test_mode false || atf_fail "test mode is on"
	cp lpad.conf good.conf
	echo "[Nonsense]" >>lpad.conf
	kill -HUP "$lpad"
	wait_until grep -q "lpad.conf:" lpad.err || atf_fail "nothing is said of the broken file: $(cat lpad.err)"
	has_property /euicc/1 Euicc1 State 's "ready"' || atf_fail "the old configuration did not stay"
	cp good.conf lpad.conf
	printf '[Daemon]\nDeviceTestMode=yes\n' >>lpad.conf
	kill -HUP "$lpad"
	wait_until says_test_mode true || atf_fail "the new configuration is not heard of: $(cat lpad.err)"
	stop_lpad
}

$story
