//! Arguments of `completion`.

use clap::{Args, ValueEnum};

pub(super) const EXAMPLES: &str = "\
Examples:
  source <(spacectl completion bash)
  spacectl completion fish > ~/.config/fish/completions/spacectl.fish

To load it in every new shell:

  bash: add to ~/.bashrc
    source <(spacectl completion bash)

  zsh: add to ~/.zshrc, after compinit
    source <(spacectl completion zsh)
  or write it to a directory of fpath
    spacectl completion zsh > \"${fpath[1]}/_spacectl\"

  fish:
    spacectl completion fish > ~/.config/fish/completions/spacectl.fish

  elvish: add to ~/.config/elvish/rc.elv
    eval (spacectl completion elvish | slurp)

  PowerShell: add to the file that $PROFILE names
    spacectl completion powershell | Out-String | Invoke-Expression

The script calls the spacectl on your PATH. It completes environments, resources, verbs, fields and \
values, and waits for services at most 0.3 seconds in total; set SPACECTL_COMPLETION_TIMEOUT to change \
that.";

#[derive(Debug, Args)]
pub struct Completion {
    /// Shell to print the script for
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
