# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154
#
# In the middle of a download over `usb:` the reader is unplugged, plugged in again or reset, the card
# is taken out, or the user has had enough: a clear error, nothing stuck, and the next try installs.

. "$(atf_get_srcdir)/lib.sh"
. "$(atf_get_srcdir)/usb_lib.sh"

prepare() { # vreader option...
	order demo
	start_reader "$@"
	start_server
}

# A failed download told so; the profile is not there, or the user knows that it is.
expect_failure() { # status domain
	[ "$status" = "$1" ] || { cat out.json out.err; atf_fail "$what: status $status, not $1"; }
	says .error.domain "$2"
	# jq may say 0 of an empty file.
	{ [ -s out.json ] && jq -e '.error.message | length > 10' out.json >/dev/null; } || atf_fail "$what: no sentence"
}

run_download() {
	status=0
	timeout -k 5 150 ./lpactl --json download --yes "$(code demo)" >out.json 2>out.err </dev/null || status=$?
}

# The next try installs, byte for byte, and the card is as before.
expect_retry() {
	run_download
	[ "$status" = 0 ] || { cat out.json out.err; atf_fail "$what: the retry ended with status $status"; }
	card_holds profiles/demo.der "$ICCID"
	json_run 0 delete --yes "$ICCID"
	json_run 0 notifications --send
}

# How many commands a download takes: so many places there are to break it off.
count_commands() {
	reader clear
	run_download
	[ "$status" = 0 ] || { cat out.json out.err; atf_fail "no download"; }
	commands=$(figure xfr)
	json_run 0 delete --yes "$ICCID"
	json_run 0 notifications --send
}

# At eight places from the first command to the last but one.
break_off() { # fault
	count_commands
	place=0
	while [ $place -lt 8 ]; do
		what=$1@xfr:$((1 + place * (commands - 2) / 8))
		place=$((place + 1))
		reader fault "$what"
		run_download
		expect_failure 4 transport
		reader fault none
		case $1 in
		detach) plug_in_again ;;
		remove) reader insert 0 ;;
		esac
		expect_retry
	done
	stop_reader
	stop_one server
}

atf_test_case unplugged cleanup
unplugged_head() {
	with_servers
	atf_set descr "The reader is unplugged at one command after another of a download"
}
unplugged_body() {
	prepare
	break_off detach
}
unplugged_cleanup() { end_usb; }

atf_test_case card_removed cleanup
card_removed_head() {
	with_servers
	atf_set descr "The card is taken out at one command after another of a download"
}
card_removed_body() {
	prepare --level short
	break_off remove
}
card_removed_cleanup() { end_usb; }

atf_test_case t1_unplugged cleanup
t1_unplugged_head() {
	with_servers
	atf_set descr "The same with a card of T=1"
}
t1_unplugged_body() {
	prepare --card-protocol t1
	break_off detach
}
t1_unplugged_cleanup() { end_usb; }

# A download that waits for the answer to command $1; its process is $download.
begin_download() { # command
	reader fault "hold@xfr:$1"
	./lpactl --json download --yes "$(code demo)" >out.json 2>out.err </dev/null &
	download=$!
	reader wait held 1
}

end_download() {
	status=0
	wait "$download" || status=$?
}

atf_test_case replugged cleanup
replugged_head() {
	with_servers
	atf_set descr "The reader is unplugged and plugged in again while its answer is awaited"
}
replugged_body() {
	prepare
	for at in 5 30; do
		what="replug at $at"
		begin_download $at
		reader detach
		reader fault none
		plug_in_again
		end_download
		expect_failure 4 transport
		expect_retry
	done
	stop_reader
	stop_one server
}
replugged_cleanup() { end_usb; }

# As another program, or a hub, does it: by USBDEVFS_RESET.
port_reset() {
	printf '#!/bin/sh\nexport %s\nexec python3 -c "%s"\n' "$usb_environment" \
		"import fcntl, os; fcntl.ioctl(os.open('/dev/bus/usb/001/002', os.O_RDWR), 0x5514, 0)" >reset.sh
	sh reset.sh || atf_fail "no reset"
}

atf_test_case reset cleanup
reset_head() {
	with_servers python3
	atf_set descr "The reader's port is reset by somebody else while its answer is awaited"
}
reset_body() {
	prepare
	for at in 5 30; do
		what="reset at $at"
		begin_download $at
		reader fault none
		port_reset
		end_download
		expect_failure 4 transport
		expect_retry
	done
	stop_reader
	stop_one server
}
reset_cleanup() { end_usb; }

# Without an answer to Abort the reader is reset, and the card's session ends.
atf_test_case interrupted cleanup
interrupted_head() {
	with_servers
	atf_set descr "Ctrl-C while the reader says nothing: the end comes at once, whether or not Abort works"
}
interrupted_body() {
	for abort in works ignored stalls; do
		prepare --abort $abort
		what="interrupted, abort $abort"
		begin_download 20
		kill -TERM "$download"
		end_download
		[ "$status" = 3 ] || { cat out.json out.err; atf_fail "$what: status $status"; }
		reader fault none
		expect_retry
		stop_reader
		stop_one server
		rm -rf card
	done
}
interrupted_cleanup() { end_usb; }

atf_init_test_cases() {
	for name in unplugged card_removed t1_unplugged replugged reset interrupted; do
		atf_add_test_case "$name"
	done
}
