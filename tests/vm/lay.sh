# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # root is the caller's
#
# Laying programs and libraries of this machine into a guest's root: sourced by tests/vm/root_NAME.sh,
# with $root.

die() { printf 'vm: %s\n' "$*" >&2; exit 1; }

place() { # file target
	[ -e "$root$2" ] || install -D -m 755 "$1" "$root$2"
}

add_libraries() { # file
	local library
	while IFS= read -r library; do
		place "$library" "$library"
	done < <(ldd "$1" | sed -nE 's/^(.*=> )?[ \t]*(\/[^ ]+) \(0x.*/\2/p')
}

add() { # file [target]
	[ -e "$1" ] || die "no $1 on this machine: 'make deps' and 'scripts/deps.sh packages vm' bring it"
	place "$1" "${2:-$1}"
	add_libraries "$1"
}

# A library that programs load by name at run time.
add_loaded() { # soname
	local file
	file=$(ldconfig -p | awk -v name="$1" '$1 == name && /x86-64/ && !found++ { print $NF }')
	add "${file:-$1}"
}
