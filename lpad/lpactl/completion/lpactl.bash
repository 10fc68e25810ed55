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

_lpactl() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verbs word verb=
	COMPREPLY=()
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
		mapfile -t COMPREPLY < <(compgen -W "unix: tcp: $(compgen -G '/dev/euicc[0-9]*')" -- "$cur")
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
