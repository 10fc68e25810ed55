# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154 # names from lib.sh
#
# What tests of lpad share: a machine of their own (mount, network and process
# namespaces) with a system bus and the real polkitd on it. Such a test is two
# files: X_test.sh, whose cases call run_story, and X_inside.sh, which runs there
# as root and begins with `. "$COREESIM_LPAD_LIB"`.
#
#   run_story STORY FILE              in X_test.sh: FILE STORY in the machine
#   make_machine                      bus and polkitd; $BUS is the address
#   allow USER ACTION...              polkit's answer to USER is yes for these: read-details …
#   add_card NAME [veuicc option...]  a virtual eUICC on ./NAME.sock, of the configuration
#   start_lpad [option...]            $lpad is its process; comes back when it says that it is ready
#   stop_lpad                         SIGTERM; it ends with 0
#   as USER COMMAND...                a user of this machine's: root, games, nobody, daemon
#   lpa USER PATH INTERFACE METHOD [SIGNATURE ARGUMENT...]   a call by busctl
#   property PATH INTERFACE NAME      as root, its value as busctl prints it
#
# The end of the namespace ends every process; nothing here waits by the clock but
# in wait_until, which is bounded.

LPA=/org/coreesim/Lpa1
IFACE=org.coreesim.Lpa1
TRIES=600		# of a tenth of a second

run_story() { # story file
	COREESIM_LIB=$(atf_get_srcdir)/lib.sh
	COREESIM_LPAD_LIB=$(atf_get_srcdir)/lpad_lib.sh
	export COREESIM_LIB COREESIM_LPAD_LIB
	[ "$(id -u)" = 0 ] || atf_skip "users other than this one are needed: run it as root"
	unshare --net --mount --pid --fork --kill-child --mount-proc true 2>unshare.err ||
		atf_skip "no namespaces can be had here: $(cat unshare.err)"
	atf_check -o ignore -e save:story.err unshare --net --mount --pid --fork --kill-child \
		--mount-proc sh -eu "$(atf_get_srcdir)/$2" "$1"
}

# --- inside --------------------------------------------------------------------------------

wait_until() { # command...
	wait_left=$TRIES
	until "$@" >/dev/null 2>&1; do
		wait_left=$((wait_left - 1))
		[ "$wait_left" -gt 0 ] || return 1
		sleep 0.1
	done
}

