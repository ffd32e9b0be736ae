#compdef spacectl
# Completion of spacectl in zsh. To load it in every new shell, add this line to ~/.zshrc, after compinit:
#
#     source <(spacectl completion zsh)
#
# or write this text to a file called _spacectl in a directory of fpath:
#
#     spacectl completion zsh > "${fpath[1]}/_spacectl"

_spacectl() {
    local -a typed answer closed open
    local line kind value help entry
    local -i ret=1
    typed=("${(@Q)words}")
    typed[CURRENT]="${(Q)PREFIX}"
    answer=("${(@f)$(COMPLETE=zsh command spacectl $((CURRENT - 1)) -- "${typed[@]}" 2>/dev/null)}")
    kind=${answer[1]}
    shift answer
    if [[ $kind == files* ]]; then
        # Files after a prefix, e.g. docs=@FILE.
        [[ $kind == *$'\t'* ]] && value=${kind#*$'\t'} && compset -p ${#value}
        _files
        return
    fi
    # The text before the last comma or `=` is not repeated in the list.
    compset -P '*[,=]'
    for line in "${answer[@]}"; do
        value=${line%%$'\t'*}
        help=${line#*$'\t'}
        entry=${${value//\\/\\\\}//:/\\:}
        [[ -n $help ]] && entry+=:$help
        # No blank follows a word that can go on.
        if [[ $value == *[=.] ]]; then open+=("$entry"); else closed+=("$entry"); fi
    done
    (( $#closed )) && _describe -V 'spacectl' closed && ret=0
    (( $#open )) && _describe -V 'spacectl' open -S '' && ret=0
    return ret
}

if [[ ${funcstack[1]} == _spacectl ]]; then
    _spacectl "$@"
else
    compdef _spacectl spacectl
fi
