#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Print the program that the EXAMPLES section of a manual page holds, as a reader sees it.
#
#   man-example.sh PAGE
set -eu
[ $# = 1 ] || { sed -n '4,6s/^# \{0,1\}//p' "$0" >&2; exit 2; }
awk '
	/^\.Sh/ { in_examples = $2 == "EXAMPLES" }
	!in_examples { next }
	/^\.Ed/ { exit }
	in_program { gsub(/\\e/, "\\"); print }
	/^\.Bd -literal/ { in_program = 1 }' "$1"
