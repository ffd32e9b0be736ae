//! From what the user calls a resource to the resource.

use super::Context;
use super::connector::selection;
use crate::config::{ConfigDir, Endpoints, Settings};
use crate::error::Result;
use crate::resource::Resource;
use crate::resource::alias::Own;

impl Context<'_> {
    /// The resource that the command line calls `text`, as of [`Resource::called`]. With a dot, no file is read for it.
    pub(super) fn resource(&self, text: &str) -> Result<Resource> {
        Resource::called(text, || self.own_aliases(), || self.only_service())
    }

    /// The user's own aliases. Where no folder for a configuration is known there are none, and so it is where that is
    /// closed to this user, who is told.
    pub(super) fn own_aliases(&self) -> Result<Own> {
        let Ok(dir) = ConfigDir::locate(self.variables) else { return Ok(Own::new()) };
        match dir.aliases() {
            Err(error) if dir.hides_aliases() => {
                let hints = error.problems().iter().flat_map(|problem| &problem.hints);
                let hints: String = hints.map(|hint| format!("; {hint}")).collect();
                self.streams.talk.warning(&format!("{}: the built-in short names are taken{hints}", error.summary()));
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
