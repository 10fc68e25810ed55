# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034
#
# A card that answers wrongly, or not at all: each ES10 function of a download spoilt
# in each way. What the user is told, which reason card and server hear, that other
# profiles stay as they are, and that the next try installs.
#
# A card that stays silent is in flow_faults_test.c: here it would cost a minute.

. "$(atf_get_srcdir)/lib.sh"

prepare() {
	order demo
	start_card
	start_server
	keep_profile
	stop_one card
	cp -r card card.kept
}

# The kept card once more, with this fault.
insert_card() { # fault
	rm -rf card card.log
	cp -r card.kept card
	start_card --fault "$1"
	forget_card_log
}

# function action status domain reason
download_rows() {
	cat <<-ROWS
	BF20	sw=6F00		4	card		-
	BF20	power-loss	4	transport	-
	BF20	corrupt		5	server		-
	BF20	truncate	4	card		-
	BF20	empty		4	card		-
	BF20	oversize	4	card		-
	BF2E	sw=6F00		4	card		-
	BF2E	power-loss	4	transport	-
	BF2E	corrupt		4	card		-
	BF2E	truncate	4	card		-
	BF2E	empty		4	card		-
	BF2E	oversize	4	card		-
	BF38	sw=6F00		4	card		7F
	BF38	power-loss	4	transport	-
	BF38	corrupt		6	verify		7F
	BF38	truncate	4	card		7F
	BF38	empty		4	card		7F
	BF38	oversize	4	card		7F
	BF21	sw=6F00		4	card		7F
	BF21	power-loss	4	transport	-
	BF21	corrupt		6	verify		7F
	BF21	truncate	4	card		7F
	BF21	empty		4	card		7F
	BF21	oversize	4	card		7F
	BF36	sw=6F00		4	card		05
	BF36	power-loss	4	transport	-
	ROWS
}

atf_test_case download cleanup
download_head() {
	with_servers
	atf_set descr "Each step up to the load: the failure is named, cancelled where there is a session, and the next try installs"
}
download_body() {
	prepare
	download_rows >rows
	while read -r tag action status domain reason; do
		insert_card "$action@$tag:1"
		json_run "$status" download --yes "$(code demo)"
		says .error.domain "$domain"
		# Sent and not answered: nobody is to believe that it can be repeated.
		[ "$domain" != transport ] || says .error.outcome unknown
		says .installed false
		case $action in
		sw=*) says .error.sw "${action#sw=}" ;;
		esac
		[ "$(cancel_reasons)" = "$reason" ] || atf_fail "$action@$tag: the card heard $(cancel_reasons)"
		store_is_kept "$action@$tag"
		json_run 0 download --yes "$(code demo)"
		says .installed true
		stop_one card
	done <rows
	stop_servers
}
download_cleanup() { end_servers; }

atf_test_case installation_result cleanup
installation_result_head() {
	with_servers
	atf_set descr "A result that got lost or was damaged on the way is fetched from the card, and no damaged one goes to the server"
}
installation_result_body() {
	prepare
	for action in corrupt corrupt=20 truncate empty oversize; do
		insert_card "$action@BF36:1"
		stop_one server
		rm notifications.jsonl
		start_server
		json_run 0 download --yes "$(code demo)"
		says .installed true
		says .notificationSent true
		grep -q "the load broke off .* yet the eUICC had finished" out.err || atf_fail "$action: no note"
		[ "$(jq -r '"\(.event) \(.result) \(.verified)"' notifications.jsonl)" = "install success true" ] ||
			{ cat notifications.jsonl; atf_fail "$action: not what the server heard"; }
		json_run 0 notifications
		says '.notificationMetadataList | length' 0
		card_holds profiles/demo.der "$ICCID"
		stop_one card
	done
	stop_servers
}
installation_result_cleanup() { end_servers; }

# The list says too what the load said: nothing that holds is to be had.
atf_test_case damaged_result cleanup
damaged_result_head() {
	with_servers
	atf_set descr "A result that does not verify in the card's list either is not sent; the user hears that the profile is there"
}
damaged_result_body() {
	prepare
	insert_card "corrupt@BF36:1,corrupt@BF2B:1"
	stop_one server
	rm notifications.jsonl
	start_server
	status=0
	./lpactl --json download --yes "$(code demo)" >out.json 2>out.err || status=$?
	[ $status = 4 ] || [ $status = 6 ] || { cat out.json; atf_fail "status $status"; }
	says .installed true
	says .notificationSent false
	jq -r .error.advice out.json | grep -q "do not download it again" || { cat out.json; atf_fail "advice"; }
	[ -z "$(delivered)" ] || { cat notifications.jsonl; atf_fail "a damaged result was sent"; }
	json_run 0 notifications --send
	[ "$(jq -r '"\(.event) \(.result) \(.verified)"' notifications.jsonl)" = "install success true" ] ||
		{ cat notifications.jsonl; atf_fail "not what the server heard"; }
	stop_servers
}
damaged_result_cleanup() { end_servers; }