make_machine() {
	ip link set lo up
	# Users other than root go through here.
	chmod 755 .
	mount -t tmpfs tmpfs /run
	mount -t tmpfs tmpfs /etc/polkit-1
	mkdir -p /etc/polkit-1/rules.d actions
	cp "$COREESIM_SRC"/lpad/polkit/*.policy actions/
	mount --bind actions /usr/share/polkit-1/actions
	make_bus
	start_polkit
}

make_bus() {
	cat >bus.conf <<-CONF
	<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
	 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
	<busconfig>
	  <type>system</type>
	  <listen>unix:path=/run/bus</listen>
	  <auth>EXTERNAL</auth>
	  <policy context="default">
	    <allow user="*"/>
	    <deny own="*"/>
	    <deny send_type="method_call"/>
	    <allow send_type="signal"/>
	    <allow send_requested_reply="true" send_type="method_return"/>
	    <allow send_requested_reply="true" send_type="error"/>
	    <allow receive_type="method_call"/>
	    <allow receive_type="method_return"/>
	    <allow receive_type="error"/>
	    <allow receive_type="signal"/>
	    <allow send_destination="org.freedesktop.DBus"/>
	    <allow send_destination="org.freedesktop.PolicyKit1"/>
	  </policy>
	  <policy user="root"><allow own="*"/><allow send_destination="*"/></policy>
	  <policy user="polkitd"><allow own="org.freedesktop.PolicyKit1"/></policy>
	  <include>$COREESIM_SRC/lpad/dbus/org.coreesim.Lpa1.conf</include>
	</busconfig>
	CONF
	dbus-daemon --config-file="$PWD/bus.conf" --nofork --nopidfile 2>bus.err &
	wait_until test -S /run/bus || atf_fail "dbus-daemon did not start: $(cat bus.err)"
	chmod 666 /run/bus
	BUS=unix:path=/run/bus
	export DBUS_SYSTEM_BUS_ADDRESS=$BUS
}

start_polkit() {
	/usr/lib/polkit-1/polkitd --no-debug 2>polkit.err &
	# Not its status: that wants cgroups, which not every container has.
	wait_until busctl call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus GetNameOwner s \
		org.freedesktop.PolicyKit1 || atf_fail "polkitd did not start: $(cat polkit.err)"
}

# Without logind nobody is active: rules stand in for sessions.
allow() { # user action...
	allow_user=$1
	shift
	for action; do
		cat >"/etc/polkit-1/rules.d/50-$allow_user-$action.rules" <<-RULE
		polkit.addRule(function (action, subject) {
			if (action.id == "org.coreesim.lpa1.$action" && subject.user == "$allow_user")
				return polkit.Result.YES;
		});
		RULE
	done
	# polkitd hears of rules in its own time.
	for action; do
		wait_until is_allowed || atf_fail "polkit does not allow $allow_user $action"
	done
}

# shellcheck disable=SC2016 # the inner shell's own number
is_allowed() {
	as "$allow_user" sh -c 'pkcheck --action-id "org.coreesim.lpa1.$1" --process $$' sh "$action"
}

add_card() { # name veuicc option...
	card=$1
	shift
	mkdir -p "$card"
	rm -f "$card.fifo" "$card.sock"
	mkfifo "$card.fifo"
	"$BIN/veuicc" --state "$card" --listen "unix:$PWD/$card.sock" \
		--log "$card.log" "$@" --pki "$PKI/${CARD_PKI:-nist}" >"$card.fifo" 2>"$card.err" </dev/null &
	echo $! >"$card.pid"
	await_ready "$card" "$card.fifo"
	printf 'unix:%s\n' "$PWD/$card.sock" >>devices
}

# What the test wants beside, it writes into lpad.extra before.
write_conf() {
	{
		echo "[Devices]"
		sed 's/^/Device=/' devices 2>/dev/null || true
		echo "[Servers]"
		echo "CiRoots=$PWD/roots"
		echo "AllowPrivateAddresses=yes"
		[ -z "${server_address:-}" ] || printf 'ConnectTo=%s\n' "$NAME:443:$server_address" "$SMDS:443:$server_address"
		cat lpad.extra 2>/dev/null || true
	} >lpad.conf
}

start_lpad() { # option...
	[ -d roots ] || { mkdir roots && cp "$PKI/${SERVER_PKI:-nist}/CERT_CI.der" roots/; }
	write_conf
	: >lpad.err
	"$BIN/lpad" --config "$PWD/lpad.conf" --state "$PWD/state" --verbose "$@" 2>>lpad.err </dev/null &
	lpad=$!
	wait_until lpad_said_ready || { cat lpad.err >&2; atf_fail "lpad did not start"; }
}

lpad_said_ready() {
	grep -qx ready lpad.err || { kill -0 "$lpad" && return 1; cat lpad.err >&2; exit 1; }
}

stop_lpad() {
	kill "$lpad"
	wait "$lpad" || { cat lpad.err >&2; atf_fail "lpad ended with status $?"; }
}

as() { # user command...
	as_user=$1
	shift
	case $as_user in
	root) "$@" ;;
	*) setpriv --reuid="$as_user" --regid=nogroup --clear-groups "$@" ;;
	esac
}

lpa() { # user path interface method [signature argument...]
	lpa_user=$1 lpa_path=$2 lpa_interface=$3
	shift 3
	as "$lpa_user" busctl --timeout=120 call "$IFACE" "$LPA$lpa_path" "$IFACE.$lpa_interface" "$@"
}

property() { # path interface name
	busctl get-property "$IFACE" "$LPA$1" "$IFACE.$2" "$3"
}

# Wait for a property's value, as busctl prints it.
has_property() { # path interface name value
	[ "$(property "$1" "$2" "$3" 2>/dev/null)" = "$4" ]
}

# Ended or not, what a job came to; its path is that of a reply "o \"/org…\"".
job_path() { # reply
	reply=${1#o \"$LPA}
	printf '%s' "${reply%\"}"
}

job_ended() { # path
	case $(property "$1" Job1 State) in
	*'"done"' | *'"failed"' | *'"cancelled"') return 0 ;;
	esac
	return 1
}

await_job() { # path state
	wait_until job_ended "$1" || atf_fail "job $1 does not end: $(property "$1" Job1 State)"
	[ "$(property "$1" Job1 State)" = "s \"$2\"" ] || {
		lpa root "$1" Job1 GetDetails >&2 || true
		cat lpad.err >&2
		atf_fail "job $1 is $(property "$1" Job1 State), not $2"
	}
}
