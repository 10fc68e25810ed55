# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034
#
# Packages arrive byte for byte: our own and the reference ones, under each PKI,
# in each form that a server can bind them into.

. "$(atf_get_srcdir)/lib.sh"

# Our own PKIs hold today; the reference one's TLS certificate does from this day on.
CLOCK=2027-01-01T00:00:00Z

need_reference() { # file or folder
	[ -n "${REFDATA:-}" ] && [ -e "$REFDATA/$1" ] || atf_skip "reference data is absent (REFDATA)"
}

# Put the package that is served as NAME onto a fresh card, enable it.
installs() { # name iccid [lpactl option...]
	name=$1 iccid=$2
	shift 2
	json_run 0 "$@" download --yes --enable "$(code "$name")"
	says .installed true
	says .enabled true
	says .notificationSent true
	card_holds "profiles/$name.der" "$iccid"
}

# So many elements of this tag the card has been sent, in all packages.
elements() { # tag
	grep -c "> 8.E2..00[0-9A-F][0-9A-F]$1" card.log
}

own_packages() {
	order demo
	order keys 8944000000000000025 '{"protectedKeys": true}'
	order split 8944000000000000033 '{"splitMetadata": true}'
	order both 8944000000000000041 '{"protectedKeys": true, "splitMetadata": true}'
	start_card
	start_server
	installs demo "$ICCID"
	[ "$(elements A2) $(elements 88)" = "0 1" ] || atf_fail "plain: $(elements A2) A2, $(elements 88) 88"
	installs keys 8944000000000000025
	[ "$(elements A2) $(elements 88)" = "1 2" ] || atf_fail "keys: $(elements A2) A2, $(elements 88) 88"
	installs split 8944000000000000033
	[ "$(elements A2)" = 1 ] || atf_fail "split: an A2"
	[ "$(elements 88)" -gt 3 ] || atf_fail "split: $(elements 88) 88"
	installs both 8944000000000000041
	[ "$(elements A2)" = 2 ] || atf_fail "both: no A2"
	[ "$(read_imsi)" = "$IMSI" ] || atf_fail "IMSI $(read_imsi)"
	stop_servers
}

atf_test_case own_nist cleanup
own_nist_head() {
	with_servers
	atf_set descr "Our own packages under P-256: plain, with protected keys, with split metadata, with both"
}
own_nist_body() { own_packages; }
own_nist_cleanup() { end_servers; }

atf_test_case own_brainpool cleanup
own_brainpool_head() {
	with_servers
	atf_set descr "The same under brainpoolP256r1"
}
own_brainpool_body() {
	CARD_PKI=brainpool
	SERVER_PKI=brainpool
	own_packages
}
own_brainpool_cleanup() { end_servers; }

atf_test_case own_on_reference_pki cleanup
own_on_reference_pki_head() {
	with_servers
	atf_set descr "Our own package under the public test PKI, whose CI key nobody here has"
}
own_on_reference_pki_body() {
	need_reference sgp26-nist
	PKI=$REFDATA
	CARD_PKI=sgp26-nist
	SERVER_PKI=sgp26-nist
	NAME=testsmdpplus1.example.com
	order demo
	start_card --clock $CLOCK
	start_server --clock $CLOCK
	installs demo "$ICCID" --clock $CLOCK
	[ "$(read_imsi)" = "$IMSI" ] || atf_fail "IMSI $(read_imsi)"
	stop_servers
}
own_on_reference_pki_cleanup() { end_servers; }

