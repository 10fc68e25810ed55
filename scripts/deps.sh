#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Set-up: Debian packages, and wolfSSL and libcurl built static from Debian's
# source packages. Everything that is built lies under
# ${XDG_CACHE_HOME:-~/.cache}/coreesim, keyed by version and recipe, so that a
# second call takes no time.
#
#   deps.sh packages SET...   install what SET names: build test kernel vm deb lint fuzz fresh
#   deps.sh prefix            print the prefix of wolfSSL and libcurl
#   deps.sh libs              build wolfSSL and libcurl, unless they are cached
#   deps.sh source            print the URI and keyring of this system's Debian source
#   deps.sh update            read apt's lists anew
#   deps.sh apt DIR TYPE SUITE  make DIR/apt.conf, an apt configuration for that suite alone
#
# WOLFSSL=system in the environment takes the distribution's wolfSSL (package set
# "system") and builds libcurl alone, since Debian's libcurl uses other TLS stacks.
set -euo pipefail

readonly WOLFSSL_VERSION=5.7.2
readonly CURL_VERSION=8.14.1
# The Debian suite whose sources are built. The system does not list it, so a
# private apt configuration is derived from the system's own source entry.
readonly SOURCE_SUITE=trixie

CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/coreesim
readonly CACHE

declare -rA PACKAGES=(
	[build]="gcc libc6-dev pkg-config autoconf automake libtool dpkg-dev ca-certificates
		 libtasn1-6-dev libtasn1-bin libjansson-dev zlib1g-dev
		 libusb-1.0-0-dev libpcsclite-dev libinih-dev
		 libmbim-glib-dev libqmi-glib-dev libqrtr-glib-dev
		 libsystemd-dev libqrencode-dev libzbar-dev libpng-dev"
	[system]="libwolfssl-dev"
	[test]="kyua libatf-dev atf-sh python3-minimal jq openssl iproute2 socat umockdev libumockdev-dev pcscd vsmartcard-vpcd
		dbus-daemon polkitd systemd qrencode libmbim-proxy libqmi-proxy libmbim-utils libqmi-utils"
	[kernel]="make gcc libc6-dev flex bison bc libelf-dev libssl-dev xz-utils zstd perl python3-minimal
		  kmod rsync dpkg-dev"
	[vm]="qemu-system-x86 busybox-static cpio libc6-dev-i386 lib32gcc-12-dev socat
	      udev pcscd libccid libpcsclite1 opensc python3-pyscard mmdebstrap debian-archive-keyring e2fsprogs"
	[deb]="build-essential debhelper dh-dkms lintian rsync"
	[lint]="cppcheck clang clang-tidy mandoc shellcheck sparse coccinelle perl"
	[fuzz]="clang libclang-rt-14-dev"
	[bench]="valgrind strace bc"
	[coverage]="lcov"
	[fresh]="debootstrap debian-archive-keyring"
)

say() { printf 'deps: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		return 127
	fi
}

missing_packages() {
	local p
	for p in "$@"; do
		dpkg-query -W -f '${db:Status-Status}\n' "$p" 2>/dev/null | grep -qx installed ||
			printf '%s\n' "$p"
	done
}

# The lists are root's; what can be read of them is enough for who is not.
update_lists() {
	as_root apt-get -q update
}

install_packages() {
	local set wanted=() missing
	for set in "$@"; do
		[ -n "${PACKAGES[$set]:-}" ] || die "unknown package set '$set'"
		# shellcheck disable=SC2206 # a list of words on purpose
		wanted+=(${PACKAGES[$set]})
	done
	command -v dpkg-query >/dev/null ||
		die "this is no Debian system; install the equivalents of: ${wanted[*]}"
	mapfile -t missing < <(missing_packages "${wanted[@]}")
	[ ${#missing[@]} -gt 0 ] || return 0
	say "installing ${missing[*]}"
	if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
		die "root is needed for that. As root: apt-get install ${missing[*]}"
	fi
	local log
	log=$(mktemp)
	if ! { update_lists &&
	       as_root env DEBIAN_FRONTEND=noninteractive \
			apt-get -qy install --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
		tail -n 20 "$log" >&2
		rm -f "$log"
		die "apt-get failed (its last lines are above). Mend the package sources and try again."
	fi
	rm -f "$log"
}

# --- sources of another suite -------------------------------------------------

# Print "URI KEYRING" of the entry that gives this system its own Debian suite,
# from a deb822 or a one-line source file.
system_source() {
	local codename
	codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-bookworm}")
	{
		{ cat /etc/apt/sources.list.d/*.sources 2>/dev/null || true; } | awk -v suite="$codename" '
			function flush() { if (hit && uri != "") print uri, key; uri = key = ""; hit = 0 }
			/^#/ { next }
			/^[ \t]*$/ { flush(); next }
			tolower($1) == "uris:" { uri = $2 }
			tolower($1) == "suites:" { for (i = 2; i <= NF; i++) if ($i == suite) hit = 1 }
			tolower($1) == "signed-by:" { key = $2 }
			END { flush() }'
		{ cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null || true; } | awk -v suite="$codename" '
			$1 == "deb" {
				key = ""; i = 2
				if ($2 ~ /^\[/) {
					for (; i <= NF; i++) {
						if (match($i, /signed-by=[^] ]*/))
							key = substr($i, RSTART + 10, RLENGTH - 10)
						if ($i ~ /\]$/) { i++; break }
					}
				}
				if ($(i + 1) == suite) print $i, key
			}'
	} | head -n 1
}

