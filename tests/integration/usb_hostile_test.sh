# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154
#
# Readers and cards that lie, break off, say nothing or never end, over `usb:`. What the user hears is
# one error that says what and where, in bounded time, by an exit status; the reader works again with
# the next command. With the sanitizer build nothing is touched that is not ours, and nothing leaks.

. "$(atf_get_srcdir)/lib.sh"
. "$(atf_get_srcdir)/usb_lib.sh"

# More than any deadline of a command.
BOUND=150

# lpactl with these arguments, in bounded time, ended with $1; a failure has its sentence.
bounded() { # expected-statuses argument...
	expected=$1
	shift
	status=0
	timeout -k 5 $BOUND ./lpactl --json "$@" >out.json 2>out.err </dev/null || status=$?
	case " $expected " in
	*" $status "*) ;;
	*) cat out.json out.err; atf_fail "$what: lpactl $*: status $status, not $expected" ;;
	esac
	# jq may say 0 of an empty file.
	[ "$status" = 0 ] || { [ -s out.json ] && jq -e '.error.message | length > 10' out.json >/dev/null; } ||
		{ cat out.json out.err; atf_fail "$what: no sentence"; }
}

# Each row with `info`: the fault, and the status that it leads to. Then without it.
play_rows() {
	while read -r fault expected; do
		what=$fault
		reader fault "$fault"
		bounded "$expected" info
		reader fault none
		bounded 0 info
	done <rows
}

atf_test_case messages cleanup
messages_head() {
	with_servers
	atf_set descr "Messages of a reader that are malformed, foreign, stalled or cut short"
}
messages_body() {
	start_reader
	cat >rows <<-ROWS
	stale=3@xfr:3		0
	status=40@xfr:3		4
	status=C0@xfr:3		4
	status=FF@xfr:3		4
	error=FE@xfr:3		0
	length=0@xfr:3		4
	length=3@xfr:3		4
	length=4000000000@xfr:3	4
	length=4294967295@on	4
	short=5@xfr:3		4
	short=11@xfr:3		4
	short=10@on		4
	short=5@status:1	4
	long=1@xfr:3		4
	long=4000@xfr:3		4
	long=4000@on		4
	stall-in@xfr:3		4
	stall-out@xfr:3		4
	stall-in@on		4
	stall-out@on		4
	status=42@on		4
	status=41@set		4
	extend=20@xfr		0
	slow=300@xfr:3		0
	ROWS
	play_rows
	# What the host did not fetch comes later still: until the reader is plugged in anew.
	what=stale=255@xfr:3
	reader fault "$what"
	bounded 4 info
	reader fault none
	reader detach
	plug_in_again
	bounded 0 info
	stop_reader
}
messages_cleanup() { end_usb; }

atf_test_case chains cleanup
chains_head() {
	with_servers
	atf_set descr "A reader of extended APDUs whose parts have no order and no end"
}
chains_body() {
	start_reader --level extended --max-message 100
	cat >rows <<-ROWS
	chain=01@xfr:3+		4
	chain=02@xfr:3		4
	chain=03@xfr:3		4
	chain=03@xfr:3+		4
	chain=10@xfr:3		4
	chain=FF@xfr:3		4
	ROWS
	play_rows
	stop_reader
}
chains_cleanup() { end_usb; }

