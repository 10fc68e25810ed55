# SPDX-License-Identifier: GPL-2.0-or-later
#
# make install and make uninstall, seen from a program that uses libesim.

# Compile program.c. The scratch tree stands for the root: -I and -L of the pc file
# point into it.
library=libesim
compile() { # output pkg-config-option...
	out=$1
	shift
	flags=$(PKG_CONFIG_PATH=$PWD/root/opt/lib/pkgconfig \
		pkg-config --define-variable=prefix="$PWD/root/opt" --define-variable=libdir="$PWD/root/opt/lib" \
		--define-variable=includedir="$PWD/root/opt/include" --cflags --libs "$@" $library) ||
		atf_fail "pkg-config does not find $library"
	# libesim.so needs libusbccid.so: ldconfig, which is not run here, would tell where it is.
	LD_LIBRARY_PATH=$PWD/root/opt/lib cc -Wall -Werror -o "$out" program.c $flags || atf_fail "does not compile: $flags"
}

build_program() { # output pkg-config-option...
	cat >program.c <<-PROGRAM
	#include <stdio.h>
	#include <string.h>
	#include <esim/bytes.h>
	#include <esim/error.h>
	#include <esim/hex.h>
	#include <esim/tlv.h>

	int main(void)
	{
		struct esim_error err;

		esim_error_sw(&err, "SELECT", 0x6a82);
		puts(err.message);
		return strcmp(esim_code_name(err.code), "ESIM_ESW") != 0;
	}
	PROGRAM
	compile "$@"
}

# What a program of usbccid needs is one header and one name.
build_usbccid_program() { # output pkg-config-option...
	cat >program.c <<-PROGRAM
	#include <stdio.h>
	#include <usbccid.h>

	int main(void)
	{
		puts(usbccid_code_name(0));
		return 0;
	}
	PROGRAM
	library=libusbccid
	compile "$@"
	library=libesim
}

# What is made for a place is made here: other tests install to others at the same time.
run_make() {
	make -s --no-print-directory -C "$COREESIM_SRC" BUILD="$COREESIM_BUILD" STAGE="$PWD/stage" \
		DESTDIR="$PWD/root" prefix=/opt "$@" >make.log 2>&1 || { cat make.log >&2; atf_fail "make $*"; }
}

atf_test_case install
install_head() {
	atf_set descr "An installed libesim is used shared and static by way of pkg-config, and uninstall leaves nothing"
	atf_set require.progs "make cc pkg-config"
}
install_body() {
	run_make install

	build_program shared
	atf_check -o match:"6A82" env LD_LIBRARY_PATH="$PWD/root/opt/lib" ./shared
	atf_check -o match:"libesim.so.0" ldd ./shared

	build_usbccid_program reader
	atf_check -o not-empty env LD_LIBRARY_PATH="$PWD/root/opt/lib" ./reader
	atf_check -o match:"libusbccid.so.0" ldd ./reader

	# With both kinds there, and with the archives alone.
	build_program static --static
	rm -f root/opt/lib/lib*.so*
	build_program static --static
	atf_check -o match:"6A82" ./static
	atf_check -o not-match:"libesim|libusbccid" ldd ./static
	build_usbccid_program reader --static
	atf_check -o not-empty ./reader
	atf_check -o not-match:"libusbccid" ldd ./reader
	# Nothing of an archive's inside can clash with a program's names.
	for map in usbccid/usbccid.map libesim/libesim.map; do
		name=$(basename "$map" .map)
		nm -g --defined-only "root/opt/lib/lib${name#lib}.a" | awk 'NF == 3 { print $3 }' | sort >names
		sed -n 's/^	\([a-z0-9_]*\);$/\1/p' "$COREESIM_SRC/$map" | sort >listed
		atf_check diff listed names
	done

	# The example of libesim(3) is a program that works.
	sed -n '/^\.Bd -literal$/,/^\.Ed$/{/^\.[BE]d/!p}' root/opt/share/man/man3/libesim.3 |
		sed 's/\\e/\\/g' >program.c
	compile example --static
	atf_check -s exit:1 -e match:"gopher" ./example gopher:nowhere

	atf_check -o match:"^Version: [0-9]" cat root/opt/lib/pkgconfig/libesim.pc
	for page in "$COREESIM_SRC"/docs/man/*.[1-9]; do
		[ -e "root/opt/share/man/man${page##*.}/${page##*/}" ] || atf_fail "no ${page##*/} was installed"
	done

	# A tool of the tests stays with them.
	[ ! -e root/opt/bin/pcscwait ] || atf_fail "pcscwait was installed"

	# What the kernel modules need and bring: the interface's header, DKMS, udev, the group.
	printf '#include <linux/euicc.h>\nint main(void) { return EUICC_XFER == 0; }\n' >program.c
	atf_check cc -Wall -Werror -Iroot/opt/include -o interface program.c
	atf_check -o match:'^PACKAGE_VERSION="[0-9.]*"$' cat root/opt/src/coreesim-*/dkms.conf
	for file in "$COREESIM_SRC"/kmod/*.c "$COREESIM_SRC"/kmod/include/euicc/*.h; do
		found=$(find root/opt/src -name "${file##*/}")
		cmp -s "$file" "$found" || atf_fail "DKMS does not get ${file##*/}"
	done
	atf_check -o match:euicc cat root/opt/lib/udev/rules.d/70-euicc.rules
	atf_check -o match:'^g euicc' cat root/opt/lib/sysusers.d/coreesim.conf

	atf_check -o match:"^LIBPATH /opt/lib/pcsc/drivers/serial/libifdeuicc.so$" cat root/opt/etc/reader.conf.d/coreesim
	atf_check -o ignore nm -D --defined-only root/opt/lib/pcsc/drivers/serial/libifdeuicc.so

	run_make uninstall
	atf_check -o empty find root -type f -o -type l
}

