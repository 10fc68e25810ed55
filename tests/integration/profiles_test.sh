# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034
#
# The life of profiles on the card: enable, disable, delete, rename, reset, and
# how a profile is named.

. "$(atf_get_srcdir)/lib.sh"

OTHER=8944000000000000025

# A card with two profiles.
two_profiles() { # veuicc option...
	order one
	order two "$OTHER"
	start_card "$@"
	start_server
	json_run 0 download --yes "$(code one)"
	json_run 0 download --yes "$(code two)"
}

state_of() { # iccid
	jq -r ".profileInfoList[] | select(.iccid == \"$1\").profileState" out.json
}

atf_test_case switching cleanup
switching_head() {
	with_servers
	atf_set descr "Enabling a profile disables the other; the modem's file system follows; a second enable is refused"
}
switching_body() {
	two_profiles
	json_run 0 enable "$ICCID"
	json_run 0 enable "$OTHER" --refresh
	json_run 0 profiles
	[ "$(state_of "$ICCID") $(state_of "$OTHER")" = "disabled enabled" ] || { cat out.json; atf_fail "states"; }
	# EF.ICCID of the enabled profile, as a modem reads it
	atf_check -o match:"^984400000000000020F59000" ./lpactl apdu 00A40004023F00 00A4000C022FE2 00B000000A
	json_run 4 enable "$OTHER"
	says .error.es10ResultName profileNotInDisabledState
	json_run 0 disable "$OTHER"
	json_run 4 disable "$OTHER"
	says .error.es10ResultName profileNotInEnabledState
	stop_servers
}
switching_cleanup() { end_servers; }

atf_test_case deleting cleanup
deleting_head() {
	with_servers script
	atf_set descr "Only a disabled profile is deleted, and on a terminal only after a yes"
}
deleting_body() {
	two_profiles
	json_run 0 enable "$ICCID"
	json_run 4 delete --yes "$ICCID"
	says .error.es10ResultName profileNotInDisabledState
	status=0
	on_terminal n delete "$OTHER" || status=$?
	[ "$status" = 3 ] || { cat terminal.out; atf_fail "no was taken for yes"; }
	grep -q "for good" terminal.out || atf_fail "nobody asked"
	on_terminal y delete "$OTHER" || { cat terminal.out; atf_fail "yes was not heard"; }
	json_run 0 profiles
	says '.profileInfoList | length' 1
	json_run 0 disable "$ICCID"
	json_run 0 delete "$ICCID"
	stop_servers
}
deleting_cleanup() { end_servers; }

atf_test_case naming cleanup
naming_head() {
	with_servers
	atf_set descr "A profile is named by ICCID, unique prefix, nickname or AID; what fits two or none is refused"
}
naming_body() {
	two_profiles
	json_run 0 rename "$ICCID" "Büro"
	json_run 0 profiles
	says '.profileInfoList[0].profileNickname' "Büro"
	aid=$(jq -r '.profileInfoList[0].isdpAid' out.json)
	for name in "Büro" "$aid" 894400000000000001; do
		json_run 0 enable "$name"
		says .iccid "$ICCID"
		json_run 0 disable "$name"
	done
	json_run 2 enable 8944
	json_run 4 enable 8945
	json_run 4 enable nobody
	json_run 0 rename "Büro" ''
	json_run 0 profiles
	says '.profileInfoList[0].profileNickname' null
	# 64 characters are counted, not their bytes.
	long=$(printf '%64s' '' | sed 's/ /卡/g')
	json_run 0 rename "$ICCID" "$long"
	json_run 0 profiles
	says '.profileInfoList[0].profileNickname' "$long"
	json_run 2 rename "$ICCID" "${long}卡"
	json_run 2 rename "$ICCID" "12345678901234567890123456789012345678901234567890123456789012345"
	stop_servers
}
naming_cleanup() { end_servers; }

