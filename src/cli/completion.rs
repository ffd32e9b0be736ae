//! `completion SHELL`.

use clap::{Args, ValueEnum};

pub(super) const EXAMPLES: &str = "\
Examples:
  source <(spacectl completion bash)
  spacectl completion fish > ~/.config/fish/completions/spacectl.fish";

pub(super) const PLACES: &str = "\
Examples:
  source <(spacectl completion bash)
  spacectl completion fish > ~/.config/fish/completions/spacectl.fish

Where the script goes, so that it is there in every new shell:

  bash: this line in ~/.bashrc
    source <(spacectl completion bash)

  zsh: this line in ~/.zshrc, after compinit
    source <(spacectl completion zsh)
  or a file called _spacectl in a folder of fpath
    spacectl completion zsh > \"${fpath[1]}/_spacectl\"

  fish:
    spacectl completion fish > ~/.config/fish/completions/spacectl.fish

  elvish: this line in ~/.config/elvish/rc.elv
    eval (spacectl completion elvish | slurp)

  PowerShell: this line in the file that $PROFILE names
    spacectl completion powershell | Out-String | Invoke-Expression

The script asks the program on your PATH, which knows your environments and what their services
offer: resources, verbs, fields, the values that rows have. It waits for services no longer than
0.3 seconds in all, or than SPACECTL_COMPLETION_TIMEOUT says; what is not answered by then is not
offered.";

#[derive(Debug, Args)]
pub struct Completion {
    /// The shell that is to complete
    #[arg(value_enum)]
    pub shell: Shell,
}

/// A shell whose completion is supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
    Elvish,
    #[value(alias = "pwsh")]
    Powershell,
}
