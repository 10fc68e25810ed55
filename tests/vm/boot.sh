# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# How a guest is started and ended; sourced by run.sh. A guest's stdout is what its init
# prints; what its kernel prints goes to a file. In the environment of these functions:
# IMAGE (from kernel.sh), BUILD, and $run, a directory of this run's own.
: "${tier:?}" "${run:?}"

# Set by boot_guest: the leader of the guest's process group.
guest=
# Set by start_reader.
card='' porter=''

# Words for the kernel's command line, the same for all.
guest_words() { # output-device
	printf '%s ' "VM_OUT=$1" "VM_TIER=$tier" "VM_FULL=${VM_FULL:-}" loglevel=5 panic=-1 log_buf_len=4M \
		kunit.enable=1 kasan_multi_shot
}

boot_um() { # initramfs kernel-log
	# Its memory is a file that it maps executable: in TMPDIR.
	local memory=/dev/shm
	[ -d $memory ] && [ -w $memory ] || memory=$run
	# shellcheck disable=SC2046 # words
	TMPDIR=$memory exec setsid "$IMAGE" mem=512M "initrd=$1" "uml_dir=$run/" con0=null,fd:1 con1=null,fd:2 \
		con=null console=tty1 $(guest_words tty0) </dev/null 2>"$2"
}

boot_qemu() { # initramfs kernel-log
	local memory=512
	case $tier in kasan | kcsan) memory=1024 ;; esac
	exec setsid qemu-system-x86_64 -M q35 -accel tcg,thread=multi -cpu max,la57=off -m $memory -smp 2 \
		-display none -nodefaults -no-reboot -monitor "unix:$run/monitor,server=on,wait=off" \
		-kernel "$IMAGE" -initrd "$1" -append "console=ttyS1 no_timer_check $(guest_words ttyS0)" \
		-chardev stdio,id=out,signal=off -serial chardev:out -serial "file:$2" \
		-chardev "pipe,id=host,path=$run/port" -device pci-serial,chardev=host \
		-chardev "socket,id=vsc,path=$run/vsc,server=on,wait=off" \
		-device qemu-xhci,id=x -device usb-ccid,id=c,bus=x.0 \
		-device ccid-card-passthru,id=card,chardev=vsc,bus=c.0 </dev/null
}

boot_guest() { # initramfs output kernel-log
	case $tier in
	um) boot_um "$1" "$3" >"$2" & ;;
	*)
		mkfifo "$run/port.in" "$run/port.out"
		boot_qemu "$1" "$3" >"$2" 2>"$run/qemu.err" &
		;;
	esac
	guest=$!
	[ "$tier" = um ] || start_reader
}

end_guest() {
	end_reader
	[ -n "$guest" ] || return 0
	# User-Mode Linux has a process for each of the guest's.
	kill -KILL -- "-$guest" 2>/dev/null
	wait "$guest" 2>/dev/null
	guest=
}

# --- the reader of the host: QEMU's usb-ccid, whose card is a veuicc here -----------------

start_card() { # veuicc-option...
	local tries=300
	until [ -S "$run/vsc" ]; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] && kill -0 "$guest" 2>/dev/null || return 1
		sleep 0.1
	done
	"$BUILD/bin/veuicc" --state "$run/card" --pki "$BUILD/pki/nist" --log "$run/card.log" --vsc "$run/vsc" "$@" \
		</dev/null >>"$run/veuicc.out" 2>&1 &
	card=$!
	printf '%s\n' "$card" >"$run/card.pid"
}

stop_card() {
	local pid
	pid=$(cat "$run/card.pid" 2>/dev/null) || return 0
	kill -TERM "$pid" 2>/dev/null
	while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
	rm -f "$run/card.pid"
}

monitor() { # QEMU-command
	printf '%s\n' "$1" | socat -t 2 - "UNIX-CONNECT:$run/monitor" | tr -d '\r' | grep -i '^error' || true
}

# Carry out what a suite asks for by guest.sh's host().
serve_request() { # verb argument...
	local verb=${1:-} error=''
	[ $# = 0 ] || shift
	case $verb in
	log) sed 's/^/:/' "$run/card.log" 2>/dev/null ;;
	package) sha256sum <"$run/card/upp-${1:-}.der" 2>/dev/null | sed 's/^/:/' ;;
	card) stop_card; start_card "$@" || error="veuicc does not start" ;;
	eject) stop_card ;;
	unplug) error=$(monitor "device_del c") ;;
	plug)
		error=$(monitor "device_add usb-ccid,id=c,bus=x.0"
			monitor "device_add ccid-card-passthru,id=card,chardev=vsc,bus=c.0") ;;
	*) error="no such request: $verb" ;;
	esac
	[ -z "$error" ] && echo . || echo "!${error//$'\n'/ }"
}

start_reader() {
	(
		trap 'stop_card; exit' TERM
		start_card || exit
		exec 6<>"$run/port.in" 7<>"$run/port.out"
		while IFS= read -r line <&7; do
			# shellcheck disable=SC2086 # a command line
			serve_request ${line%$'\r'} >&6
		done
	) </dev/null >/dev/null 2>>"$run/reader.err" &
	porter=$!
}

end_reader() {
	[ -n "$porter" ] || return 0
	kill -TERM "$porter" 2>/dev/null
	stop_card
	wait "$porter" 2>/dev/null
	porter=
}
