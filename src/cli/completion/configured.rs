//! Candidates from the configuration: environments, services, keys, aliases.

use super::context::{Context, push_new};
use super::remote::RemoteServices;
use super::shell::Candidate;
use crate::config::{BUILT_IN, ConfigDir, Environment};
use crate::output::view::TableTemplate;
use crate::schema::resource::alias::{self, Own};

impl Context {
    pub(super) fn environments(&self) -> Vec<Candidate> {
        let mut candidates = vec![Candidate::new(BUILT_IN, "the embedded Repository service")];
        if let Some(dir) = self.config_dir() {
            let current = dir.current().ok().flatten();
            for name in dir.environments().unwrap_or_default().iter().filter(|name| !name.is_built_in()) {
                let help = if current.as_ref() == Some(name) { "current" } else { "" };
                candidates.push(Candidate::new(name.as_str(), help));
            }
        }
        candidates
    }

    fn config_dir(&self) -> Option<ConfigDir> {
        ConfigDir::locate(&self.variables).ok()
    }

    /// The names and endpoints of all services in all environments, each with its environment.
    fn all_endpoints(&self) -> Vec<(String, Environment, String)> {
        let Some(dir) = self.config_dir() else { return Vec::new() };
        let mut all = Vec::new();
        for name in dir.environments().unwrap_or_default() {
            let Ok(environment) = dir.load(&name) else { continue };
            for (service, _) in environment.endpoints().unwrap_or_default() {
                all.push((name.to_string(), environment.clone(), service));
            }
        }
        all
    }

    /// The environment that this line works on, as its file says.
    fn selected_environment(&self) -> Option<Environment> {
        let dir = self.config_dir()?;
        let selected = self.selection().find(&self.variables, &dir).ok()??;
        dir.load(&selected.name).ok()
    }

    /// The URLs of the configuration.
    pub(super) fn endpoints(&self) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        for (name, environment, service) in self.all_endpoints() {
            // Only valid endpoints: nothing else, such as a password in a URL, is shown.
            if let Ok(Some(url)) = environment.endpoint(&service) {
                push_new(&mut candidates, Candidate::new(&url.to_string(), &format!("{service} of {name}")));
            }
        }
        candidates
    }

    /// The services of the environment; where one is added, those of the other environments.
    pub(super) fn services(&self) -> Vec<Candidate> {
        if self.commands().first() != Some(&"config") {
            let services = self.remote().map(RemoteServices::services).unwrap_or_default();
            return services.iter().map(|name| Candidate::new(name, "")).collect();
        }
        let own = self.selected_environment().and_then(|own| own.endpoints().ok()).unwrap_or_default();
        if self.commands().last() != Some(&"add") {
            return own.iter().map(|(service, url)| Candidate::new(service, url)).collect();
        }
        let mut candidates = Vec::new();
        for (name, _, service) in self.all_endpoints() {
            if own.iter().all(|(known, _)| *known != service) {
                push_new(&mut candidates, Candidate::new(&service, &format!("as in {name}")));
            }
        }
        candidates
    }

    /// The keys of the environment: those that can be set, or those that are.
    pub(super) fn keys(&self) -> Vec<Candidate> {
        let environment = self.selected_environment().unwrap_or_default();
        let endpoints = environment.endpoints().unwrap_or_default();
        let endpoints = endpoints.iter().map(|(service, url)| Candidate::new(&format!("endpoints.{service}"), url));
        if matches!(self.commands().last(), Some(&("remove" | "get"))) {
            return environment.values().keys().map(|key| Candidate::new(key, "")).chain(endpoints).collect();
        }
        Environment::settable_keys().map(|(key, help)| Candidate::new(key, help)).chain(endpoints).collect()
    }

    pub(super) fn own_aliases(&self) -> Own {
        self.config_dir().and_then(|dir| dir.aliases().ok()).unwrap_or_default()
    }

    /// The aliases of resources of `services`, or of any if that is empty. Their help is the resource.
    pub(super) fn aliases(&self, services: &[String]) -> Vec<Candidate> {
        let own = self.own_aliases();
        let is_offered = |target: &str| {
            let service = target.split('.').next().unwrap_or_default();
            services.is_empty() || services.iter().any(|known| known == service)
        };
        let aliases = alias::all(&own).filter(|(_, target)| is_offered(target));
        aliases.map(|(name, target)| Candidate::new(name, target)).collect()
    }

    /// The resources with a template of the user's, and, to show one, those with a built-in template.
    pub(super) fn templates(&self, word: &str, with_built_in: bool) -> Vec<Candidate> {
        let names = self.config_dir().and_then(|dir| dir.templates().ok()).unwrap_or_default();
        let mut candidates: Vec<Candidate> = names.iter().map(|name| Candidate::new(name.as_str(), "set")).collect();
        for name in TableTemplate::built_in_resources().filter(|_| with_built_in) {
            push_new(&mut candidates, Candidate::new(name, "built in"));
        }
        if !word.is_empty() && !word.contains('.') {
            let mut aliases = self.aliases(&[]);
            aliases.retain(|alias| candidates.iter().any(|resource| resource.value == alias.help));
            candidates.extend(aliases);
        }
        candidates
    }
}
