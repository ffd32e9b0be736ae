//! `man`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl man | man -l -
  spacectl man --dir ~/.local/share/man/man1";

#[derive(Debug, Args)]
pub struct Man {
    /// Write the pages of all commands into this folder, in the place of those that are there
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: Option<PathBuf>,
}
