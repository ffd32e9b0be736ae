//! From what the user calls a resource to the resource.

use super::Context;
use crate::config::{ConfigDir, Endpoints, Selection, Settings};
use crate::error::Result;
use crate::resource::Resource;
use crate::resource::alias::{self, Own};

impl Context<'_> {
    /// The resource that the command line calls `text`.
    ///
    /// With a dot it is a resource as it stands, and no file is read for it. Without one it is, in this order: an alias,
    /// the user's own before the built-in ones; what is like an alias but for case, `-` and number; a resource of the
    /// only service that there is, behind `--endpoint` or in the environment; or the only known resource of that name.
    /// Nothing is connected to: whether there is such a resource shows when it is reached.
    ///
    /// # Errors
    /// A usage error that names the nearest aliases, or between which ones nothing decides; a broken file of aliases.
    pub(super) fn resource(&self, text: &str) -> Result<Resource> {
        if text.is_empty() || text.contains('.') {
            return Resource::parse(text);
        }
        let own = self.own_aliases()?;
        if let Some(resource) = alias::find(text, &own)? {
            return Ok(resource);
        }
        if let Some(service) = self.only_service() {
            return Resource::of_service(&service, text);
        }
        alias::find_by_resource(text, &own)?.ok_or_else(|| alias::unknown(text, &own))
    }

    /// The user's own aliases. Where no folder for a configuration is known there are none.
    pub(super) fn own_aliases(&self) -> Result<Own> {
        ConfigDir::locate(self.variables).map_or_else(|_| Ok(Own::new()), |dir| dir.aliases())
    }

    /// The service that a resource without one can only be of; the one behind `--endpoint` has an empty name.
    fn only_service(&self) -> Option<String> {
        let selection =
            Selection { environment: self.global.environment.clone(), endpoint: self.global.endpoint.clone() };
        // What is wrong with the configuration is told when something is called by it.
        let settings = Settings::resolve(&selection, self.variables).ok()?;
        if let Endpoints::One(_) = settings.endpoints {
            return Some(String::new());
        }
        <[String; 1]>::try_from(settings.services().ok()?).ok().map(|[only]| only)
    }
}
