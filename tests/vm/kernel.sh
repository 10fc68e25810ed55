#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The kernels that the VM bench boots and builds modules for. What is fetched or built
# lies under ${XDG_CACHE_HOME:-~/.cache}/coreesim/kernel, named after version and recipe;
# what is there is used again, until it is removed.
#
#   kernel.sh get PIECE...    fetch and build what is missing
#   kernel.sh show PIECE      shell assignments: IMAGE RELEASE KBUILD MAKE_ARGS MODULE_ROOT
#   kernel.sh source          print where the kernel source is unpacked
#   kernel.sh config PIECE    which lines of its configuration did not survive
#
# Pieces: um kasan kcsan (built from Debian's linux-source), debian-6.1 debian-6.12
# (Debian's own images and headers), headers-6.1 headers-6.12 (to compile for, not to
# boot), source.
set -euo pipefail
cd "$(dirname "$0")/../.."
# Where modprobe and depmod are.
PATH=$PATH:/usr/sbin:/sbin

readonly SOURCE_PACKAGE=linux-source-6.1
# Where bookworm's later kernel comes from when the system does not list it.
readonly SECURITY_SUITE=bookworm-security
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/coreesim/kernel
readonly CACHE

say() { printf 'kernel: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# Run a step that takes a while: its output goes to a log, of which the end is shown
# when it fails.
step() { # what log-name command...
	local log=$CACHE/$2.log status
	say "$1"
	shift 2
	# Not as a condition: there -e has no meaning, inside neither.
	set +e
	( set -e; "$@" ) >"$log" 2>&1 </dev/null
	status=$?
	set -e
	if [ "$status" -ne 0 ]; then
		tail -n 25 "$log" >&2
		die "failed; the whole log is $log"
	fi
}

# Two runs at once wait for each other; the loser finds it done.
locked() { # name command...
	local fd
	exec {fd}>"$CACHE/.lock-$1"
	flock "$fd"
	shift
	"$@"
	exec {fd}>&-
}

# The newest finished directory that matches a pattern of names below the cache.
newest() { # pattern
	find "$CACHE" -mindepth 1 -maxdepth 2 -path "$CACHE/$1" -exec test -e '{}/.complete' \; -print |
		sort -V | tail -n 1
}

# --- packages ---------------------------------------------------------------------

# Make the shell's apt know package $1: as the system is set up, after an update, or by
# a configuration of our own for the security suite.
apt_knows() {
	apt-cache show "$1" >/dev/null 2>&1
}

find_package() {
	! apt_knows "$1" || return 0
	if [ ! -e "$CACHE/.updated" ] || [ -n "$(find "$CACHE/.updated" -mmin +60)" ]; then
		scripts/deps.sh update >/dev/null 2>&1 || true
		touch "$CACHE/.updated"
	fi
	! apt_knows "$1" || return 0
	[ "${APT_CONFIG:-}" = "$CACHE/apt/apt.conf" ] ||
		step "reading the list of $SECURITY_SUITE's packages" apt scripts/deps.sh apt "$CACHE/apt" deb "$SECURITY_SUITE"
	export APT_CONFIG=$CACHE/apt/apt.conf
	apt_knows "$1" || die "no package $1 is to be had: this needs Debian 12 (bookworm) or its $SECURITY_SUITE suite among apt's sources"
}

# The packages that $1 depends on and whose names match $2.
dependency() {
	apt-cache depends "$1" | sed -nE "s/^ *\|?Depends: ($2)\$/\1/p" | head -n 1
}

candidate() { apt-cache policy "$1" | sed -n 's/^ *Candidate: //p'; }

# Bring packages into the cache of .deb files and unpack them below $1.
unpack() { # directory package...
	local dir=$1 package update=$PWD/scripts/deps.sh
	download() { apt-get -q -o APT::Sandbox::User=root download "$1"; }
	shift
	mkdir -p "$CACHE/debs" "$dir"
	cd "$CACHE/debs"
	for package in "$@"; do
		# Lists that are behind the archive name what is there no more: once more, with new ones.
		[ -n "$(find . -name "${package}_*.deb" -size +0)" ] || download "$package" ||
			{ "$update" update; download "$package"; }
		dpkg -x "$(find . -name "${package}_*.deb" | sort -V | tail -n 1)" "$dir"
	done
}

# --- Debian's kernels ---------------------------------------------------------------

# The package that stands for the newest image of a version: bookworm's own is 6.1.
meta_package() { # version
	case $1 in
	6.1) echo linux-image-amd64 ;;
	*) echo "linux-image-$1-amd64" ;;
	esac
}

find_image() { # version: sets image, release and dir
	local meta
	meta=$(meta_package "$1")
	find_package "$meta"
	image=$(dependency "$meta" 'linux-image-[0-9].*')
	[ -n "$image" ] || die "$meta depends on no image"
	case $image in
	linux-image-"$1".*) ;;
	*) die "$meta is $image here, not Linux $1: this needs Debian 12 (bookworm)" ;;
	esac
	release=${image#linux-image-}
	dir=$CACHE/debian-$1/${image}_$(candidate "$image")
}

