//! From what the user calls a resource to the resource.

use std::time::{Duration, Instant};

use super::Context;
use super::connector::{selection, tls_of};
use crate::cli::completion;
use crate::config::{ConfigDir, Endpoints, Settings};
use crate::error::Result;
use crate::schema::resource::Resource;
use crate::schema::resource::alias::Own;

/// The longest wait for services to say which of them has a resource.
const PATIENCE: Duration = Duration::from_secs(3);

impl Context<'_> {
    /// The resource that the command line calls `text`, as of [`Resource::called`]. With a dot, no file is read for it.
    pub(super) fn resource(&self, text: &str) -> Result<Resource> {
        Resource::called(text, || self.own_aliases(), || self.only_service(), || self.offered())
    }

    /// What the services of the environment offer, as far as completion remembers it or they tell it soon.
    pub(super) fn offered(&self) -> Vec<String> {
        let Ok(tls) = tls_of(&self.global.tls) else { return Vec::new() };
        let mut variables = self.variables.clone();
        variables.cache_dir = variables.cache_dir.filter(|_| !self.global.no_cache);
        let limits = [self.global.timeout, self.global.connect_timeout].into_iter().flatten();
        let patience = limits.fold(PATIENCE, Duration::min);
        completion::offered(&selection(self), tls, &variables, Instant::now() + patience)
    }

    /// The user's own aliases. Where no folder for a configuration is known there are none, and so it is where that is
    /// closed to this user, who is told.
    pub(super) fn own_aliases(&self) -> Result<Own> {
        let Ok(dir) = ConfigDir::locate(self.variables) else { return Ok(Own::new()) };
        match dir.aliases() {
            Err(error) if dir.hides_aliases() => {
                let hints = error.problems().iter().flat_map(|problem| &problem.hints);
                let hints: String = hints.map(|hint| format!("; {hint}")).collect();
                self.streams
                    .diagnostics
                    .warn(&format!("{}: the built-in short names are taken{hints}", error.summary()));
                Ok(Own::new())
            }
            own => own,
        }
    }

    /// The service that a resource without one can only be of; the one behind `--endpoint` has an empty name.
    fn only_service(&self) -> Option<String> {
        // What is wrong with the configuration is told when something is called by it.
        let settings = Settings::resolve(&selection(self), self.variables).ok()?;
        if let Endpoints::One(_) = settings.endpoints {
            return Some(String::new());
        }
        <[String; 1]>::try_from(settings.services().ok()?).ok().map(|[only]| only)
    }
}
