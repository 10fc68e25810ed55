# SPDX-License-Identifier: GPL-2.0-or-later
#
# Completion of lpactl for bash. Verbs and options come from lpactl's own help, so
# that they are written down once.

_lpactl_verbs() {
	lpactl --help 2>/dev/null | sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

_lpactl_options() { # verb
	# shellcheck disable=SC2086 # no verb is no argument
	lpactl $1 --help 2>/dev/null | sed -n 's/^  \(--[a-z-]*\).*/\1/p'
}

# What the system knows of readers, without asking one: ports and models of USB devices with an
# interface of class 0B.
_lpactl_readers() {
	local class dir
	for class in /sys/bus/usb/devices/*:*/bInterfaceClass; do
		[[ -r $class && $(<"$class") == 0b ]] || continue
		dir=${class%/*}
		dir=${dir##*/}
		printf 'usb:%s\n' "${dir%:*}"
	done
}

# pcscd is asked where it runs already.
_lpactl_pcsc() {
	[[ $1 != pcsc:* || ! -S /run/pcscd/pcscd.comm ]] ||
		lpactl devices 2>/dev/null | sed -n 's/^\(pcsc:[^ ]*\).*/\1/p'
}

_lpactl() {
	local cur=${COMP_WORDS[COMP_CWORD]} i=$COMP_CWORD prev verbs word verb=
	COMPREPLY=()
	# The shell splits words at colons: the one that is being written is put together again.
	while ((i > 1)) && [[ ${COMP_WORDS[i]} == : || ${COMP_WORDS[i - 1]} == : ]]; do
		((i--))
		cur=${COMP_WORDS[i]}$cur
	done
	prev=${COMP_WORDS[i - 1]}
	case $prev in
	--code-file | --confirmation-code-file | --trace)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--ci-roots)
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return
		;;
	--device)
		mapfile -t COMPREPLY < <(compgen -W "usb: pcsc: unix: tcp: $(_lpactl_readers) $(_lpactl_pcsc "$cur") \
			$(compgen -G '/dev/euicc[0-9]*')" -- "$cur")
		[[ $cur != *:* ]] || COMPREPLY=("${COMPREPLY[@]#"${cur%"${cur##*:}"}"}")
		compopt -o nospace
		return
		;;
	esac
	verbs=$(_lpactl_verbs)
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		[[ " ${verbs//$'\n'/ } " != *" $word "* ]] || verb=$word
	done
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_lpactl_options "$verb")" -- "$cur")
	elif [[ -z $verb ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$cur")
	fi
}

complete -F _lpactl lpactl
