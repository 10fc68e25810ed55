#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Packs the root of a guest: busybox, the programs of $BUILD with their libraries, the
# modules, the suites, PKI and profile packages.
#
#   initramfs.sh KERNEL-PIECE MODULES-DIRECTORY SUITES-LIST OUTPUT [ROOT...]
#
# A ROOT is laid over it by tests/vm/root_ROOT.sh. VM_EXTRA in the environment is a directory that is put over the root.
#
# /modules/order lists what init loads: the kernel's own modules that the suites need,
# then ours.
set -euo pipefail
cd "$(dirname "$0")/../.."
# Where modprobe and depmod are.
PATH=$PATH:/usr/sbin:/sbin
piece=$1 modules=$2 suites=$3 output=$4
shift 4
roots=("$@")
: "${BUILD:=build}"

# Of Debian's kernel: host controllers, emulated ports and gadgets.
KERNEL_MODULES="xhci-pci usbmon vhci-hcd dummy_hcd"
# Where modems are (root=modem): their ports.
[[ " ${roots[*]} " != *" modem "* ]] || KERNEL_MODULES+=" cdc_mbim qmi_wwan cdc-acm qrtr"
readonly OUR_MODULES="euicc euicc_proxy euicc_ccid"

assignments=$(tests/vm/kernel.sh show "$piece")
eval "$assignments"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
root=$work/root

add_program() { # file...
	local file library
	for file in "$@"; do
		strip -o "$root/bin/${file##*/}" "$file"
		# A static program has none.
		while IFS= read -r library; do
			[ -e "$root$library" ] || install -D -m 755 "$library" "$root$library"
		done < <({ ldd "$file" 2>/dev/null || true; } | sed -nE 's/^(.*=> )?[ \t]*(\/[^ ]+) \(0x.*/\2/p')
	done
}

add_kernel_modules() {
	local name kind file
	[ -n "$MODULE_ROOT" ] || return 0
	for name in $KERNEL_MODULES; do
		while read -r kind file _; do
			[ "$kind" = insmod ] || continue
			name=$(basename "$file" | sed -E 's/\.(xz|zst|gz)$//')
			[ ! -e "$root/modules/$name" ] || continue
			case $file in
			*.xz) xz -dc "$file" ;;
			*.zst) zstd -dqc "$file" ;;
			*.gz) gzip -dc "$file" ;;
			*) cat "$file" ;;
			esac >"$root/modules/$name"
			echo "$name" >>"$root/modules/order"
		done < <(modprobe -d "$MODULE_ROOT" -S "$RELEASE" --ignore-install --show-depends "$name" 2>/dev/null)
	done
}

add_our_modules() {
	local name
	find "$modules" -maxdepth 1 -name '*.ko' -exec cp '{}' "$root/modules/" \;
	for name in $OUR_MODULES; do
		[ ! -e "$root/modules/$name.ko" ] || echo "$name.ko" >>"$root/modules/order"
	done
}

add_data() {
	cp -r "$BUILD/pki" "$root/pki"
	mkdir -p "$root/profiles"
	"$BUILD/bin/mkprofile" --iccid 8944476500001224158 --imsi 001010123456789 "$root/profiles/small.der"
	"$BUILD/bin/mkprofile" --iccid 8944476500001224166 --imsi 001010123456790 --size 65536 "$root/profiles/64k.der"
}

mkdir -p "$root"/{bin,dev,modules,vm,lib,lib64}
: >"$root/modules/order"
cp "$(command -v busybox)" "$root/bin/busybox"
cp tests/vm/init "$root/init"
cp tests/vm/guest.sh tests/vm/ways.sh tests/vm/pcsc.sh tests/vm/profiles.sh "$root/vm/"
cp "$suites" "$root/vm/suites"
for script in tests/vm/*_vmtest.sh; do
	{ echo '#!/bin/sh'; cat "$script"; } >"$root/vm/$(basename "$script" .sh)"
done
chmod +x "$root/init" "$root"/vm/*
for program in "$BUILD"/bin/* "$BUILD"/vm/bin/*; do
	case $program in *_fuzz) continue ;; esac
	[ ! -f "$program" ] || [ ! -x "$program" ] || add_program "$program"
done
add_kernel_modules
add_our_modules
add_data
for name in "${roots[@]}"; do
	BUILD=$BUILD "tests/vm/root_$name.sh" "$root"
done
[ -z "${VM_EXTRA:-}" ] || cp -r "$VM_EXTRA/." "$root/"
(cd "$root" && find . -print0 | cpio --null -o -H newc --quiet) >"$work/out"
mv "$work/out" "$output"
