# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# shellcheck disable=SC2154 # started and ready are start's
#
# libifdeuicc: /dev/euiccN as a reader of pcscd's, for opensc-tool, pyscard and lpactl. The argument
# is the way to the card, see ways.sh.
. /vm/guest.sh
. /vm/ways.sh
. /vm/pcsc.sh
. /vm/profiles.sh

way=$1
READER="CoreESIM eUICC 00 00"
ISDR=A0000005591010FFFFFFFF8900000100
DRIVER=/usr/lib/pcsc/drivers/serial/libifdeuicc.so

configure() { # line...
	mkdir -p /etc/coreesim
	printf '%s\n' "$@" >/etc/coreesim/ifdeuicc.conf
	chmod 644 /etc/coreesim/ifdeuicc.conf
}

# As an administrator does it: the file is read when pcscd starts.
restart_with() { # line...
	stop_pcscd
	configure "$@"
	# Its log tells when it powers down.
	start_pcscd --debug
	wait_until 60 has_card "$READER"
}

is_empty() { opensc-tool --list-readers | grep -F "$READER" | grep -q '^[0-9]* *No'; }

sends() { # apdu status-word what
	opensc-tool --reader "$READER" --send-apdu "$1" >send.out 2>&1
	if grep -q "SW1=0x${2%??}, SW2=0x${2#??}" send.out; then
		tap_ok "$way: $3"
	else
		sed 's/^/# /' send.out
		tap_fail "$way: $3" "no $2"
	fi
}

client() { python3 client.py "$READER" "${kdev:-none}" "$@"; }

# The cases of client.py, each a line of ours.
clients() { # case...
	local name
	for name in "$@"; do
		expect "$way: $(client --what "$name")" client "$name"
	done
}

cat >client.py <<'PYTHON'
import ctypes, errno, fcntl, os, sys, time
from smartcard.scard import *
from smartcard.util import toBytes, toHexString

ISDR = "A0000005591010FFFFFFFF8900000100"
ECASD = "A0000005591010FFFFFFFF8900000200"
GET_EID = "E2910006BF3E035C015A"
RESET, FORCE = 4, 1
reader, device = sys.argv[1], sys.argv[2]


class Card:
    def __init__(self, mode=SCARD_SHARE_SHARED, protocol=SCARD_PROTOCOL_T0):
        hr, self.context = SCardEstablishContext(SCARD_SCOPE_SYSTEM)
        assert hr == 0, SCardGetErrorMessage(hr)
        hr, self.handle, self.protocol = SCardConnect(self.context, reader, mode, protocol)
        assert hr == 0, SCardGetErrorMessage(hr)

    def send(self, command):
        hr, answer = SCardTransmit(self.handle, SCARD_PCI_T0, toBytes(command))
        if hr:
            raise OSError(hr, SCardGetErrorMessage(hr))
        return bytes(answer).hex().upper()

    def is_answered(self, command, answer):
        got = self.send(command)
        assert got == answer, "%s: %s, not %s" % (command, got, answer)

    def fails(self, command, *errors):
        try:
            got = self.send(command)
        except OSError as error:
            assert error.errno in errors, error
        else:
            raise AssertionError("%s: answered with %s" % (command, got))

    def reconnect(self, how):
        return SCardReconnect(self.handle, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T0, how)[0]

    def end(self, how=SCARD_UNPOWER_CARD):
        SCardDisconnect(self.handle, how)
        SCardReleaseContext(self.context)


