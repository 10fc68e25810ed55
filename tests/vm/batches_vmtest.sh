# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154 # start_way and begin_load set device and load
#
# lpactl on the kernel's device, as the kernel's counters see it: commands go down in batches, and
# a batch is broken off in the kernel. The argument is the way to the card, see ways.sh.
. /vm/guest.sh
. /vm/ways.sh
. /vm/profiles.sh

way=$1
start_way "$way" || { tap_fail "$way: a card behind a device" "none came"; tap_exit; }
counters=/sys/kernel/debug/euicc/${device##*/}/counters
start_server

count() { awk -v name="$1" '$1 == name { print $2 }' "$counters"; }

# A signal in the midst of a load ends the call, and what is unsent of its batch.
interrupted_load() {
	local abandoned
	abandoned=$(count abandoned)
	begin_load
	kill -TERM "$load"
	wait "$load"
	if [ "$(count abandoned)" -gt "$abandoned" ]; then
		tap_ok "$way: the batch of an interrupted load was broken off in the kernel"
	else
		tap_fail "$way: the batch of an interrupted load was broken off in the kernel" "nothing was"
	fi
}
case $way in *-slow) interrupted_load ;; esac

# A package of 64 KiB takes hundreds of commands, and a system call for 64 of them.
batches=$(count batches) entries=$(count entries)
expect "$way: download of 64 KiB" card --trace trace.txt download --yes "$(code 64k)"
batches=$(($(count batches) - batches)) entries=$(($(count entries) - entries))
tap_note "$entries commands in $batches calls"
if [ "$entries" -gt 256 ] && [ $batches -lt $((entries / 64 + 30)) ]; then
	tap_ok "$way: its blocks went down 64 to a call"
else
	tap_fail "$way: its blocks went down 64 to a call" "$entries commands in $batches calls"
fi
if grep -q ' batch=64$' trace.txt; then
	tap_ok "$way: the trace tells of batches"
else
	tap_fail "$way: the trace tells of batches" "$(tail -n 3 trace.txt)"
fi
tap_exit
