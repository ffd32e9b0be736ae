//! Services in encoded files.

use super::index::below;
use crate::codec::descriptor::numbers::{NAME, file, service};
use crate::codec::descriptor::parts::{Broken, parts, text};

/// The services of a file, by their full names.
pub(super) fn of_file(bytes: &[u8]) -> Result<Vec<(String, &[u8])>, Broken> {
    let package = text(bytes, file::PACKAGE)?;
    let mut services = Vec::new();
    for part in parts(bytes) {
        let part = part?;
        if part.number == file::SERVICE {
            services.push((below(package, text(part.content, NAME)?), part.content));
        }
    }
    Ok(services)
}

/// The service of that full name, with the place of its file.
pub(super) fn find<'a>(
    files: impl Iterator<Item = &'a [u8]>,
    full_name: &str,
) -> Result<Option<(usize, &'a [u8])>, Broken> {
    for (at, file) in files.enumerate() {
        if let Some((_, service)) = of_file(file)?.into_iter().find(|(name, _)| name == full_name) {
            return Ok(Some((at, service)));
        }
    }
    Ok(None)
}

/// The methods of a service, by their names.
pub(super) fn methods(described: &[u8]) -> Result<Vec<(&str, &[u8])>, Broken> {
    let mut methods = Vec::new();
    for part in parts(described) {
        let part = part?;
        if part.number == service::METHOD {
            methods.push((text(part.content, NAME)?, part.content));
        }
    }
    Ok(methods)
}

pub(super) fn method<'a>(service: &'a [u8], name: &str) -> Result<Option<&'a [u8]>, Broken> {
    let found = methods(service)?.into_iter().find(|(candidate, _)| *candidate == name);
    Ok(found.map(|(_, method)| method))
}