# What starts the daemon, and what lets it and its callers do what they may.
atf_test_case daemon
daemon_head() {
	atf_set descr "The daemon is installed with bus policy, polkit actions, unit, user and state of one and the same place"
	atf_set require.progs "make cc strings"
}
daemon_body() {
	run_make install
	share=root/opt/share
	atf_check -o match:"^lpad " root/opt/sbin/lpad --version
	# Built for one place, installed to another: it is the latter's that it looks at.
	atf_check -o match:"/opt/etc/coreesim/lpad.conf" -o match:"/opt/var/lib/coreesim" root/opt/sbin/lpad --help
	atf_check -o match:"/opt/share/coreesim" strings root/opt/sbin/lpad
	[ ! -e root/opt/bin/lpad ] || atf_fail "lpad is among the users' programs"

	# Each way to start it starts this one, as the user that sysusers makes.
	atf_check -o match:"^ExecStart=/opt/sbin/lpad$" cat root/opt/lib/systemd/system/lpad.service
	atf_check -o match:"^Exec=/opt/sbin/lpad$" -o match:"^User=lpad$" -o match:"^SystemdService=dbus-org.coreesim.Lpa1.service$" \
		cat $share/dbus-1/system-services/org.coreesim.Lpa1.service
	atf_check -o match:"^Alias=dbus-org.coreesim.Lpa1.service$" -o match:"^User=lpad$" \
		cat root/opt/lib/systemd/system/lpad.service
	atf_check -o match:"^u lpad " -o match:"^m lpad euicc$" cat root/opt/lib/sysusers.d/lpad.conf
	atf_check -o match:"^d /opt/var/lib/coreesim 0700 lpad lpad" cat root/opt/lib/tmpfiles.d/lpad.conf
	atf_check -o match:"SYSTEMD_WANTS.*lpad.service" cat root/opt/lib/udev/rules.d/71-lpad.rules
	grep -rnI "@[a-z]*@" root/opt/lib $share/dbus-1 && atf_fail "a place was not filled in"

	for file in dbus-1/interfaces/org.coreesim.Lpa1.xml dbus-1/system.d/org.coreesim.Lpa1.conf \
		polkit-1/actions/org.coreesim.lpa1.policy coreesim/ci.d/README man/man8/lpad.8; do
		[ -s "$share/$file" ] || atf_fail "no $file"
	done
	atf_check cmp "$COREESIM_SRC/lpad/lpad.conf" root/opt/etc/coreesim/lpad.conf
}