atf_test_case cat_busy cleanup
cat_busy_head() {
	with_servers
	atf_set descr "catBusy is tried again, and given up with advice when it lasts"
}
cat_busy_body() {
	two_profiles --busy 2
	json_run 0 enable "$ICCID"
	stop_one card
	start_card --busy 99
	json_run 4 disable "$ICCID"
	says .error.es10Result 5
	jq -r .error.advice out.json | grep -q reset || atf_fail "no advice"
	stop_servers
}
cat_busy_cleanup() { end_servers; }

atf_test_case found_by_aid_alone cleanup
found_by_aid_alone_head() {
	with_servers
	atf_set descr "A card that does not find a profile by its ICCID is asked by AID"
}
found_by_aid_alone_body() {
	two_profiles
	stop_one card
	start_card --fault result=1@BF31:1
	json_run 0 enable "$ICCID"
	grep -q "BF3117A0124F10A0" card.log || { grep BF31 card.log; atf_fail "the AID was not tried"; }
	stop_servers
}
found_by_aid_alone_cleanup() { end_servers; }

atf_test_case memory_reset cleanup
memory_reset_head() {
	with_servers
	atf_set descr "A memory reset deletes what was chosen and says when there was nothing"
}
memory_reset_body() {
	two_profiles
	json_run 0 address --default "$NAME"
	json_run 0 reset --operational --yes
	json_run 0 profiles
	says '.profileInfoList | length' 0
	json_run 0 address
	says .defaultDpAddress "$NAME"
	json_run 4 reset --operational --yes
	says .error.es10ResultName nothingToDelete
	json_run 0 reset --default-address --yes
	json_run 0 address
	says .defaultDpAddress ''
	# Without a choice all goes that the card has; what it has not is named where it was asked for.
	stop_one card
	start_card --no-test-profiles
	json_run 0 address --default "$NAME"
	json_run 0 reset --yes
	says '.resetOptions | join(" ")' "deleteOperationalProfiles resetDefaultSmdpAddress"
	json_run 4 reset --test --yes
	jq -r .error.message out.json | grep -q "no test profiles" || { cat out.json; atf_fail "message"; }
	stop_servers
}
memory_reset_cleanup() { end_servers; }

atf_test_case address cleanup
address_head() {
	with_servers
	atf_set descr "An address is normalised before the card gets it; what is none never reaches the card"
}
address_body() {
	start_card
	json_run 0 address --default ' SMDP.Example.COM. '
	says .defaultDpAddress smdp.example.com
	for bad in 'bad host' https://x.example.com 10.0.0.1 smdp.example.com:8443; do
		json_run 2 address --default "$bad"
	done
	json_run 0 address --default ''
	says .defaultDpAddress ''
	stop_servers
}
address_cleanup() { end_servers; }

atf_test_case server_text cleanup
server_text_head() {
	with_servers
	atf_set descr "Names that a server chose cannot move the cursor or turn the text around"
}
server_text_body() {
	order one "$ICCID" "$(printf '{"profileName": "a\\u001b[31mb\\u202ec"}')"
	start_card
	start_server
	json_run 0 download --yes "$(code one)"
	says .profileMetadata.profileName "a[31mbc"
	atf_check -o match:'a\[31mbc' ./lpactl profiles
	stop_servers
}
server_text_cleanup() { end_servers; }

atf_test_case tables cleanup
tables_head() {
	with_servers script
	atf_set descr "A table begins on a line of its own, has no blanks at its ends, and says when it is empty"
}
tables_body() {
	order one
	start_card
	start_server
	atf_check -o inline:"none\n" ./lpactl profiles
	atf_check -o inline:"none\n" ./lpactl notifications --send
	json_run 0 download --yes "$(code one)"
	atf_check -o match:"^ICCID .*NICKNAME$" -o not-match:" $" ./lpactl profiles
	on_terminal "" profiles
	tr '\r' '\n' <terminal.out >lines
	atf_check -o match:"^$(printf '\033')\[KICCID " grep ICCID lines
	stop_servers
}
tables_cleanup() { end_servers; }

atf_init_test_cases() {
	for name in switching deleting naming cat_busy found_by_aid_alone memory_reset address server_text tables; do
		atf_add_test_case "$name"
	done
}
