#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What talks to modems on this machine, laid into a guest's root for the suites that ask for it by root=modem
# (tests/vm/suites): mbimcli and qmicli with their proxies, and the modules of libesim's for modems.
#
#   root_modem.sh ROOT
set -euo pipefail
cd "$(dirname "$0")/../.."
PATH=$PATH:/usr/sbin:/sbin
root=$1
: "${BUILD:=build}"
. tests/vm/lay.sh

# Where lpactl looks is in the build; in a guest it is told by COREESIM_MODULES.
add_ours() {
	local file
	for file in "$BUILD"/lib/coreesim/*.so; do
		[ ! -e "$file" ] || add "$file" "/lib/coreesim/${file##*/}"
	done
	install -D -m 644 modem/modems.conf "$root/etc/coreesim/modems.conf"
}

add /usr/bin/mbimcli
add /usr/bin/qmicli
add /usr/libexec/mbim-proxy
add /usr/libexec/qmi-proxy
add_ours