atf_test_case blocks cleanup
blocks_head() {
	with_servers
	atf_set descr "Cards whose T=1 is wrong once, or for ever"
}
blocks_body() {
	start_reader --card-protocol t1
	cat >rows <<-ROWS
	t1-edc@xfr:4		0
	t1-edc@xfr:4+		4
	t1-lost@xfr:4		0
	t1-lost@xfr:4+		4
	t1-deaf@xfr:4		0
	t1-deaf@xfr:4+		4
	t1-seq@xfr:4		0
	t1-seq@xfr:4+		4
	t1-nad=21@xfr:4		0
	t1-nad=21@xfr:4+	4
	t1-pcb=FF@xfr:4		0
	t1-pcb=FF@xfr:4+	4
	t1-pcb=20@xfr:4+	4
	t1-pcb=81@xfr:4+	4
	t1-pcb=C0@xfr:4+	4
	t1-pcb=C3@xfr:4+	4
	t1-len=FF@xfr:4		0
	t1-len=00@xfr:4+	4
	t1-len=FE@xfr:4+	4
	t1-r=01@xfr:4		0
	t1-r=02@xfr:4+		4
	t1-wtx=5@xfr:4		0
	t1-wtx@xfr:4		4
	t1-ifs=1@xfr:4		0
	t1-ifs=0@xfr:4		4
	t1-ifs=255@xfr:4	4
	t1-ifs=10@xfr:4+	4
	t1-abort@xfr:4		4
	t1-abort@xfr:4+		4
	t1-resynch@xfr:4	4
	t1-resynch@xfr:4+	4
	t1-mute@xfr:4		4
	t1-edc@xfr:2		0
	t1-lost@xfr:2+		4
	ROWS
	play_rows
	stop_reader
}
blocks_cleanup() { end_usb; }

# The next command finds the card, or the reader, where it was; and so does a download.
atf_test_case taken_away cleanup
taken_away_head() {
	with_servers
	atf_set descr "The card or the reader is taken away at any kind of command"
}
taken_away_body() {
	start_reader
	for kind in on off status get set xfr:1 xfr:2 xfr:5; do
		what=remove@$kind
		reader fault "$what"
		bounded "0 4" info
		reader fault none
		reader insert 0
		bounded 0 info
		what=detach@$kind
		reader fault "$what"
		bounded "0 4" info
		reader fault none
		# It may be on its way out still, or in where no such command came.
		reader detach
		plug_in_again
		bounded 0 info
	done
	stop_reader
}
taken_away_cleanup() { end_usb; }

# In vain: each costs the whole deadline of a command, so all at the same time.
atf_test_case silence cleanup
silence_head() {
	with_servers
	atf_set descr "A reader that says nothing, or asks for time without end, costs a deadline and no more"
}
silence_body() {
	for fault in lost@xfr:3 mute@xfr:3 extend@xfr:3 hold@xfr:3 slow=600000@xfr:3 type=81@xfr:3 slot=03@xfr:3 \
		     seq=05@xfr:3 short=0@xfr:3 lost@on mute@on extend@on mute@set; do
		mkdir -p "card.$fault"
		timeout -k 5 $BOUND "$BIN/vreader-host" --state "card.$fault" --pki "$PKI/nist" --fault "$fault" \
			-- "$BIN/lpactl" --device usb: info >"$fault.out" 2>"$fault.err" &
		echo "$! $fault" >>silent.txt
	done
	while read -r job fault; do
		status=0
		wait "$job" || status=$?
		[ "$status" = 4 ] || { cat "$fault.err"; atf_fail "$fault: status $status"; }
		grep -q '^lpactl: .*1-1' "$fault.err" || { cat "$fault.err"; atf_fail "$fault: no sentence"; }
	done <silent.txt
}
silence_cleanup() { :; }

# Bytes of all descriptors, one at a time. What a kernel does not enumerate is not there.
mutations() { # value
	what=
	at=0
	while [ $at -lt 111 ]; do
		if [ $at -lt 18 ]; then what=device:$at=$1; else what=config:$((at - 18))=$1; fi
		at=$((at + 1))
		status=0
		timeout -k 5 $BOUND "$BIN/vreader-host" --pki "$PKI/nist" --patch "$what" -- \
			"$BIN/lpactl" --device usb: info >out 2>err </dev/null || status=$?
		case $status in
		0) ;;
		1 | 4) grep -q '^lpactl: .\{10\}' err || { cat out err; atf_fail "$what: no sentence"; } ;;
		*) cat out err; atf_fail "$what: status $status" ;;
		esac
	done
}

for value in 00 FF; do
	atf_test_case "descriptors_$value"
	eval "descriptors_${value}_head() {
		atf_set descr 'Descriptors, each byte of which was made $value'
		atf_set timeout 900
	}
	descriptors_${value}_body() { mutations $value; }"
done

atf_init_test_cases() {
	for name in messages chains blocks taken_away silence descriptors_00 descriptors_FF; do
		atf_add_test_case "$name"
	done
}