# Each on a card of its own: they share one ICCID.
reference_packages() { # [lpactl option...]
	mkdir -p profiles
	cp "$REFDATA"/upp/*.der profiles/
	start_server ${CARD_CLOCK:+--clock $CARD_CLOCK}
	for package in profiles/*.der; do
		package=${package#profiles/}
		start_card ${CARD_CLOCK:+--clock $CARD_CLOCK}
		installs "${package%.der}" 89000123456789012341 "$@"
		imsi=$(read_imsi)
		[ ${#imsi} = 15 ] || atf_fail "$package: IMSI $imsi"
		od -An -v -tx1 "profiles/$package" | tr -d ' \n' | grep -qi "$(tail -n 1 imsi.out | cut -c1-18)" ||
			atf_fail "$package holds no IMSI $imsi"
		stop_one card
		rm -r card
	done
	stop_servers
}

atf_test_case reference_nist cleanup
reference_nist_head() {
	with_servers
	atf_set descr "The reference packages under our own P-256 PKI"
}
reference_nist_body() {
	need_reference upp
	reference_packages
}
reference_nist_cleanup() { end_servers; }

atf_test_case reference_brainpool cleanup
reference_brainpool_head() {
	with_servers
	atf_set descr "The reference packages under our own brainpoolP256r1 PKI"
}
reference_brainpool_body() {
	need_reference upp
	CARD_PKI=brainpool
	SERVER_PKI=brainpool
	reference_packages
}
reference_brainpool_cleanup() { end_servers; }

atf_test_case reference_on_reference_pki cleanup
reference_on_reference_pki_head() {
	with_servers
	atf_set descr "The reference packages under the public test PKI"
}
reference_on_reference_pki_body() {
	need_reference upp
	need_reference sgp26-nist
	PKI=$REFDATA
	CARD_PKI=sgp26-nist
	SERVER_PKI=sgp26-nist
	NAME=testsmdpplus1.example.com
	CARD_CLOCK=$CLOCK
	reference_packages --clock $CLOCK
}
reference_on_reference_pki_cleanup() { end_servers; }

atf_test_case one_iccid_once cleanup
one_iccid_once_head() {
	with_servers
	atf_set descr "The second of two packages with one ICCID is refused, result 9, and the first stays as it is"
}
one_iccid_once_body() {
	need_reference upp
	mkdir profiles
	cp "$REFDATA"/upp/*.der profiles/
	start_card
	start_server
	installs TS48v1_A 89000123456789012341
	json_run 4 download --yes "$(code TS48v5_SAIP2.3_NoBERTLV)"
	says .error.es10Result 9
	says .notificationSent true
	card_holds profiles/TS48v1_A.der 89000123456789012341
	stop_servers
}
one_iccid_once_cleanup() { end_servers; }

atf_test_case two_chains cleanup
two_chains_head() {
	with_servers
	atf_set descr "A server and a card with chains under two CIs meet under either; a card with one finds its own"
}
two_chains_body() {
	order demo
	start_server --pki "$PKI/brainpool"
	cp "$PKI/brainpool/CERT_CI.der" roots/brainpool.der
	for card in nist brainpool; do
		CARD_PKI=$card
		start_card
		installs demo "$ICCID"
		stop_one card
		rm -r card
	done
	CARD_PKI=nist
	start_card --pki "$PKI/brainpool"
	installs demo "$ICCID"
	fresh_card --pki "$PKI/brainpool"
	stop_one server
	SERVER_PKI=brainpool
	start_server
	installs demo "$ICCID"
	stop_servers
}
two_chains_cleanup() { end_servers; }

atf_test_case large cleanup
large_head() {
	with_servers
	atf_set descr "A package of 400000 bytes"
}
large_body() {
	mkdir profiles
	"$BIN/mkprofile" --iccid "$ICCID" --imsi "$IMSI" --size 400000 profiles/large.der || atf_fail mkprofile
	[ "$(wc -c <profiles/large.der)" -gt 390000 ] || atf_fail "the package is small"
	start_card
	start_server
	installs large "$ICCID"
	[ "$(read_imsi)" = "$IMSI" ] || atf_fail "IMSI $(read_imsi)"
	stop_servers
}
large_cleanup() { end_servers; }

atf_test_case small_segments cleanup
small_segments_head() {
	with_servers
	atf_set descr "A reader that breaks at 255 bytes with 6601 is served with smaller blocks"
}
small_segments_body() {
	order demo
	start_card --segment-limit 128
	start_server
	installs demo "$ICCID"
	grep -q "> 8.E2....FF.*< 6601" card.log || atf_fail "no large block was tried"
	! grep "> 8.E2....\(8[1-9A-F]\|[9A-F]\)" card.log | grep -qv "< 6601" || atf_fail "a large block was taken"
	stop_servers
}
small_segments_cleanup() { end_servers; }

atf_test_case long_and_short_iccids cleanup
long_and_short_iccids_head() {
	with_servers
	atf_set descr "ICCIDs of 18, 19 and 20 digits are found by their digits"
}
long_and_short_iccids_body() {
	start_card
	start_server
	for iccid in 894400000000000017 8944000000000000025 89440000000000000335; do
		order "n$iccid" $iccid
		json_run 0 download --yes "$(code "n$iccid")"
		says .profileMetadata.iccid $iccid
		json_run 0 enable $iccid
		card_holds "profiles/n$iccid.der" $iccid
	done
	json_run 0 disable 89440000000000000335
	json_run 0 delete --yes 894400000000000017
	stop_servers
}
long_and_short_iccids_cleanup() { end_servers; }

atf_init_test_cases() {
	for name in own_nist own_brainpool own_on_reference_pki reference_nist reference_brainpool \
		reference_on_reference_pki one_iccid_once two_chains large small_segments \
		long_and_short_iccids; do
		atf_add_test_case "$name"
	done
}
