//! `cache`: removes cached descriptors and completions.

use super::Context;
use crate::cli::CacheCommand;
use crate::error::{Error, Result};
use crate::grpc::cache;
use crate::grpc::cache::ClearedCache;

pub fn run(args: &CacheCommand, context: &mut Context<'_>) -> Result<()> {
    match args {
        CacheCommand::Clear => clear(context),
    }
}

fn clear(context: &mut Context<'_>) -> Result<()> {
    let Some(cache_dir) = context.variables.cache_dir.as_deref() else {
        context.streams.diagnostics.done("nothing is cached: there is no home folder");
        return Ok(());
    };
    let ClearedCache { files, bytes } = cache::clear(cache_dir)
        .map_err(|(path, error)| Error::local(format!("cannot clear {}", path.display())).cause(error))?;
    let path = cache::program_folder(cache_dir);
    let message = match files {
        0 => format!("nothing is cached in {}", path.display()),
        1 => format!("1 file of {bytes} bytes removed from {}", path.display()),
        _ => format!("{files} files of {bytes} bytes removed from {}", path.display()),
    };
    context.streams.diagnostics.done(&message);
    Ok(())
}
