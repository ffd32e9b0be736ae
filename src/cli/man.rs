//! Arguments of `man`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl man | man -l -
  spacectl man --dir ~/.local/share/man/man1";

#[derive(Debug, Args)]
pub struct Man {
    /// Write a page per command into this directory, replacing existing ones
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: Option<PathBuf>,
}