# Headers name their places below /usr/src; here they lie elsewhere.
move_headers() { # directory release
	local file
	while IFS= read -r file; do
		sed -i "s#^include /usr/src/#include $1/usr/src/#" "$file"
	done < <(find "$1/usr/src" -mindepth 2 -maxdepth 2 -name Makefile)
	# Where this is, modules get type information from it, by a tool that is not needed else.
	rm -f "$1/usr/src/linux-headers-$2/vmlinux"
	[ -e "$1/usr/src/linux-headers-$2/scripts/basic/fixdep" ] || {
		echo "linux-headers-$2 has no fixdep after unpacking" >&2
		return 1
	}
}

get_headers() { # version
	local image release dir headers common kbuild
	[ -z "$(newest "debian-$1/*.headers")" ] || return 0
	find_image "$1"
	headers=linux-headers-$release
	common=$(dependency "$headers" 'linux-headers-.*-common')
	kbuild=$(dependency "$headers" 'linux-kbuild-.*')
	step "getting the headers of Debian's Linux $release" "headers-$1" \
		unpack "$dir.headers" "$headers" "$common" "$kbuild"
	move_headers "$dir.headers" "$release" || die "the headers of $release cannot be used from $dir.headers"
	printf '%s\n' "$release" >"$dir.headers/.complete"
}

# The uncompressed kernel inside a bzImage: QEMU boots it in less than half the time.
# (Documentation/x86/boot.rst: setup_sects at 0x1f1, payload_offset and _length at 0x248.)
extract_vmlinux() { # bzImage output
	local setup offset length magic decompress
	field() { od -An -t "u$3" -j "$2" -N "$3" "$1" | tr -d ' '; }
	setup=$(field "$1" $((0x1f1)) 1)
	offset=$(( (setup + 1) * 512 + $(field "$1" $((0x248)) 4) ))
	length=$(field "$1" $((0x24c)) 4)
	magic=$(od -An -t x1 -j "$offset" -N 4 "$1" | tr -d ' ')
	case $magic in
	fd377a58) decompress=xz ;;
	28b52ffd) decompress=zstd ;;
	1f8b*) decompress=gzip ;;
	*) return 1 ;;
	esac
	command -v "$decompress" >/dev/null || return 1
	# The compressed data is followed by its size: four bytes that are no part of it.
	dd if="$1" iflag=skip_bytes,count_bytes bs=64K skip="$offset" count="$((length - 4))" status=none |
		"$decompress" -dc >"$2" 2>/dev/null &&
		[ "$(head -c 4 "$2" | tail -c 3)" = ELF ]
}

get_image() { # version
	local image release dir
	get_headers "$1"
	[ -z "$(newest "debian-$1/*.image")" ] || return 0
	find_image "$1"
	step "getting Debian's Linux $release" "image-$1" unpack "$dir.image" "$image"
	depmod -b "$dir.image" "$release" || die "depmod failed on $dir.image"
	extract_vmlinux "$dir.image/boot/vmlinuz-$release" "$dir.image/vmlinux" || rm -f "$dir.image/vmlinux"
	printf '%s\n' "$release" >"$dir.image/.complete"
}

# --- kernels of our own ---------------------------------------------------------------

configs() { # piece
	case $1 in
	um) echo tests/vm/kernel/um.config ;;
	kasan | kcsan) echo tests/vm/kernel/debug.config "tests/vm/kernel/$1.config" ;;
	esac
}

make_args() { # piece
	[ "$1" != um ] || echo ARCH=um SUBARCH=x86_64
}

config_lines() { # piece
	# shellcheck disable=SC2046 # a list of files
	grep -hE '^CONFIG_' $(configs "$1")
}

# What a build depends on beside the source: its configuration and the compiler, since
# modules are built by the same.
recipe() { # piece
	{ config_lines "$1"; gcc --version | head -n 1; } | sha256sum | cut -c1-12
}

# User-Mode Linux 6.1 keeps 2696 bytes of a process's vector registers. The host takes
# back a whole set or nothing, and where the processor has AMX a set is four times that:
# there not even init would run. (That is also why um.config has large kernel stacks.)
widen_uml_registers() { # source
	local file=$1/arch/x86/um/user-offsets.c
	sed -i 's/DEFINE_LONGS(HOST_FP_SIZE, 2696);/DEFINE_LONGS(HOST_FP_SIZE, 16384);/' "$file"
	grep -q 'HOST_FP_SIZE, 16384' "$file"
}

get_source() {
	local dir
	[ -z "$(newest "$SOURCE_PACKAGE"_*/source)" ] || return 0
	find_package "$SOURCE_PACKAGE"
	dir=$CACHE/${SOURCE_PACKAGE}_$(candidate "$SOURCE_PACKAGE")
	unpack_source() {
		unpack "$dir/package" "$SOURCE_PACKAGE"
		mkdir -p "$dir/source"
		tar -C "$dir/source" --strip-components=1 -xf "$dir/package/usr/src/$SOURCE_PACKAGE.tar.xz"
		rm -rf "$dir/package"
		widen_uml_registers "$dir/source"
	}
	step "getting the source of Linux 6.1 (140 MB to fetch, 1.5 GB unpacked)" source unpack_source
	touch "$dir/source/.complete"
}

