# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034
#
# Notifications: order, and when one may be forgotten.

. "$(atf_get_srcdir)/lib.sh"

atf_test_case order_and_removal cleanup
order_and_removal_head() {
	with_servers
	atf_set descr "Notifications go out in ascending order, number 0 among them, and leave the card after the server's 204"
}
order_and_removal_body() {
	order demo
	start_card
	start_server --fault "handleNotification:http=500@1"
	json_run 0 download --yes "$(code demo)"
	json_run 0 enable "$ICCID"
	json_run 0 disable "$ICCID"
	json_run 0 notifications
	says '[.notificationMetadataList[].seqNumber] | tostring' "[0,1,2]"
	says '.notificationMetadataList[0].profileManagementOperation' notificationInstall
	json_run 0 notifications --send
	says '[.notifications[] | .removed] | tostring' "[true,true,true]"
	[ "$(delivered | tail -n 3)" = "install 0
enable 1
disable 2" ] || { delivered; atf_fail "order"; }
	json_run 0 notifications
	says '.notificationMetadataList | length' 0
	stop_servers
}
order_and_removal_cleanup() { end_servers; }

atf_test_case failing_server cleanup
failing_server_head() {
	with_servers
	atf_set descr "A server that fails keeps its notifications, in order, and does not keep another's from going"
}
failing_server_body() {
	order demo "$ICCID" '{"notificationEvents": [{"event": "enable", "address": "gone.example.com"},
		{"event": "disable", "address": "gone.example.com"}, {"event": "delete", "address": "smdpp.example.com"}]}'
	start_card
	start_server
	# Nobody listens on the discard port.
	sed -i "s|^exec .*|& --connect-to gone.example.com:443:127.0.0.1:9|; s|\"\$@\" --connect|--connect|; s|:9\$|:9 \"\$@\"|" lpactl
	json_run 0 download --yes "$(code demo)"
	json_run 0 enable "$ICCID"
	json_run 0 disable "$ICCID"
	json_run 0 delete --yes "$ICCID"
	json_run 5 notifications --send
	says '[.notifications[] | .sent] | tostring' "[false,false,true]"
	says '.notifications[0].error.domain' network
	says '.notifications[1].error' null
	json_run 0 notifications
	says '[.notificationMetadataList[].seqNumber] | tostring' "[1,2]"
	stop_servers
}
failing_server_cleanup() { end_servers; }

atf_test_case damaged cleanup
damaged_head() {
	with_servers
	atf_set descr "A notification that was damaged on its way from the card is not sent, and stays on the card"
}
damaged_body() {
	order demo
	start_card
	start_server
	json_run 0 download --yes "$(code demo)"
	json_run 0 enable "$ICCID"
	stop_one card
	start_card --fault corrupt=90@BF2B:1
	status=0
	./lpactl --json notifications --send >out.json 2>out.err || status=$?
	[ "$status" != 0 ] || { cat out.json; atf_fail "a damaged notification went out"; }
	[ "$(delivered)" = "install 0" ] || { delivered; atf_fail "a damaged notification went out"; }
	json_run 0 notifications --send
	[ "$(delivered | tail -n 1)" = "enable 1" ] || atf_fail "it was lost"
	stop_servers
}
damaged_cleanup() { end_servers; }

atf_test_case dropping cleanup
dropping_head() {
	with_servers script
	atf_set descr "Dropping one unsent asks first on a terminal; a number that is not there is an error"
}
dropping_body() {
	order demo
	start_card
	start_server --fault "handleNotification:http=500"
	json_run 0 download --yes "$(code demo)"
	status=0
	on_terminal n notifications --remove 0 || status=$?
	[ "$status" = 3 ] || { cat terminal.out; atf_fail "no was taken for yes"; }
	json_run 4 notifications --remove 7 --yes
	json_run 0 notifications --remove 0 --yes
	says .removed 0
	json_run 0 notifications
	says '.notificationMetadataList | length' 0
	stop_servers
}
dropping_cleanup() { end_servers; }

atf_init_test_cases() {
	for name in order_and_removal failing_server damaged dropping; do
		atf_add_test_case "$name"
	done
}
