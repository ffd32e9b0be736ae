//! `plugin push`: a plugin's image that is here, into its registry.

use std::io::Write as _;

use super::image::Image;
use crate::cli::PluginImage;
use crate::commands::{Context, block_on};
use crate::error::Result;
use crate::terminal::shutdown::Shutdown;

pub fn run(args: &PluginImage, context: &mut Context<'_>) -> Result<()> {
    let image = Image::read("push", args, context)?;
    let line = image.pushing();
    if args.dry_run {
        return Image::print(&[line], context.streams);
    }
    let (limit, diagnostics) = (context.global.timeout, context.streams.diagnostics.clone());
    block_on(async {
        let mut shutdown = Shutdown::listen()?;
        let before = image.look_before_push(context.variables, &mut shutdown, &diagnostics).await?;
        image.push(&line, &mut shutdown, &diagnostics).await?;
        image.wait_for_tag(before, limit, context.variables, &mut shutdown, &diagnostics).await
    })?;
    Ok(writeln!(context.streams.out, "{image}")?)
}
