//! `cache`: what is kept on disk of services.

use super::Context;
use crate::cli::Cache;
use crate::error::{Error, Result};
use crate::grpc::cache;
use crate::grpc::cache::ClearedCache;

pub fn run(args: &Cache, context: &mut Context<'_>) -> Result<()> {
    match args {
        Cache::Clear => clear(context),
    }
}

fn clear(context: &mut Context<'_>) -> Result<()> {
    let Some(cache_dir) = context.variables.cache_dir.as_deref() else {
        context.streams.diagnostics.done("nothing is kept: there is no folder for it, as the home folder is not known");
        return Ok(());
    };
    let ClearedCache { files, bytes } = cache::clear(cache_dir)
        .map_err(|(path, error)| Error::local(format!("cannot clear {}", path.display())).cause(error))?;
    let place = cache::place(cache_dir);
    let said = match files {
        0 => format!("nothing is kept in {}", place.display()),
        1 => format!("1 file of {bytes} bytes removed from {}", place.display()),
        _ => format!("{files} files of {bytes} bytes removed from {}", place.display()),
    };
    context.streams.diagnostics.done(&said);
    Ok(())
}