# The lines of a configuration that the kernel's own rules dropped.
lost_lines() { # piece .config
	local line name
	while IFS= read -r line; do
		name=${line%%=*}
		case ${line#*=} in
		n) ! grep -qE "^$name=" "$2" || echo "$line" ;;
		*) grep -qxF "$line" "$2" || echo "$line" ;;
		esac
	done < <(config_lines "$1" | awk -F= '{ last[$1] = $0 } END { for (name in last) print last[name] }' | sort)
}

configure() { # piece source output
	mkdir -p "$3"
	config_lines "$1" >"$3/wanted.config"
	# shellcheck disable=SC2046 # a list of words
	make -C "$2" O="$3" $(make_args "$1") KCONFIG_ALLCONFIG="$3/wanted.config" allnoconfig
	local lost
	lost=$(lost_lines "$1" "$3/.config")
	[ -z "$lost" ] || { printf 'lines that do not survive in %s:\n%s\n' "$3/.config" "$lost"; return 1; }
}

get_built() { # piece
	local source out targets name minutes
	get_source
	source=$(newest "$SOURCE_PACKAGE"_*/source)
	[ -z "$(newest "$SOURCE_PACKAGE"_*/"$1-$(recipe "$1")")" ] || return 0
	out=${source%/source}/$1-$(recipe "$1")
	case $1 in
	um) name="the User-Mode Linux kernel" minutes=7 targets="linux modules" ;;
	*) name="the ${1^^} kernel" minutes=10 targets="bzImage modules" ;;
	esac
	step "configuring $name" "$1" configure "$1" "$source" "$out"
	# shellcheck disable=SC2046,SC2086 # lists of words
	step "building $name (about $minutes minutes on 2 cores, once)" "$1" \
		make -C "$source" O="$out" $(make_args "$1") -j"$(nproc)" $targets
	touch "$out/.complete"
}

# --- commands -----------------------------------------------------------------------------

built_dir() {
	local dir
	dir=$(newest "$SOURCE_PACKAGE"_*/"$1-$(recipe "$1")")
	[ -n "$dir" ] || die "$1 is not built yet: tests/vm/kernel.sh get $1"
	echo "$dir"
}

get() { # piece
	mkdir -p "$CACHE"
	case $1 in
	um | kasan | kcsan) locked source get_source; locked "$1" get_built "$1" ;;
	debian-*) locked "$1" get_image "${1#debian-}" ;;
	headers-*) locked "debian-${1#headers-}" get_headers "${1#headers-}" ;;
	source) locked source get_source ;;
	*) die "unknown kernel '$1'" ;;
	esac
}

show() { # piece
	local dir image=''
	case $1 in
	um | kasan | kcsan)
		dir=$(built_dir "$1")
		image=$dir/linux
		[ "$1" = um ] || image=$dir/arch/x86/boot/bzImage
		printf 'IMAGE=%q\nKBUILD=%q\nMAKE_ARGS=%q\nRELEASE=%q\nMODULE_ROOT=\n' "$image" "$dir" \
			"$(make_args "$1")" "$(cat "$dir/include/config/kernel.release")" ;;
	debian-* | headers-*)
		dir=$(newest "debian-${1#*-}/*.headers")
		[ -n "$dir" ] || die "$1 is not there yet: tests/vm/kernel.sh get $1"
		printf 'KBUILD=%q\nMAKE_ARGS=\n' "$dir/usr/src/linux-headers-$(cat "$dir/.complete")"
		[ "${1%%-*}" = debian ] || return 0
		dir=$(newest "debian-${1#*-}/*.image")
		[ -n "$dir" ] || die "$1 is not there yet: tests/vm/kernel.sh get $1"
		image=$dir/vmlinux
		[ -e "$image" ] || image=$dir/boot/vmlinuz-$(cat "$dir/.complete")
		printf 'IMAGE=%q\nRELEASE=%q\nMODULE_ROOT=%q\n' "$image" "$(cat "$dir/.complete")" "$dir" ;;
	*) die "unknown kernel '$1'" ;;
	esac
}

case ${1:-} in
get)
	shift
	for piece in "$@"; do
		get "$piece"
	done ;;
show) show "${2:?PIECE}" ;;
source)
	dir=$(newest "$SOURCE_PACKAGE"_*/source)
	[ -n "$dir" ] || die "the source is not there yet: $0 get source"
	echo "$dir" ;;
config)
	lost=$(lost_lines "${2:?PIECE}" "$(built_dir "$2")/.config")
	[ -z "$lost" ] || { printf '%s\n' "$lost"; exit 1; } ;;
*) sed -n '3,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
