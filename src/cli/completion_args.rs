//! Arguments of `completion`.

use clap::{Args, Subcommand, ValueEnum};

pub(super) const EXAMPLES: &str = "\
Examples:
  source <(spacectl completion bash)
  spacectl completion fish > ~/.config/fish/completions/spacectl.fish

'completion install' does what follows for you. To load it in every new shell:

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

pub(super) const INSTALL_EXAMPLES: &str = "\
Examples:
  spacectl completion install
  spacectl completion install zsh --remove

It adds a marked block to ~/.bashrc, ~/.zshrc (or that of ZDOTDIR), elvish's rc.elv or PowerShell's profile; for fish, \
it writes completions/spacectl.fish. Run it again after an update. --remove restores the file as it was.";

#[derive(Debug, Args)]
#[command(subcommand_negates_reqs = true)]
pub struct Completion {
    #[command(subcommand)]
    pub command: Option<CompletionCommand>,
    /// Shell to print the script for
    #[arg(value_enum, required = true)]
    pub shell: Option<Shell>,
}

#[derive(Debug, Subcommand)]
pub enum CompletionCommand {
    /// Load completion in every new shell
    #[command(after_long_help = INSTALL_EXAMPLES)]
    Install(CompletionInstall),
}

#[derive(Debug, Args)]
pub struct CompletionInstall {
    /// Shell to install completion for [default: the one in SHELL]
    #[arg(value_enum)]
    pub shell: Option<Shell>,
    /// Remove what this command added
    #[arg(long)]
    pub remove: bool,
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
