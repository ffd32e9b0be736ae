//! `plugin build`: a plugin's image, here.

use std::io::Write as _;

use super::image::Image;
use crate::cli::PluginBuild;
use crate::commands::{Context, block_on};
use crate::error::Result;
use crate::terminal::shutdown::Shutdown;

pub fn run(args: &PluginBuild, context: &mut Context<'_>) -> Result<()> {
    let image = Image::read("build", &args.image, context)?;
    let line = image.building(&args.sources)?;
    if args.image.dry_run {
        return Image::print(&[line], context.streams);
    }
    let diagnostics = context.streams.diagnostics.clone();
    block_on(async { image.build(&line, &mut Shutdown::listen()?, &diagnostics).await })?;
    Ok(writeln!(context.streams.out, "{image}")?)
}
