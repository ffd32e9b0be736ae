//! From what the user calls a resource to the resource.

use super::Context;
use super::connector::selection;
use crate::config::{ConfigDir, Endpoints, Settings};
use crate::error::Result;
use crate::resource::Resource;
use crate::resource::alias::{self, Own};

impl Context<'_> {
    /// The resource that the command line calls `text`.
    ///
    /// With a dot it is a resource as it stands, and no file is read for it. Without one it is, in this order: an alias,
    /// the user's own before the built-in ones; where there is only one service, behind `--endpoint` or in the
    /// environment, a resource of that; what is like an alias but for case, `-` and number; the only resource of that
    /// name which has an alias. Nothing is connected to: what there is shows when it is reached.
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
        let alike = alias::find_alike(text, &own);
        if let Some(service) = self.only_service() {
            return Ok(Resource::of_service(&service, text)?.otherwise(alike.unwrap_or_default()));
        }
        match alike? {
            Some(resource) => Ok(resource),
            None => alias::find_by_resource(text, &own)?.ok_or_else(|| alias::unknown(text, &own)),
        }
    }

    /// The user's own aliases. Where no folder for a configuration is known there are none.
    pub(super) fn own_aliases(&self) -> Result<Own> {
        ConfigDir::locate(self.variables).map_or_else(|_| Ok(Own::new()), |dir| dir.aliases())
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
