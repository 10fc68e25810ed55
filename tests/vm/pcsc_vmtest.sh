# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# The world that the PC/SC suites stand on: pcscd finds a reader by libccid, hears of one that
# comes and goes, and clients in C and Python reach the card. The argument is where the reader
# is from: host (QEMU's usb-ccid) or guest (vreader).
. /vm/guest.sh
. /vm/pcsc.sh

# The name that libccid's list has for the number that both readers bear.
reader=Gemplus
plug() { start reader vreader --id 08e6:4433 --level short --state "$PWD/card" --pki /pki/nist && vreader=$started; }
unplug() { kill -TERM "$vreader" && wait "$vreader"; }
no_reader() { ! has_reader "$reader"; }

if [ "$1" = host ]; then
	# With the reader went the socket of its card.
	plug() { host plug && host card; }
	unplug() { host unplug; }
else
	plug || { tap_fail "an emulated reader" "did not start"; tap_exit; }
fi

atr_of_pyscard() {
	python3 - <<'PYTHON'
from smartcard.System import readers
from smartcard.util import toHexString
connection = readers()[0].createConnection()
connection.connect()
print(toHexString(connection.getATR()))
data, sw1, sw2 = connection.transmit([0x00, 0xA4, 0x00, 0x04, 0x02, 0x3F, 0x00])
print("%02X" % sw1)
PYTHON
}

expect "pcscd starts" start_pcscd || tap_exit
expect "pcscd finds the reader, with its card" wait_until 60 has_card "$reader"
opensc-tool --atr >atr.out 2>&1
if atr_of_pyscard >python.out 2>&1 && [ "$(tail -n 1 atr.out | tr 'a-f:' 'A-F ')" = "$(head -n 1 python.out)" ]; then
	tap_ok "opensc-tool and pyscard read the same ATR"
else
	tap_fail "opensc-tool and pyscard read the same ATR" "$(cat atr.out python.out)"
fi
if tail -n 1 python.out | grep -qE '^(61|90)$'; then
	tap_ok "pyscard has a command answered"
else
	tap_fail "pyscard has a command answered" "$(cat python.out)"
fi
expect "the reader is unplugged" unplug
expect "pcscd hears that the reader is gone" wait_until 60 no_reader
expect "the reader is plugged in" plug
expect "pcscd hears that the reader is back" wait_until 60 has_card "$reader"
expect "pcscd ends when told" stop_pcscd
tap_exit
