#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What `make bench` runs: packages of three sizes made for the purpose, and the
# reference data's where it is there. BENCH_RUNS downloads each on real sockets.
set -euo pipefail
: "${BUILD:?start this by 'make bench'}"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

packages=()
make_package() { # name size
	"$BUILD/bin/mkprofile" --iccid 8944476500001224158 --imsi 001010123456789 \
		${2:+--size "$2"} "$scratch/profiles/$1.der"
	packages+=("$1")
}
mkdir "$scratch/profiles"
make_package small ""
make_package 16KiB 16384
make_package 64KiB 65536
for file in "${REFDATA:-/nonexistent}"/upp/*.der; do
	[ -e "$file" ] || continue
	cp "$file" "$scratch/profiles/"
	packages+=("$(basename "$file" .der)")
done
"$BUILD/tests/bench/bench" --bin "$BUILD/bin" --pki "$BUILD/pki/nist" --profiles "$scratch/profiles" \
	--scratch "$scratch" --runs "${BENCH_RUNS:-11}" "${packages[@]}"