ACTIONS="sw=6F00 power-loss corrupt truncate empty oversize"

atf_test_case cancel_session cleanup
cancel_session_head() {
	with_servers
	atf_set descr "A CancelSession that goes wrong is a note beside the user's refusal, and the next try installs"
}
cancel_session_body() {
	prepare
	for action in $ACTIONS; do
		insert_card "$action@BF41:1"
		json_run_refused 3 download "$(code demo)"
		says .error.domain policy
		grep -q "note: .*could not be cancelled on the" out.err || atf_fail "$action: $(cat out.err)"
		store_is_kept "$action"
		json_run 0 download --yes "$(code demo)"
		stop_one card
	done
	stop_servers
}
cancel_session_cleanup() { end_servers; }

atf_test_case notifications cleanup
notifications_head() {
	with_servers
	atf_set descr "Whatever goes wrong with a notification, it leaves the card after the 204 alone and is sent again"
}
notifications_body() {
	order demo
	start_card
	start_server --fault handleNotification:http=500@1
	json_run 0 download --yes "$(code demo)"
	json_run 0 enable "$ICCID"
	stop_one card
	cp -r card card.kept
	for tag in BF2B BF30; do
		for action in $ACTIONS; do
			insert_card "$action@$tag:1"
			: >notifications.jsonl
			status=0
			./lpactl --json notifications --send >out.json 2>out.err || status=$?
			case $status in
			0 | 4 | 6) ;;
			*) cat out.json; atf_fail "$action@$tag: status $status" ;;
			esac
			json_run 0 notifications --send
			json_run 0 notifications
			says '.notificationMetadataList | length' 0
			# Twice is allowed, never is not, nor is one that does not hold.
			[ "$(delivered | sort -u)" = "enable 1
install 0" ] || { delivered; atf_fail "$action@$tag: delivered"; }
			! grep "is invalid" notifications.jsonl || atf_fail "$action@$tag: a damaged one was sent"
			stop_one card
		done
	done
	stop_servers
}
notifications_cleanup() { end_servers; }

atf_test_case power_loss_while_writing cleanup
power_loss_while_writing_head() {
	with_servers
	atf_set descr "Power lost at each step of writing: the profile is there whole or not at all, and nothing is stuck"
}
power_loss_while_writing_body() {
	prepare
	for step in 1 2 3 4 5 6 7 8 9 10; do
		insert_card "power-loss@write:$step"
		status=0
		./lpactl --json download --yes "$(code demo)" >out.json 2>out.err || status=$?
		mv out.json first.json
		case $status in
		0 | 4) ;;
		*) cat first.json out.err; atf_fail "step $step: status $status" ;;
		esac
		json_run 0 profiles
		case $(jq '.profileInfoList | length' out.json) in
		1)
			store_is_kept "step $step"
			[ "$(jq .installed first.json)" = false ] || { cat first.json; atf_fail "step $step: said to be installed"; }
			json_run 0 download --yes "$(code demo)"
			;;
		2) [ $status = 0 ] || json_run 4 download --yes "$(code demo)" ;;
		*) cat out.json; atf_fail "step $step: profiles" ;;
		esac
		card_holds profiles/demo.der "$ICCID"
		card_holds profiles/kept.der "$KEPT_ICCID"
		stop_one card
	done
	stop_servers
}
power_loss_while_writing_cleanup() { end_servers; }

atf_test_case status_words cleanup
status_words_head() {
	with_servers
	atf_set descr "Every status word reaches the user, with its meaning"
}
status_words_body() {
	order demo
	start_server
	start_card
	stop_one card
	cp -r card card.kept
	for sw in 6283 6400 6581 6700 6881 6982 6985 6A80 6A82 6A84 6A88 6B00 6D00 6E00 6F00 6FFF; do
		insert_card "sw=$sw@BF21:1"
		json_run 4 download --yes "$(code demo)"
		says .error.sw $sw
		says .error.function ES10b.PrepareDownload
		jq -r .error.message out.json | grep -q "$sw (.*)" || { cat out.json; atf_fail "$sw: meaning"; }
		stop_one card
	done
	stop_servers
}
status_words_cleanup() { end_servers; }

atf_init_test_cases() {
	for name in download installation_result damaged_result cancel_session notifications \
		power_loss_while_writing status_words; do
		atf_add_test_case "$name"
	done
}
