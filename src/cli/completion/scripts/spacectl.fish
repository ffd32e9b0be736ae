# Completion of spacectl in fish. To have it in every new shell:
#
#     spacectl completion fish > ~/.config/fish/completions/spacectl.fish

function __spacectl_complete
    set -l before (commandline --tokenize --current-process --cut-at-cursor)
    set -l current (commandline --current-token --cut-at-cursor)
    # What stands behind the cursor fish tells no completion.
    set -l answer (COMPLETE=fish command spacectl (count $before) -- $before "$current" 2>/dev/null)
    set -q answer[1]; or return
    set -l kind (string split \t -- $answer[1])
    if test $kind[1] = files
        set -l prefix "$kind[2]"
        set -l path (string sub --start (math (string length -- "$prefix") + 1) -- "$current")
        for file in (__fish_complete_path "$path")
            printf '%s%s\n' $prefix $file
        end
    else
        printf '%s\n' $answer[2..-1]
    end
end

complete --command spacectl --no-files --keep-order --arguments '(__spacectl_complete)'
