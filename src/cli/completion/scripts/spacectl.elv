# Completion of spacectl in elvish. To have it in every new shell, put this line into ~/.config/elvish/rc.elv:
#
#     eval (spacectl completion elvish | slurp)

use str

set edit:completion:arg-completer[spacectl] = {|@words|
    try {
        var index = (- (count $words) 1)
        var kind @lines = (env COMPLETE=elvish spacectl $index -- $@words 2>/dev/null | from-lines)
        if (str:has-prefix $kind files) {
            edit:complete-filename $words[-1]
        } else {
            for line $lines {
                var value help = (str:split "\t" $line)
                # What goes on gets no blank behind it.
                var suffix = ' '
                if (or (str:has-suffix $value '=') (str:has-suffix $value '.') (str:has-suffix $value '/')) {
                    set suffix = ''
                }
                var display = $value
                if (not-eq $help '') { set display = $value' ('$help')' }
                edit:complex-candidate $value &code-suffix=$suffix &display=$display
            }
        }
    } catch {
        nop
    }
}