# Exposure at most, by systemd's count; each line that remains is told of where it is explained.
unit_is_tight() { # unit exposure
	unit=$PWD/root/opt/lib/systemd/system/$1
	atf_check -o save:security systemd-analyze --no-pager security --offline=yes "$unit"
	atf_check -o match:"exposure level for .*: $2" tail -n 1 security
	sed -n 's/^✗ \([A-Za-z]*\).*/\1/p' security | sort -u >remains
	atf_check -o not-empty cat remains
	while read -r line; do
		grep -q "\`$line" "$COREESIM_SRC/docs/security.md" || atf_fail "docs/security.md does not tell why $line remains"
	done <remains
	# A key that this systemd does not know would be no protection.
	systemd-analyze --no-pager verify --man=no "$unit" 2>&1 | grep -i "unknown\|ignoring" &&
		atf_fail "systemd does not understand the unit"
	true
}

atf_test_case sandbox
sandbox_head() {
	atf_set descr "systemd finds nothing wrong with the units; lpad's exposure is 1.5 at most, modem-broker's 2.0"
	atf_set require.progs "make systemd-analyze"
}
sandbox_body() {
	run_make install
	unit_is_tight lpad.service '(0|1\.[0-5])'
	unit_is_tight coreesim-modem@.service '(0|1\.[0-9]|2\.0)'
	# The modem libraries' proxies that these start serve others too, and closing a channel goes by them.
	for unit in coreesim-modem@ euicc-publish@; do
		atf_check -o match:"^KillMode=process$" cat "root/opt/lib/systemd/system/$unit.service"
	done
}

# What libesim loads, and what drives it for lpad.
atf_test_case modems
modems_head() {
	atf_set descr "The modems' modules, their table and modem-broker are installed for one and the same place"
	atf_set require.progs "make cc strings"
}
modems_body() {
	run_make install
	for source in "$COREESIM_SRC"/modem/*/module.c; do
		scheme=$(basename "$(dirname "$source")")
		module=root/opt/lib/coreesim/$scheme.so
		atf_check -o match:"^esim_transport_module$" \
			sh -c "nm -D --defined-only $module | awk '{ print \$3 }'"
		atf_check -o match:"^/opt/share/coreesim/modems.conf$" -o match:"^/opt/etc/coreesim/modems.conf$" \
			-o match:"^/opt/var/lib/coreesim-modems$" strings $module
	done
	for program in bin/lpactl sbin/lpad libexec/modem-broker lib/libesim.so.0; do
		atf_check -o match:"^/opt/lib/coreesim$" strings root/opt/$program
	done
	atf_check -o match:"^modem-broker " root/opt/libexec/modem-broker --version
	atf_check -o match:"^ExecStart=/opt/libexec/modem-broker$" cat root/opt/lib/systemd/system/coreesim-modem@.service
	atf_check -o match:"^SocketGroup=euicc$" -o match:"^SocketMode=0660$" \
		cat root/opt/lib/systemd/system/coreesim-modem.socket
	atf_check cmp "$COREESIM_SRC/modem/modems.conf" root/opt/share/coreesim/modems.conf
}

# The places where D-Bus and polkit look, as far as they look below one prefix alone.
atf_test_case places
places_head() {
	atf_set descr "Below /usr/local the bus and polkit find what they are given"
	atf_set require.progs "make cc"
}
places_body() {
	run_make prefix=/usr/local install
	for file in etc/dbus-1/system.d/org.coreesim.Lpa1.conf usr/share/polkit-1/actions/org.coreesim.lpa1.policy \
		usr/local/share/dbus-1/system-services/org.coreesim.Lpa1.service usr/local/sbin/lpad etc/coreesim/lpad.conf; do
		[ -e "root/$file" ] || atf_fail "no /$file"
	done
	atf_check -o match:"^d /var/lib/coreesim 0700" cat root/usr/local/lib/tmpfiles.d/lpad.conf
	run_make prefix=/usr/local uninstall
	atf_check -o empty find root -type f -o -type l
}

atf_test_case configuration
configuration_head() {
	atf_set descr "What the administrator wrote into the configuration outlives install and uninstall"
	atf_set require.progs "make cc"
}
configuration_body() {
	run_make install
	conf=root/opt/etc/coreesim/ifdeuicc.conf
	echo '; mine' >>$conf
	cp $conf kept
	run_make install
	atf_check cmp kept $conf
	run_make uninstall
	atf_check -o inline:"$conf\n" find root -type f -o -type l
	atf_check cmp kept $conf
}

atf_init_test_cases() {
	atf_add_test_case install
	atf_add_test_case daemon
	atf_add_test_case sandbox
	atf_add_test_case modems
	atf_add_test_case places
	atf_add_test_case configuration
}
