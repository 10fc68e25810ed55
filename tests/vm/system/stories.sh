#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The stories that the kernel's command line names (stories=NAME,NAME), one after the other.
for name in $(sed -n 's/.*stories=\([a-z,]*\).*/\1/p' /proc/cmdline | tr , ' '); do
	echo "# note: $name at $(cut -d' ' -f1 /proc/uptime) s"
	"/vm/$name"
done
echo "# note: told at $(cut -d' ' -f1 /proc/uptime) s"
