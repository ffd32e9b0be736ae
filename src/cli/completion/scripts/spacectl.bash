# Completion of spacectl in bash. To load it in every new shell, add this line to ~/.bashrc:
#
#     source <(spacectl completion bash)
#
# It does not need the package bash-completion.

_spacectl() {
    local line kind=
    COMPREPLY=()
    # bash splits words at `:` and `=`: the program parses the line itself, and gets the part that is replaced ($2).
    while IFS= read -r line; do
        if [[ -z $kind ]]; then kind=$line; else COMPREPLY+=("$line"); fi
    done < <(COMPLETE=bash command spacectl -- "$2" "${COMP_LINE:0:COMP_POINT}" "${COMP_LINE:COMP_POINT}" 2>/dev/null)
    case $kind in
        open) compopt -o nospace 2>/dev/null ;;
        files*) compopt -o default 2>/dev/null ;;
    esac
}

complete -o nosort -F _spacectl spacectl 2>/dev/null || complete -F _spacectl spacectl
