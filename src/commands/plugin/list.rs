//! `plugin list`: `list repository.Plugin`.

use super::resource;
use crate::cli::Listing;
use crate::commands::{Context, list};
use crate::error::Result;

pub fn run(args: &Listing, context: &mut Context<'_>) -> Result<()> {
    list::show(resource()?, args, context)
}
