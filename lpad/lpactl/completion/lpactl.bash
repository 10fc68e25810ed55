# SPDX-License-Identifier: GPL-2.0-or-later
#
# Completion of lpactl for bash. Verbs and options come from lpactl's own help, so
# that they are written down once.

_lpactl_verbs() {
	lpactl --help 2>/dev/null | sed -n '/^Verbs:/,/^$/s/^  \([a-z-]*\) .*/\1/p'
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

# Ports of modems, by the names that drivers give them.
_lpactl_modems() {
	compgen -P mbim: -G '/dev/cdc-wdm[0-9]*'
	compgen -P mbim: -G '/dev/wwan*mbim*'
	compgen -P qmi: -G '/dev/cdc-wdm[0-9]*'
	compgen -P qmi: -G '/dev/wwan*qmi*'
	compgen -P at: -G '/dev/ttyUSB[0-9]*'
	compgen -P at: -G '/dev/ttyACM[0-9]*'
	compgen -P at: -G '/dev/wwan*at[0-9]*'
}

# pcscd is asked where it runs already.
_lpactl_pcsc() {
	[[ $1 != pcsc:* || ! -S /run/pcscd/pcscd.comm ]] ||
		lpactl devices 2>/dev/null | sed -n 's/^\(pcsc:[^ ]*\).*/\1/p'
}

# Of lpad alone, which knows them without a card: ICCIDs, and nicknames that are one word.
_lpactl_profiles() {
	lpactl --euicc "${1-}" --json profiles 2>/dev/null </dev/null |
		sed -n 's/^ *"\(iccid\|profileNickname\)": "\([^" ]*\)",*$/\2/p'
}

# No eUICC is number 0: the refusal lists those that there are, and no reader is asked.
_lpactl_euiccs() {
	lpactl --euicc 0 --json info 2>/dev/null </dev/null |
		sed -n 's/^ *"euicc": \([0-9]*\),*$/\1/p'
}

_lpactl() {
	local cur=${COMP_WORDS[COMP_CWORD]} i=$COMP_CWORD prev verbs word verb= euicc=
	COMPREPLY=()
	# The shell splits words at colons: the one that is being written is put together again.
	while ((i > 1)) && [[ ${COMP_WORDS[i]} == : || ${COMP_WORDS[i - 1]} == : ]]; do
		((i--))
		cur=${COMP_WORDS[i]}$cur
	done
	prev=${COMP_WORDS[i - 1]}
	case $prev in
	--code-file | --confirmation-code-file | --trace | --qr | --png)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--ci-roots)
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return
		;;
	--euicc)
		mapfile -t COMPREPLY < <(compgen -W "$(_lpactl_euiccs)" -- "$cur")
		return
		;;
	--device)
		mapfile -t COMPREPLY < <(compgen -W "usb: pcsc: mbim: qmi: at: unix: tcp: $(_lpactl_readers) $(_lpactl_modems) \
			$(_lpactl_pcsc "$cur") $(compgen -G '/dev/euicc[0-9]*')" -- "$cur")
		[[ $cur != *:* ]] || COMPREPLY=("${COMPREPLY[@]#"${cur%"${cur##*:}"}"}")
		compopt -o nospace
		return
		;;
	esac
	verbs=$(_lpactl_verbs)
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		[[ ${COMP_WORDS[i - 1]} != --euicc ]] || euicc=$word
		[[ -n $verb || " ${verbs//$'\n'/ } " != *" $word "* ]] || verb=$word
	done
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_lpactl_options "$verb")" -- "$cur")
	elif [[ -z $verb ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$cur")
	elif [[ $verb =~ ^(enable|disable|delete|rename)$ && $prev == "$verb" ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_lpactl_profiles "$euicc")" -- "$cur")
	fi
}

complete -F _lpactl lpactl
