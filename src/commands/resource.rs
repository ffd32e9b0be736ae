//! Resolves the resource that the command line names.

use std::time::{Duration, Instant};

use super::Context;
use super::connector::selection;
use super::tls_flags::tls_of;
use crate::cli::completion;
use crate::config::{ConfigDir, Endpoints, Settings};
use crate::error::Result;
use crate::schema::resource::Resource;
use crate::schema::resource::alias::Own;

/// The longest wait for services, to find the one that has a resource.
const MAX_WAIT: Duration = Duration::from_secs(3);

impl Context<'_> {
    /// Resolves `text` as [`Resource::called`] does. With a dot, no file is read for it.
    pub(super) fn resource(&self, text: &str) -> Result<Resource> {
        Resource::called(text, || self.own_aliases(), || self.only_service(), || self.offered())
    }

    /// The resources of the environment's services, as far as they are cached or answer soon.
    pub(super) fn offered(&self) -> Vec<String> {
        let Ok(tls) = tls_of(&self.global.tls) else { return Vec::new() };
        let mut variables = self.variables.clone();
        variables.cache_dir = variables.cache_dir.filter(|_| !self.global.no_cache);
        let limits = [self.global.timeout(), self.global.connect_timeout].into_iter().flatten();
        let max_wait = limits.fold(MAX_WAIT, Duration::min);
        completion::known_resources(&selection(self), tls, &variables, Instant::now() + max_wait)
    }

    /// The user's own aliases. The list is empty without a configuration directory, or, with a warning, if it is
    /// unreadable.
    pub(super) fn own_aliases(&self) -> Result<Own> {
        let Ok(dir) = ConfigDir::locate(self.variables) else { return Ok(Own::new()) };
        match dir.aliases() {
            Err(error) if dir.is_closed() => {
                let hints = error.problems().iter().flat_map(|problem| &problem.hints);
                let hints: String = hints.map(|hint| format!("; {hint}")).collect();
                self.streams.diagnostics.warn(&format!("{}: using the built-in aliases only{hints}", error.summary()));
                Ok(Own::new())
            }
            own => own,
        }
    }

    /// The only service that a resource can belong to; that of `--endpoint` has an empty name.
    fn only_service(&self) -> Option<String> {
        // A wrong configuration is reported by the call.
        let settings = Settings::resolve(&selection(self), self.variables).ok()?;
        if let Endpoints::One(_) = settings.endpoints {
            return Some(String::new());
        }
        <[String; 1]>::try_from(settings.services().ok()?).ok().map(|[only]| only)
    }
}
