# SPDX-License-Identifier: GPL-2.0-or-later
#
# The program vmodem: how it is started, spoken to and ended.

VMODEM="$COREESIM_BIN/vmodem"
PKI="$COREESIM_PKI/nist"

# Sets $pid and $port once it listens.
start() { # option...
	mkfifo ready
	"$VMODEM" --mbim --pty --pki "$PKI" --state card --control control "$@" >ready 2>err &
	pid=$!
	trap 'kill "$pid" 2>/dev/null' EXIT
	exec 8<ready
	read -r line <&8
	case $line in
	"listening mbim:/dev/pts/"*) port=${line#listening mbim:} ;;
	*) cat err; atf_fail "said '$line'" ;;
	esac
}

stop() {
	kill -TERM "$pid"
	wait "$pid" || atf_fail "status $?"
	exec 8<&-
	trap - EXIT
}

atf_test_case help_and_version
help_and_version_body() {
	atf_check -o match:"--quirk" -o match:"--fault" "$VMODEM" --help
	atf_check -o match:"^vmodem [0-9]" "$VMODEM" --version
}

atf_test_case wrong_usage
wrong_usage_head() {
	atf_set descr "What is unknown, missing or senseless is refused with status 2 and said"
}
wrong_usage_body() {
	atf_check -s exit:2 -e match:"--mbim, --qmi or --at" "$VMODEM" --pty
	atf_check -s exit:2 -e match:"--pty, --usb and --qrtr" "$VMODEM" --mbim
	atf_check -s exit:2 -e match:"--pty, --usb and --qrtr" "$VMODEM" --mbim --pty --usb
	atf_check -s exit:2 -e match:"--qrtr is a way of --qmi" "$VMODEM" --mbim --qrtr
	atf_check -s exit:2 -e match:"not both" "$VMODEM" --mbim --qmi --pty --pki "$PKI"
	atf_check -s exit:2 -e match:"what is \"more\"" "$VMODEM" --mbim --pty more
	atf_check -s exit:2 -e match:"--to needs" "$VMODEM" --to control
	atf_check -s exit:2 -e match:"bogus" "$VMODEM" --bogus
	for option in "--slots 5" "--slots 0" "--active 2" "--imei 12" "--id 1d6b" "--quirk sing" "--quirk channels=0" \
		"--fault mute" "--card-fault mute" "--empty 5"; do
		# shellcheck disable=SC2086
		atf_check -s exit:2 -e not-empty "$VMODEM" --mbim --pty --pki "$PKI" $option
	done
	atf_check -s exit:1 -e match:"nothing" "$VMODEM" --to nothing state
}

atf_test_case commands
commands_head() {
	atf_set descr "A running modem is asked and told by --to, its links follow it, and SIGTERM ends it with 0"
}
commands_body() {
	start --pty-link modem
	[ "$(readlink modem-mbim)" = "$port" ] || atf_fail "the link leads to $(readlink modem-mbim)"
	atf_check -o match:"^bus there$" -o match:"^iccid -$" "$VMODEM" --to control state
	atf_check -o inline:"0\n" "$VMODEM" --to control channels
	atf_check -s exit:1 -e match:"no command" "$VMODEM" --to control sing
	atf_check "$VMODEM" --to control restart
	read -r gone <&8
	read -r there <&8
	[ "$gone" = "gone mbim:$port" ] || atf_fail "said '$gone'"
	[ "listening mbim:$(readlink modem-mbim)" = "$there" ] || atf_fail "said '$there'"
	atf_check -o match:"^restarts 1$" "$VMODEM" --to control stats
	stop
	atf_check -o empty -e ignore -s not-exit:0 readlink modem-mbim
	atf_check -s not-exit:0 test -e control
}

atf_test_case mbimcli
mbimcli_head() {
	atf_set descr "mbimcli uses it, directly and by the proxy, and leaves no channel"
	atf_set require.progs "mbimcli unshare"
	atf_set require.user root
}
mbimcli_body() {
	start
	channel=application-id=A0000005591010FFFFFFFF8900000100,selectp2arg=0,channel-group=1
	cat >story.sh <<-SH
		set -e
		mbimcli -d $port --query-device-caps
		mbimcli -d $port -p --ms-query-uicc-atr
		mbimcli -d $port -p --ms-set-uicc-open-channel=$channel
		mbimcli -d $port -p --ms-set-uicc-apdu=channel=1,command=80E2910006BF3E035C015A00
		mbimcli -d $port -p --ms-set-uicc-close-channel=channel=1
	SH
	atf_check -o match:"490154203237518" -o match:"3B:9F:96" -o match:"BF:3E:12:5A:10:89" -e ignore \
		unshare --net --pid --fork --kill-child timeout 120 sh story.sh
	atf_check -o inline:"0\n" "$VMODEM" --to control channels
	stop
}

atf_init_test_cases() {
	atf_add_test_case help_and_version
	atf_add_test_case wrong_usage
	atf_add_test_case commands
	atf_add_test_case mbimcli
}
