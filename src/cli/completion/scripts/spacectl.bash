# Completion of spacectl in bash. To have it in every new shell, put this line into ~/.bashrc:
#
#     source <(spacectl completion bash)
#
# Nothing else is needed, the package bash-completion neither.

_spacectl() {
    local line kind=
    COMPREPLY=()
    # bash splits words at `:` and `=`; the program reads the line itself, and is told which part ($2) is replaced.
    while IFS= read -r line; do
        if [[ -z $kind ]]; then kind=$line; else COMPREPLY+=("$line"); fi
    done < <(COMPLETE=bash command spacectl -- "$2" "${COMP_LINE:0:COMP_POINT}" "${COMP_LINE:COMP_POINT}" 2>/dev/null)
    case $kind in
        open) compopt -o nospace 2>/dev/null ;;
        files*) compopt -o default 2>/dev/null ;;
    esac
}

complete -o nosort -F _spacectl spacectl 2>/dev/null || complete -F _spacectl spacectl
