#compdef spacectl
# Completion of spacectl in zsh. To have it in every new shell, put this line into ~/.zshrc, after compinit:
#
#     source <(spacectl completion zsh)
#
# or write this text into a file called _spacectl in a folder of fpath:
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
        # Files behind a prefix, as in docs=@FILE.
        [[ $kind == *$'\t'* ]] && value=${kind#*$'\t'} && compset -p ${#value}
        _files
        return
    fi
    # What stands before the last comma or `=` is not repeated in what is shown.
    compset -P '*[,=]'
    for line in "${answer[@]}"; do
        value=${line%%$'\t'*}
        help=${line#*$'\t'}
        entry=${${value//\\/\\\\}//:/\\:}
        [[ -n $help ]] && entry+=:$help
        # What goes on gets no blank behind it.
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
