# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# QR codes of activation codes: shown, written as a picture, read from one.

. "$(atf_get_srcdir)/lib.sh"

qr_refused() { # what-is-said picture
	status=0
	"$BIN/lpactl" --device unix:none --json download --yes --qr "$2" >out.json 2>out.err </dev/null || status=$?
	[ "$status" = 2 ] || { cat out.json out.err; atf_fail "$2: status $status, not 2"; }
	jq -r .error.message out.json | grep -q "$1" || { cat out.json; atf_fail "$2: not said: $1"; }
}

# A grey picture without a code: width, height, and how many rows it really has.
make_png() { # file width height rows
	python3 - "$@" <<-'PROGRAM'
	import struct, sys, zlib
	file, width, height, rows = sys.argv[1], *map(int, sys.argv[2:])
	def chunk(kind, data):
	    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
	header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
	pixels = zlib.compress((b"\0" + b"\xff" * width) * rows)
	open(file, "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b""))
	PROGRAM
}

# Two pictures of the same height beside each other, as lpactl writes them: grey, a byte a pixel.
join_png() { # left right file
	python3 - "$@" <<-'PROGRAM'
	import struct, sys, zlib
	def chunks(file):
	    data, at = open(file, "rb").read(), 8
	    while at < len(data):
	        size = struct.unpack(">I", data[at:at + 4])[0]
	        yield data[at + 4:at + 8], data[at + 8:at + 8 + size]
	        at += size + 12
	def paeth(a, b, c):
	    p = a + b - c
	    return min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
	def rows(file):
	    parts = list(chunks(file))
	    width, height, depth, colour = struct.unpack(">IIBB", parts[0][1][:10])
	    assert (depth, colour) == (8, 0), (depth, colour)
	    raw = zlib.decompress(b"".join(data for kind, data in parts if kind == b"IDAT"))
	    above, result = bytes(width), []
	    for y in range(height):
	        kind, line = raw[y * (width + 1)], bytearray(raw[y * (width + 1) + 1:(y + 1) * (width + 1)])
	        for x in range(width):
	            a, b, c = line[x - 1] if x else 0, above[x], above[x - 1] if x else 0
	            line[x] = (line[x] + (0, a, b, (a + b) // 2, paeth(a, b, c))[kind]) % 256
	        above = bytes(line)
	        result.append(above)
	    return result
	lines = [b"\0" + left + right for left, right in zip(rows(sys.argv[1]), rows(sys.argv[2]), strict=True)]
	def chunk(kind, data):
	    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
	header = struct.pack(">IIBBBBB", len(lines[0]) - 1, len(lines), 8, 0, 0, 0, 0)
	open(sys.argv[3], "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) +
	                              chunk(b"IDAT", zlib.compress(b"".join(lines))) + chunk(b"IEND", b""))
	PROGRAM
}

atf_test_case round_trip cleanup
round_trip_head() {
	with_servers
	atf_set descr "The picture that show-qr makes is the order of a download"
}
round_trip_body() {
	order demo
	start_card
	start_server
	code demo >code
	"$BIN/lpactl" show-qr --code-file code --png code.png >out || atf_fail "show-qr"
	[ ! -s out ] || atf_fail "the terminal got something too"
	[ "$(stat -c %a code.png)" = 600 ] || atf_fail "others can read it: $(stat -c %a code.png)"
	json_run 0 download --yes --qr code.png
	says .installed true
	says .profileMetadata.iccid "$ICCID"
	stop_servers
}
round_trip_cleanup() { end_servers; }

atf_test_case shown
shown_head() {
	atf_set descr "On standard output a code is a square of half blocks with a margin, and JSON its modules"
	atf_set require.progs jq
}
shown_body() {
	"$BIN/lpactl" show-qr 'LPA:1$smdp.example.com$MATCHING' >out || atf_fail "show-qr"
	"$BIN/lpactl" --json show-qr 'LPA:1$smdp.example.com$MATCHING' >out.json || atf_fail "--json show-qr"
	size=$(jq '.rows | length' out.json)
	says '[.rows[] | length] | unique | length' 1
	says '.rows[0] | length' "$size"
	says '.rows[0][0:8]' 11111110
	# Four modules of margin around it, two rows a line.
	[ "$(wc -l <out)" = $(((size + 9) / 2)) ] || atf_fail "$(wc -l <out) lines"
	[ "$(jq -R length out | sort -u)" = $((size + 8)) ] || atf_fail "not square"
	[ "$(sed -n 1p out | tr -d '█')" = "" ] || atf_fail "no margin above"
}

atf_test_case refused
refused_head() {
	atf_set descr "What is no picture of one code is refused by what is wrong with it, and bounded"
	atf_set require.progs "jq python3"
}
refused_body() {
	qr_refused "cannot be opened" missing.png
	echo "LPA:1\$smdp.example.com\$x" >text.png
	qr_refused "no picture in PNG" text.png
	mkfifo pipe.png
	qr_refused "no file" pipe.png
	make_png empty.png 64 64 64
	qr_refused "no QR code" empty.png
	make_png short.png 64 64 10
	qr_refused "damaged" short.png
	make_png huge.png 100000 100000 1
	qr_refused "larger than 4096" huge.png
	make_png wide.png 4097 1 1
	qr_refused "larger than 4096" wide.png
	truncate -s 17M long.png
	qr_refused "at most 16 MiB" long.png
	"$BIN/lpactl" show-qr --png one.png 'LPA:1$smdp.example.com$FIRST-ONE' || atf_fail "show-qr"
	"$BIN/lpactl" show-qr --png two.png 'LPA:1$smdp.example.com$OTHER-ONE' || atf_fail "show-qr"
	head -c 200 one.png >cut.png
	qr_refused "damaged" cut.png
	join_png one.png two.png both.png
	qr_refused "several QR codes" both.png
	! grep -q ONE out.json out.err || atf_fail "a code was shown"
}

atf_test_case usage
usage_head() {
	atf_set descr "A code that is none gets no picture; two ways to name the order are one too many"
}
usage_body() {
	for words in "show-qr" "show-qr nonsense" "show-qr LPA:1\$a.example.com\$x --code-file x" \
		"show-qr --png x.png LPA:2\$x" "download --qr x.png --smdp a.example.com" "info --qr x.png" \
		"show-qr --device unix:x 1\$a.example.com\$x"; do
		# shellcheck disable=SC2086 # words
		atf_check -s exit:2 -o empty -e match:"^lpactl: " "$BIN/lpactl" $words
	done
	[ ! -e x.png ] || atf_fail "there is a picture"
}

atf_init_test_cases() {
	for name in round_trip shown refused usage; do
		atf_add_test_case "$name"
	done
}