# Make $1 an apt configuration of its own for entries of type $2 (deb or deb-src) in
# suite $3. A security suite lies beside the archive, on the same server.
private_apt() {
	local dir=$1 type=$2 suite=$3 uri keyring
	read -r uri keyring < <(system_source) || true
	[ -n "${uri:-}" ] || die "no source entry for this Debian release in /etc/apt: cannot tell where to get $suite's packages"
	case $suite in
	*-security) uri=$(sed -E 's#/debian(/|$)#/debian-security\1#' <<<"$uri") ;;
	esac
	keyring=${keyring:-/usr/share/keyrings/debian-archive-keyring.gpg}
	mkdir -p "$dir"/{state/lists/partial,cache/archives/partial,empty}
	printf '%s [signed-by=%s] %s %s main\n' "$type" "$keyring" "$uri" "$suite" >"$dir/sources.list"
	: >"$dir/status"
	cat >"$dir/apt.conf" <<-CONF
		Dir::Etc::SourceList "$dir/sources.list";
		Dir::Etc::SourceParts "$dir/empty";
		Dir::State "$dir/state";
		Dir::State::Status "$dir/status";
		Dir::Cache "$dir/cache";
		APT::Sandbox::User "$(id -un)";
		Acquire::Languages "none";
	CONF
	APT_CONFIG=$dir/apt.conf apt-get -q update
}

# Unpack source package $2 (version $3 of upstream) of SOURCE_SUITE below $1: the newest of
# Debian's revisions that can be had. In the middle of an update a mirror lists what it does
# not hold yet, beside the one before. Says on descriptor 3 if it is not the newest.
fetch_source() {
	local dir=$1 package=$2 version=$3 revision absent=
	cd "$dir"
	export APT_CONFIG=$dir/apt/apt.conf
	for revision in $(apt-cache showsrc --only-source "$package" | sed -n 's/^Version: //p' | sort -urV); do
		case $revision in "$version"-*) ;; *) continue ;; esac
		if apt-get -q source "$package=$revision"; then
			[ -z "$absent" ] || say "the mirror lists $package $absent and does not have it: took $revision" 2>&3
			return 0
		fi
		absent=${absent:-$revision}
	done
	[ -z "$absent" ] || die "the mirror lists $package $absent and does not have it: try again later"
	die "$SOURCE_SUITE holds no $package $version: review the recipe in $0"
}

# --- the two builds -------------------------------------------------------------

# Without --enable-pkcs11: it makes wolfSSL keep a second copy of every key it
# generates, which it neither wipes nor frees. It waits for the first client key.
readonly WOLFSSL_CONFIGURE="
	--enable-static --disable-shared --with-pic --disable-examples --disable-crypttests
	--enable-tls13 --disable-oldtls --enable-sni --enable-alpn --enable-session-ticket
	--enable-sp=yes --enable-sp-asm --enable-sp-math-all --enable-intelasm --enable-aesni
	--enable-brainpool --enable-ecccustcurves=all --enable-keygen
	--enable-cmac --enable-x963kdf --enable-hkdf --enable-cryptocb
	--enable-certgen --enable-certreq --enable-certext
	--enable-ocsp --enable-ocspstapling --enable-ocspstapling2 --enable-crl
	--enable-curl --enable-opensslextra
	--disable-md4 --disable-des3 --disable-arc4 --disable-dsa --disable-rc2"
# HAVE_EX_DATA: without it libcurl cannot find its connection in wolfSSL's callback
# and never takes up an earlier TLS session.
readonly WOLFSSL_CFLAGS="-O2 -g -DWOLFSSL_ECDSA_DETERMINISTIC_K_VARIANT -DHAVE_EX_DATA"

