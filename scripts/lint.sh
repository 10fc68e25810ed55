#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Looks at the sources without running them.
#
#   lint.sh list     the checks that are cheap enough for `make check`
#   lint.sh NAME     one check: status 0 clean, 77 skipped for want of the tool
#   lint.sh all      every check, clang-tidy included
#
# In the environment: BUILD, where the shared library is looked for; CC.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

readonly CHEAP="spdx text headers exports shell man cppcheck checkpatch kerneldoc sparse cocci"
: "${BUILD:=build}" "${MAKE:=make}"

tool() {
	command -v "$1" >/dev/null && return
	echo "$1 is not installed: skipped (make lint installs it)"
	exit 77
}

kernel_source() {
	SOURCE=$(tests/vm/kernel.sh source 2>/dev/null) && return
	echo "there is no kernel source: skipped (make lint fetches it)"
	exit 77
}

files() { git ls-files --cached --others --exclude-standard -- "$@"; }

# Which licence a file of ours may be under, by its place; COPYING says the same.
licence_of() { # file
	case $1 in
	kmod/include/uapi/*) echo 'GPL-2.0 WITH Linux-syscall-note' ;;
	kmod/include/euicc/ccid*.h | kmod/include/euicc/atr.h) echo 'GPL-2.0-only OR LGPL-2.1-or-later' ;;
	kmod/*) echo 'GPL-2.0-only' ;;
	usbccid/*) echo 'LGPL-2.1-or-later' ;;
	*) echo 'GPL-2.0-or-later' ;;
	esac
}

# Every file says its licence in its first two lines (a script's first is its interpreter).
lint_spdx() {
	local file licence status=0
	while read -r file; do
		[ -f "$file" ] || continue
		case $file in
		.gitignore | LICENSES/* | COPYING | README.md | docs/*.md | *.json | tests/fuzz/corpus/* | tests/data/*) continue ;;
		debian/changelog | debian/copyright | debian/source/format | debian/*.install | debian/*.docs) continue ;;
		debian/*.examples | debian/*.dkms | debian/*.symbols | debian/*.lintian-overrides) continue ;;
		esac
		licence=$(licence_of "$file")
		head -n 2 "$file" | grep -qE "SPDX-License-Identifier: $licence( \*/)?\$" && continue
		echo "$file: no \"SPDX-License-Identifier: $licence\" at the top"
		status=1
	done < <(files)
	return $status
}

# What must not be in the text: marks of unfinished work, places of one machine,
# trailing blanks.
lint_text() {
	local status=0
	if files '*.[ch]' '*.sh' '*.mk' '*.md' '*.[1-9]' Makefile | xargs grep -nE \
		'\b(TODO|FIXME|XXX)\b|[[:space:]]+$|(^|[^A-Za-z0-9_.$}])/(work|root)/|<<<<<<<|>>>>>>>' |
		grep -v '^scripts/lint.sh:'; then
		status=1
	fi
	return $status
}

# Each public header compiles alone, in C++ too, and knows nothing of the libraries
# behind it.
lint_headers() {
	local header status=0 work
	work=$(mktemp -d)
	for header in libesim/include/esim/*.h usbccid/include/*.h; do
		printf '#include <%s>\nextern int one;\n' "${header#*/include/}" >"$work/one.c"
		"${CC:-cc}" -std=c17 -Wall -Wextra -Wpedantic -Werror -Ilibesim/include -Iusbccid/include \
			-fsyntax-only "$work/one.c" || status=1
		! command -v c++ >/dev/null || c++ -x c++ -Wall -Wextra -Werror -Ilibesim/include -Iusbccid/include \
			-fsyntax-only "$work/one.c" || status=1
		if grep -nE '#[ \t]*include[ \t]*[<"](wolfssl|curl|jansson|libtasn1|libusb|PCSC|winscard)' "$header" /dev/null; then
			echo "$header: a public header includes another library's"
			status=1
		fi
	done
	rm -rf "$work"
	return $status
}

