#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Packs the initramfs that mounts the disk of the whole system: busybox and the kernel's modules for
# virtio and ext4.
#
#   initramfs.sh OUTPUT      in the environment: MODULE_ROOT and RELEASE of kernel.sh
set -euo pipefail
cd "$(dirname "$0")/../../.."
PATH=$PATH:/usr/sbin:/sbin
output=$1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
root=$work/root
mkdir -p "$root/bin" "$root/modules"
cp "$(command -v busybox)" "$root/bin/busybox"
install -m 755 tests/vm/system/init "$root/init"
: >"$root/modules/order"
for name in virtio_pci virtio_blk crc32c_generic ext4; do
	while read -r kind file _; do
		[ "$kind" = insmod ] || continue
		[ ! -e "$root/modules/${file##*/}" ] || continue
		cp "$file" "$root/modules/"
		echo "${file##*/}" >>"$root/modules/order"
	done < <(modprobe -d "$MODULE_ROOT" -S "$RELEASE" --ignore-install --show-depends "$name")
done
(cd "$root" && find . -print0 | cpio --null -o -H newc --quiet) >"$output"