readonly CURL_CONFIGURE="
	--enable-static --disable-shared --with-pic --with-wolfssl --without-ssl-trust
	--without-ca-bundle --without-ca-path --without-libpsl --without-zlib --without-brotli
	--without-zstd --without-libidn2 --without-nghttp2 --without-librtmp --without-libssh2
	--disable-ldap --disable-ftp --disable-file --disable-dict --disable-telnet --disable-tftp
	--disable-pop3 --disable-imap --disable-smb --disable-smtp --disable-gopher --disable-mqtt
	--disable-rtsp --disable-ipfs --disable-websockets --disable-manual --disable-docs
	--disable-cookies --disable-netrc --disable-proxy --disable-doh --disable-alt-svc
	--disable-hsts --disable-ntlm --disable-aws --disable-basic-auth --disable-bearer-auth
	--disable-digest-auth --disable-kerberos-auth --disable-negotiate-auth --disable-form-api
	--disable-unix-sockets --enable-threaded-resolver"

readonly WOLFSSL=${WOLFSSL:-bundled}

recipe_hash() {
	printf '%s\n' "$WOLFSSL_CONFIGURE" "$WOLFSSL_CFLAGS" "$CURL_CONFIGURE" \
		"$(dpkg --print-architecture 2>/dev/null || uname -m)" | sha256sum | cut -c1-12
}

prefix() {
	local wolfssl=$WOLFSSL_VERSION
	[ "$WOLFSSL" != system ] || wolfssl=system
	printf '%s/wolfssl-%s-curl-%s-%s\n' "$CACHE" "$wolfssl" "$CURL_VERSION" "$(recipe_hash)"
}

build() {
	local dir=$1 out=$2
	shift 2
	cd "$dir"
	autoreconf -fi
	# shellcheck disable=SC2068 # options are words
	./configure --prefix="$out" --libdir="$out/lib" $@
	make -j"$(nproc)"
	make install
}

# The sources that went into it, as Debian's field Built-Using has them.
source_versions() { # directory
	local file
	for file in "$1"/*/debian/changelog; do
		printf '%s (= %s)\n' "$(dpkg-parsechangelog -l "$file" -S Source)" "$(dpkg-parsechangelog -l "$file" -S Version)"
	done | paste -sd,
}

build_libs() {
	local out work log wolfssl_option
	out=$(prefix)
	[ ! -e "$out/.complete" ] || return 0
	mkdir -p "$CACHE"
	# Two builds at once wait for each other; the loser finds it done.
	exec 9>"$CACHE/.lock"
	flock 9
	[ ! -e "$out/.complete" ] || return 0

	work=$(mktemp -d "$CACHE/build.XXXXXX")
	# shellcheck disable=SC2064 # expand now: the variable is local
	trap "rm -rf '$work'" EXIT
	log=$CACHE/deps.log
	: >"$log"
	rm -rf "$out"

	step() {
		local status
		say "$1"
		shift
		# Not as a condition: there -e has no meaning, inside neither.
		set +e
		( set -e; "$@" ) 3>&2 >>"$log" 2>&1
		status=$?
		set -e
		if [ "$status" -ne 0 ]; then
			tail -n 25 "$log" >&2
			die "failed; the whole log is $log"
		fi
	}
	step "reading the list of $SOURCE_SUITE's sources" private_apt "$work/apt" deb-src "$SOURCE_SUITE"
	if [ "$WOLFSSL" = system ]; then
		mkdir -p "$out/include" "$out/lib"
		wolfssl_option=--with-wolfssl
	else
		wolfssl_option=--with-wolfssl=$out
		step "getting the source of wolfSSL $WOLFSSL_VERSION" \
			fetch_source "$work" wolfssl "$WOLFSSL_VERSION"
		export CFLAGS=$WOLFSSL_CFLAGS
		step "building wolfSSL (about 1.5 minutes on 2 cores, once)" \
			build "$work/wolfssl-$WOLFSSL_VERSION" "$out" "$WOLFSSL_CONFIGURE"
	fi
	step "getting the source of libcurl $CURL_VERSION" fetch_source "$work" curl "$CURL_VERSION"
	export CFLAGS="-O2 -g" PKG_CONFIG_PATH=$out/lib/pkgconfig CPPFLAGS=-I$out/include LDFLAGS=-L$out/lib LIBS=-lm
	step "building libcurl (about 1 minute on 2 cores, once)" \
		build "$work/curl-$CURL_VERSION" "$out" "$CURL_CONFIGURE" "$wolfssl_option"
	source_versions "$work" >"$out/.sources"
	touch "$out/.complete"
	say "cached in $out"
}

case ${1:-} in
packages) shift; install_packages "$@" ;;
prefix) prefix ;;
libs) build_libs ;;
source) system_source ;;
update) update_lists ;;
apt) private_apt "${2:?DIR}" "${3:?TYPE}" "${4:?SUITE}" ;;
*) die "usage: $0 packages SET... | prefix | libs | source | update | apt DIR TYPE SUITE" ;;
esac