def select(aid, channel=1, p2="00", le="00", cla=None):
    body = "%02X%s" % (len(aid) // 2, aid) if aid else ""
    return "%02XA404%s%s%s" % (channel if cla is None else cla, p2, body, le)


class OpenChannel(ctypes.Structure):
    _fields_ = [("aid", ctypes.c_uint8 * 16), ("aid_len", ctypes.c_uint8), ("p2", ctypes.c_uint8),
                ("sw", ctypes.c_uint16), ("flags", ctypes.c_uint32), ("timeout_ms", ctypes.c_uint32),
                ("generation", ctypes.c_uint32), ("fci_len", ctypes.c_uint32),
                ("fci", ctypes.c_uint8 * 256), ("reserved", ctypes.c_uint32 * 5)]


class Entry(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("offset", "length", "flags", "timeout")] + \
               [(name, ctypes.c_uint16) for name in ("wanted", "mask", "sw", "reserved")] + \
               [(name, ctypes.c_uint32) for name in ("at", "got", "status", "reserved2")]


class Xfer(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("entries", "commands", "responses")] + \
               [(name, ctypes.c_uint32) for name in ("count", "commands_len", "room", "done", "flags")] + \
               [("reserved", ctypes.c_uint32 * 3)]


class Holder:
    """Another program that has a channel of the card, by euicc(4)."""
    def __init__(self, aid=None):
        self.fd = os.open(device, os.O_RDWR | os.O_CLOEXEC)
        if aid:
            args = OpenChannel(aid_len=len(aid) // 2)
            args.aid[:len(aid) // 2] = bytes.fromhex(aid)
            self.call(1, args)

    def call(self, number, args):
        fcntl.ioctl(self.fd, 3 << 30 | ctypes.sizeof(args) << 16 | 0xE3 << 8 | number, args)

    def reset(self, flags=0):
        self.call(RESET, (ctypes.c_uint32 * 8)(0, flags))

    def works(self):
        command, answer = ctypes.create_string_buffer(bytes.fromhex("80" + GET_EID + "00"), 12), bytearray(256)
        entry = Entry(length=12)
        self.call(2, Xfer(entries=ctypes.addressof(entry), commands=ctypes.addressof(command), count=1,
                          responses=ctypes.addressof(ctypes.c_char.from_buffer(answer)), commands_len=12,
                          room=256))
        return entry.status == 0 and entry.sw == 0x9000

    def end(self):
        os.close(self.fd)


def nothing_is_held():
    other = Holder()
    for _ in range(300):
        try:
            other.reset()
            return other.end()
        except OSError as error:
            assert error.errno == errno.EBUSY, error
            time.sleep(0.1)
    raise AssertionError("a channel is left open")


def refused():
    """what is refused cannot be had by any name for it"""
    card = Card()
    card.is_answered("0070000001", "019000")
    for channel in (0, 1):
        for aid in (ISDR, ECASD, ISDR[:10], ISDR[:24], ISDR[:26], ISDR[:30], "A0", "", ISDR[:24] + "00001100"):
            for p2 in ("00", "04", "0C"):
                card.is_answered(select(aid, channel, p2), "6A82")
        for p2 in ("01", "02", "03", "06"):
            card.is_answered(select(ISDR[:8], channel, p2), "6A86")
        card.is_answered(select(ISDR, cla=0x80 | channel), "6A82")
        card.is_answered(select(ISDR[:16], cla=0x10 | channel), "6884")
        card.is_answered(select(ISDR, cla=0x0C | channel), "6882")
        card.is_answered("%02XC2000015" % channel + select(ISDR, 0, le=""), "6D00")
    card.end()


def manners():
    """answers come at once with Le, and by GET RESPONSE without"""
    card = Card()
    card.is_answered("00700000", "6101")
    card.is_answered("00C0000001", "019000")
    card.is_answered("0070000000", "029000")
    fci = card.send(select(ISDR))
    assert fci.startswith("6F") and fci.endswith("9000"), fci
    length = len(fci) // 2 - 2
    card.is_answered(select(ISDR, 2, le=""), "61%02X" % length)
    card.is_answered("02C00000%02X" % length, fci)
    eid = card.send("82" + GET_EID + "00")
    assert eid.startswith("BF3E12") and eid.endswith("9000"), eid
    card.is_answered("81" + GET_EID, "6115")
    card.is_answered("01C0000008", eid[:16] + "610D")
    card.is_answered("81C0000000", eid[16:])
    card.is_answered("81C0000000", "6985")
    card.is_answered("81" + GET_EID, "6115")
    card.is_answered("82" + GET_EID + "00", eid)
    card.is_answered("01C0000015", eid)
    card.is_answered("0070800100", "9000")
    card.is_answered("00708002", "9000")
    card.is_answered("82" + GET_EID + "00", "6881")
    card.end()


def numbers():
    """channels 1 to 19 are to be had, and no more"""
    card = Card()
    for number in range(1, 20):
        card.is_answered("0070000001", "%02X9000" % number)
    card.is_answered("0070000001", "6A81")
    card.is_answered("0070001400", "6A86")
    card.is_answered("0070800000", "6A86")
    card.is_answered("0070400100", "6A86")
    card.is_answered("0070800700", "9000")
    card.is_answered("0070000001", "079000")
    card.is_answered("00C0000000", "6985")
    card.is_answered("81" + GET_EID + "00", "6985")
    assert card.send("4FA4040010" + ISDR + "00").endswith("9000")
    assert card.send("CF" + GET_EID + "00").endswith("9000")
    card.is_answered("4F70800000", "9000")
    card.is_answered("CF" + GET_EID + "00", "6881")
    card.end()


def two_clients():
    """two clients have channels of their own, and one ends without the other"""
    one, other = Card(), Card()
    one.is_answered("0070000001", "019000")
    assert one.send(select(ISDR)).endswith("9000")
    other.is_answered("0070000001", "029000")
    assert other.send(select(ISDR, 2)).endswith("9000")
    one.is_answered("0070800100", "9000")
    one.end(SCARD_LEAVE_CARD)
    assert other.send("82" + GET_EID + "00").endswith("9000")
    other.end()


def reset():
    """a reset closes the channels, and gives a session to go on with"""
    card = Card()
    card.is_answered("0070000001", "019000")
    assert card.send(select(ISDR)).endswith("9000")
    assert card.reconnect(SCARD_RESET_CARD) == 0
    card.is_answered("81" + GET_EID + "00", "6881")
    nothing_is_held()
    card.is_answered("0070000001", "019000")
    assert card.reconnect(SCARD_UNPOWER_CARD) == 0
    card.is_answered("0070000001", "019000")
    assert card.send(select(ISDR)).endswith("9000")
    card.end()


def spares_others():
    """a reset of the reader does not take the card from others"""
    holder, card = Holder(ISDR), Card()
    card.is_answered("0070000001", "019000")
    assert card.send(select(ISDR)).endswith("9000")
    for how in (SCARD_RESET_CARD, SCARD_UNPOWER_CARD):
        assert card.reconnect(how) == 0
        card.is_answered("81" + GET_EID + "00", "6881")
        assert holder.works()
    card.end()
    assert holder.works()
    holder.end()


def lost():
    """a session that another ended is told to the client, and the next one works"""
    holder, card = Holder(), Card()
    card.is_answered("0070000001", "019000")
    assert card.send(select(ISDR)).endswith("9000")
    holder.reset(FORCE)
    card.fails("81" + GET_EID + "00", SCARD_E_NO_SMARTCARD, SCARD_W_REMOVED_CARD)
    for _ in range(300):
        if card.reconnect(SCARD_LEAVE_CARD) == 0 and SCardStatus(card.handle)[0] == 0:
            break
        time.sleep(0.1)
    # pcscd takes the card for another one, and powers it up: until it has, any command may find it gone.
    for _ in range(300):
        try:
            card.is_answered("0070000001", "019000")
            answer = card.send(select(ISDR))
            break
        except OSError:
            card.reconnect(SCARD_LEAVE_CARD)
            time.sleep(0.1)
    assert answer.endswith("9000")
    card.end()
    holder.end()


def times_powered_down():
    with open("pcscd.out", errors="replace") as log:
        return log.read().count("POWER_STATE_UNPOWERED")


def rests():
    """after a session that another ended pcscd powers the card down, and who reconnects then is answered"""
    holder, card = Holder(), Card()
    card.is_answered("0070000001", "019000")
    assert card.send(select(ISDR)).endswith("9000")
    before = times_powered_down()
    holder.reset(FORCE)
    card.fails("81" + GET_EID + "00", SCARD_E_NO_SMARTCARD, SCARD_W_REMOVED_CARD)
    for _ in range(600):
        if times_powered_down() > before:
            break
        time.sleep(0.1)
    assert times_powered_down() > before, "pcscd does not power down"
    assert card.reconnect(SCARD_LEAVE_CARD) == 0
    card.is_answered("0070000001", "019000")
    assert card.send(select(ISDR)).endswith("9000")
    card.end()
    holder.end()


def holds():
    """a client that holds a channel, says nothing when the card goes, and stays until one comes"""
    card = Card()
    card.is_answered("0070000001", "019000")
    assert card.send(select(ISDR)).endswith("9000")
    print("holding", flush=True)
    for word, awaited in ("went", False), ("came", True):
        state = SCARD_STATE_UNAWARE
        while True:
            hr, states = SCardGetStatusChange(card.context, 60000, [(reader, state)])
            assert hr == 0, SCardGetErrorMessage(hr)
            state = states[0][1]
            if bool(state & SCARD_STATE_PRESENT) == awaited:
                break
        print(word, flush=True)
    card.fails("81" + GET_EID + "00", SCARD_E_NO_SMARTCARD, SCARD_W_REMOVED_CARD, SCARD_W_RESET_CARD)


def atr():
    """the ATR"""
    card = Card()
    print(toHexString(SCardStatus(card.handle)[4]).replace(" ", ""))
    card.end()


def basic():
    """the basic channel is had, and what is refused cannot be had on it"""
    card = Card()
    card.is_answered("00A4000C023F0000", "9000")
    for aid in (ISDR, ECASD, ISDR[:10], ""):
        card.is_answered(select(aid, 0), "6A82")
        card.is_answered(select(aid, 0, "02"), "6A86")
    card.is_answered("00A4020010" + ISDR, "6700")
    card.is_answered("00C2000015" + select(ISDR, 0, le=""), "6D00")
    card.end()


def start():
    """files are read on channel 0 without the basic channel"""
    card = Card()
    mf = card.send("00A40004023F0000")
    assert mf.startswith("62") and mf.endswith("9000"), mf
    card.is_answered("00A4000C022FE2", "9000")
    assert card.send("00B000000A") == "984474560000214251F89000", card.send("00B000000A")
    assert card.send(select("A0000000871002", 0)).endswith("9000")
    card.end()


cases = {f.__name__: f for f in (refused, manners, numbers, two_clients, reset, spares_others, lost, rests, holds,
                                 atr, basic, start, nothing_is_held)}
if sys.argv[3] == "--what":
    print(cases[sys.argv[4]].__doc__ or sys.argv[4])
else:
    cases[sys.argv[3]]()
PYTHON

mkdir -p /etc/reader.conf.d
printf '%s\n' 'FRIENDLYNAME "CoreESIM eUICC"' 'DEVICENAME /dev/null' "LIBPATH $DRIVER" 'CHANNELID 0' \
	>/etc/reader.conf.d/coreesim
rm -rf /etc/coreesim
expect "pcscd starts, with no device" start_pcscd || { tap_note "$(cat pcscd.out)"; tap_exit; }
if [ "$(opensc-tool --list-readers | grep -c 'No .*CoreESIM eUICC 00 0[0-3]')" = 4 ]; then
	tap_ok "without a configuration there are four slots, and they are empty"
else
	tap_fail "without a configuration there are four slots, and they are empty" "$(opensc-tool --list-readers; cat pcscd.out)"
fi
# A modem opens channels by itself, and promises no FCI.
start_modem() {
	start modem proxy_vmtest modem "$PWD/card" /pki/nist "$PWD/card.log" && device=${ready#listening }
}

modem_works() {
	clients refused
	restart_with '[driver]' 'allow_isdr = yes'
	sends "00A4040010${ISDR}00" 9000 "opensc-tool selects the ISD-R where the administrator allows it"
	device="pcsc:$READER"
	start_server
	expect "$way: download through pcscd" card download --yes "$(code small)"
	expect "$way: pcscd ends when told" stop_pcscd
	tap_exit
}

case $way in
modem) start_modem ;;
*) start_way "$way" ;;
esac || { tap_fail "$way: a card behind a device" "none came"; tap_exit; }
kdev=$device
expect "$way: a device that comes is a card in its slot" wait_until 60 has_card "$READER" ||
	{ tap_note "$(cat pcscd.out; ls -l /dev/euicc*)"; tap_exit; }

atr=$(client atr)
if [ "$atr" = "$(tr 'a-f' 'A-F' <"/sys/class/euicc/${device##*/}/atr")" ] && [ -n "$atr" ] &&
	[ "$(opensc-tool --reader "$READER" --atr | tr -d ': ' | tr 'a-f' 'A-F')" = "$atr" ]; then
	tap_ok "$way: opensc-tool and pyscard have the card's ATR"
else
	tap_fail "$way: opensc-tool and pyscard have the card's ATR" "$atr"
fi
[ "$way" != modem ] || modem_works
sends "00A4040010${ISDR}00" 6A82 "opensc-tool cannot select the ISD-R"
clients refused

restart_with '[driver]' 'allow_isdr = yes' '[slot 0]'
sends "00A4040010${ISDR}00" 9000 "opensc-tool can, where the administrator allows it"
clients manners numbers two_clients reset spares_others lost rests
expect "$way: no channel is left open" client nothing_is_held

# The daemon is restarted while a client holds a channel.
start holder python3 client.py "$READER" "$kdev" holds
restart_with '[driver]' 'allow_isdr = yes'
expect "$way: no channel outlives pcscd" client nothing_is_held
expect "$way: the client hears that pcscd went" wait_until 60 sh -c '! kill -0 '"$started"

kernel_device=$device
device="pcsc:$READER"
start_server
if card info >info.out 2>&1; then
	tap_ok "$way: lpactl reaches the card through pcscd"
	expect "$way: download through pcscd" card download --yes "$(code small)"
	is_whole small $SMALL
	expect "$way: enable through pcscd" card enable $SMALL
	is_state $SMALL enabled "the profile is enabled"
	clients start
else
	tap_fail "$way: lpactl reaches the card through pcscd" "$(cat info.out)"
fi
device=$kernel_device

restart_with '[slot 0]' 'basic_channel = yes'
clients basic

# What is wrong in the configuration closes, and says where.
stop_pcscd
configure '[slot 0]' 'allow_isdr = perhaps'
: >pcscd.out
start_pcscd
if is_empty && grep -q 'ifdeuicc.conf:2: allow_isdr: it is yes or no' pcscd.out; then
	tap_ok "$way: a mistake in a slot's section empties the slot, and the log says where"
else
	tap_fail "$way: a mistake in a slot's section empties the slot, and the log says where" "$(cat pcscd.out)"
fi
stop_pcscd
configure '[driver]' 'allow_isdr = yes'
chmod 666 /etc/coreesim/ifdeuicc.conf
start_pcscd
expect "$way: a configuration that others may write is not heeded" is_empty
restart_with '[driver]' 'allow_isdr = yes'

# The card goes, and comes again, under a client; or the device does.
case $way in
proxy)
	start holder python3 client.py "$READER" "$kdev" holds
	holder=$started
	device_pid=$(pidof veuicc)
	kill -TERM "$device_pid"
	expect "$way: the slot is empty when the device is gone" wait_until 60 is_empty
	expect "$way: the client hears of it" wait_until 60 grep -q went holder.out
	start_way "$way"
	expect "$way: a device that comes again is a card again" wait_until 60 has_card "$READER"
	;;
*)
	start holder python3 client.py "$READER" "$kdev" holds
	holder=$started
	vreader --to reader.sock remove 0
	expect "$way: the slot is empty when the card is taken out" wait_until 60 is_empty
	expect "$way: the client hears of it" wait_until 60 grep -q went holder.out
	vreader --to reader.sock insert 0
	expect "$way: a card that is put in is there" wait_until 60 has_card "$READER"
	;;
esac
expect "$way: the client that stayed has nothing of the new card" wait "$holder"
clients manners
expect "$way: pcscd ends when told" stop_pcscd
tap_exit
