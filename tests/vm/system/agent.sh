#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a user of the system types: the shell of a login session that runs the commands of
# /run/vm/USER.in, each a line, and tells their status in /run/vm/USER.status. They are of that session,
# which is what polkit looks at.
user=$(id -un)
until [ -p "/run/vm/$user.in" ]; do sleep 0.1; done
while read -r line <"/run/vm/$user.in"; do
	status=0
	sh -c "$line" >"/run/vm/$user.out" 2>&1 </dev/null || status=$?
	echo "$status" >"/run/vm/$user.status"
done