lint_exports() {
	local name library status=0
	for name in libesim libusbccid; do
		library=$(find "$BUILD/lib" -maxdepth 1 -name "$name.so.*.*" 2>/dev/null | head -n 1)
		scripts/check-exports.sh "$name" ${library:+"$library"} || status=1
	done
	# pcscd's interface, and every function of it that a driver has to have.
	library=$BUILD/lib/libifdeuicc.so
	[ ! -e "$library" ] || diff <(nm -D --defined-only "$library" | awk '{ print $3 }' | sort) - <<-NAMES || status=1
		IFDHCloseChannel
		IFDHControl
		IFDHCreateChannel
		IFDHCreateChannelByName
		IFDHGetCapabilities
		IFDHICCPresence
		IFDHPowerICC
		IFDHSetCapabilities
		IFDHSetProtocolParameters
		IFDHTransmitToICC
	NAMES
	return $status
}

lint_shell() {
	tool shellcheck
	local status=0
	files 'scripts/*.sh' .ci/run tests/fresh.sh tests/bench/*.sh | xargs shellcheck -s bash -e SC1091,SC2317 || status=1
	files 'tests/vm/*.sh' | grep -vE '_vmtest\.sh$|/(guest|ways|profiles|pcsc)\.sh$' |
		xargs shellcheck -s bash -e SC1091,SC2317,SC2153 || status=1
	# What runs in a guest is busybox's: sh with local.
	{ echo tests/vm/init; files 'tests/vm/*_vmtest.sh' tests/vm/guest.sh tests/vm/ways.sh tests/vm/profiles.sh tests/vm/pcsc.sh; } |
		xargs shellcheck -s sh -S warning -e SC1091,SC2034,SC2064,SC2154,SC3043 || status=1
	# A program of atf-sh: its functions are called by name from outside.
	files 'tests/integration/*.sh' | xargs -r shellcheck -s sh -S warning -e SC1091,SC2034,SC2046,SC2154,SC2155,SC3043 || status=1
	return $status
}

# --- the kernel modules, by the kernel's own tools -------------------------------------

# Left out: what a header for programs cannot use (BIT), the USB specification's names,
# and what a module outside the kernel's tree needs (version checks, in one header).
lint_checkpatch() {
	tool perl
	kernel_source
	local work checked status=0
	local ignore=BIT_MACRO,CAMELCASE,LINUX_VERSION_CODE,CONSTANT_COMPARISON,LONG_LINE_COMMENT
	work=$(mktemp -d)
	# It leaves a file where it is started. The macros of a trace event are laid out in a
	# way of their own.
	run_checkpatch() { # ignore file...
		local ignore=$1
		shift
		(cd "$work" && perl "$SOURCE/scripts/checkpatch.pl" --no-tree --strict --terse --show-types \
			--no-summary --ignore "$ignore" -f "$@" 2>/dev/null)
	}
	mapfile -t checked < <(files 'kmod/*.[ch]' | grep -v /trace.h | sed "s#^#$PWD/#")
	run_checkpatch "$ignore" "${checked[@]}" || status=1
	run_checkpatch "$ignore,OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT" "$PWD/kmod/trace.h" || status=1
	rm -rf "$work"
	return $status
}

lint_kerneldoc() {
	tool perl
	kernel_source
	local complaints
	complaints=$(files 'kmod/*.[ch]' | xargs perl "$SOURCE/scripts/kernel-doc" -none 2>&1)
	[ -z "$complaints" ] || { echo "$complaints"; return 1; }
}

lint_sparse() {
	tool sparse
	[ -n "$(tests/vm/kernel.sh show headers-6.1 2>/dev/null)" ] || { echo "no kernel headers: skipped"; exit 77; }
	BUILD=$BUILD/sparse tests/vm/modules.sh headers-6.1 C=2 CF=-Wsparse-error >/dev/null
}

# One rule of the kernel's; it says in its head how it is to be run.
cocci_one() { # rule
	local options
	options=$(sed -nE 's#^// Options: *##p' "$1" | head -n 1)
	# shellcheck disable=SC2086 # words
	timeout 300 spatch -D report --no-show-diff --very-quiet --cocci-file "$1" $options --dir kmod \
		-I kmod -I kmod/include -I kmod/include/uapi 2>/dev/null | grep -E ':[0-9]+:[0-9]+(-[0-9]+)?: '
}

# Rules that report, save those in OCaml, which needs a compiler of its own.
lint_cocci() {
	tool spatch
	kernel_source
	local found
	export -f cocci_one
	found=$(find "$SOURCE/scripts/coccinelle" -name '*.cocci' -exec grep -lZE '^virtual.*report' '{}' + |
		xargs -0 grep -LZ 'script:ocaml' | xargs -0 -P "$(nproc)" -I{} bash -c 'cocci_one {}')
	[ -z "$found" ] || { echo "$found"; return 1; }
}

lint_man() {
	tool mandoc
	local pages
	mapfile -t pages < <(files 'docs/man/*')
	[ ${#pages[@]} -gt 0 ] || return 0
	mandoc -Tlint -Wwarning "${pages[@]}"
}

lint_cppcheck() {
	tool cppcheck
	local prefix
	prefix=$(scripts/deps.sh prefix)
	files '*.c' | grep -vE '^(tests/unit|kmod)/' | tr '\n' '\0' | xargs -0 cppcheck -q -j"$(nproc)" --std=c11 \
		--enable=warning,portability --inline-suppr --error-exitcode=1 \
		--suppress=missingInclude --suppress="*:$prefix/*" --suppress=unusedFunction \
		--suppress=arrayIndexThenCheck --suppress=uninitStructMember --suppress=normalCheckLevelMaxBranches -D_GNU_SOURCE -D__linux__ -U__cplusplus \
		-Ilibesim/include -Ilibesim/src -Iusbccid/include -Itests -Ikmod/include/uapi
}

tidy_one() {
	# shellcheck disable=SC2086 # words
	clang-tidy --quiet --warnings-as-errors='*' --checks="$TIDY_CHECKS" "$1" -- -std=gnu17 -w \
		-D_GNU_SOURCE '-DCOREESIM_VERSION=""' -isystem "$PREFIX/include" \
		'-DESIM_MODULEDIR=""' -Imodem/include \
		-Ilibesim/include -Ilibesim/src -Iusbccid/include -Itests -I. -Ikmod/include/uapi -Ikmod/include \
		-isystem /usr/include/PCSC $UMOCKDEV 2>/dev/null
}

lint_tidy() {
	tool clang-tidy
	# The analyser's data flow is left out: it looks at one file at a time, believes that
	# esim_error_set() may return 0, and so sees outputs unset that never are.
	TIDY_CHECKS=$(tr -d ' \n\t' <<-CHECKS
		-*,bugprone-*,clang-analyzer-unix.*,clang-analyzer-deadcode.*,
		-bugprone-easily-swappable-parameters,-bugprone-reserved-identifier,
		-bugprone-narrowing-conversions,-bugprone-branch-clone,
		-bugprone-implicit-widening-of-multiplication-result,
		-bugprone-assignment-in-if-condition,-bugprone-suspicious-include,
		-bugprone-suspicious-string-compare,-bugprone-sizeof-expression,
		-bugprone-not-null-terminated-result
	CHECKS
	)
	PREFIX=$(scripts/deps.sh prefix)
	UMOCKDEV=$(pkg-config --cflags umockdev-1.0 2>/dev/null)
	export TIDY_CHECKS PREFIX UMOCKDEV
	export -f tidy_one
	files 'libesim/src/*.c' 'lpad/*.c' 'tests/veuicc/*.c' 'tests/smdpp/*.c' 'tests/rsp/*.c' \
		'tests/vreader/*.c' 'tests/umockdev/*.c' 'tests/selftest/*.c' 'tests/vm/*.c' 'examples/*.c' \
		'usbccid/*.c' 'ifd/*.c' |
		grep -v '^tests/vm/i386/' |
		xargs -r -P "$(nproc)" -I{} bash -c 'tidy_one {}'
}

lint_all() {
	local name status=0 code
	for name in $CHEAP tidy; do
		code=0
		("lint_$name") || code=$?
		case $code in
		0) echo "lint: $name: clean" ;;
		77) echo "lint: $name: skipped" ;;
		*) echo "lint: $name: FAILED"; status=1 ;;
		esac
	done
	return $status
}

case ${1:-} in
list) echo "$CHEAP" ;;
all | spdx | text | headers | exports | shell | man | cppcheck | checkpatch | kerneldoc | sparse | cocci | tidy) "lint_$1" ;;
*) echo "usage: $0 list | all | NAME" >&2; exit 2 ;;
esac
