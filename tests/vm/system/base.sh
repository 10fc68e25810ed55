#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A small Debian 12 with systemd as PID 1, D-Bus, polkit and what our packages depend on, as a tar
# archive below ${XDG_CACHE_HOME:-~/.cache}/coreesim. What is there is used again, until the list
# of packages changes or it is removed. Prints its name. Needs root, itself or by sudo.
set -euo pipefail
cd "$(dirname "$0")/../../.."

readonly SUITE=bookworm
readonly PACKAGES="systemd,systemd-sysv,dbus,polkitd,udev,libpam-systemd,libnss-systemd,kmod,login,procps,jq,openssl
	libinih1,libjansson4,libpcsclite1,libpng16-16,libqrencode4,libtasn1-6,libusb-1.0-0,libzbar0,zlib1g,
	libmbim-glib4,libqmi-glib5,libqrtr-glib0,modemmanager,libmbim-proxy,libqmi-proxy,libmbim-utils,libqmi-utils"
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/coreesim/system
readonly CACHE

say() { printf 'system: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

packages=$(tr -d ' \t' <<<"$PACKAGES" | paste -sd,)
tar=$CACHE/$SUITE-$(sha256sum <<<"$packages" | cut -c1-12).tar
mkdir -p "$CACHE"
exec {lock}>"$CACHE/.lock"
flock "$lock"
if [ ! -e "$tar" ]; then
	read -r uri keyring < <(scripts/deps.sh source) || true
	[ -n "${uri:-}" ] || die "no source entry for Debian 12 in /etc/apt"
	say "making a Debian 12 with systemd (about a minute, once)"
	if ! as_root mmdebstrap --quiet --mode=root --format=tar --variant=apt --include="$packages" \
		--keyring="${keyring:-/usr/share/keyrings/debian-archive-keyring.gpg}" \
		--aptopt='Acquire::Languages "none"' \
		"$SUITE" "$tar.new" "$uri" >"$CACHE/mmdebstrap.log" 2>&1; then
		tail -n 20 "$CACHE/mmdebstrap.log" >&2
		die "mmdebstrap failed; its log is $CACHE/mmdebstrap.log"
	fi
	as_root chown "$(id -u):$(id -g)" "$tar.new"
	mv "$tar.new" "$tar"
fi
echo "$tar"
