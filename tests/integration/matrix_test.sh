# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034
#
# Cards and servers of each version: every card with every server.

. "$(atf_get_srcdir)/lib.sh"

VERSIONS="2.0 2.1 2.2.2 2.5"

# One server, a fresh card of every version.
serves_every_card() { # server's version
	order demo
	start_server --svn "$1"
	for version in $VERSIONS; do
		start_card --svn "$version"
		json_run 0 info
		says .euiccInfo2.svn "$(printf '%s' "$version" | sed 's/^[0-9]*\.[0-9]*$/&.0/')"
		json_run 0 download --yes --enable "$(code demo)"
		says .installed true
		says .enabled true
		says .notificationSent true
		card_holds profiles/demo.der "$ICCID"
		[ "$(read_imsi)" = "$IMSI" ] || atf_fail "card $version: IMSI"
		stop_one card
		rm -r card
	done
	[ "$(jq -r .verified notifications.jsonl | sort -u)" = true ] || atf_fail "a result did not verify"
	stop_servers
}

for version in $VERSIONS; do
	name=server_$(printf '%s' "$version" | tr . _)
	eval "
	atf_test_case $name cleanup
	${name}_head() {
		with_servers
		atf_set descr 'A server of version $version and cards of every version'
	}
	${name}_body() { serves_every_card $version; }
	${name}_cleanup() { end_servers; }
	"
done

atf_init_test_cases() {
	for version in $VERSIONS; do
		atf_add_test_case "server_$(printf '%s' "$version" | tr . _)"
	done
}
