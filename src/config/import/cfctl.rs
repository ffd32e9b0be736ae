//! cfctl's `~/.cfctl/setting.yaml`.
//!
//! ```yaml
//! environment: prod-app
//! environments:
//!     prod-app:
//!         endpoint: grpc+ssl://identity.api.example.com:443
//!         proxy: true
//!         token: ...
//! aliases: ...
//! ```
//!
//! An environment has one endpoint. If it is a service's own, cfctl reaches another service by its name in place of the
//! host's first label (`cost_analysis` becomes `cost-analysis`). If it is a console's address, cfctl asks there for the
//! services' endpoints each time. The tokens of `cfctl login` are in a cache and short-lived.

use serde_json::{Map, Value};

use super::{Import, ImportedEnvironment};
use crate::config::{EndpointUrl, ParseError};
use crate::error::{Error, Result};
use crate::schema::spaceone::SERVICES;
use crate::secret;
use crate::text::value_ext::kind_of;

/// The file in cfctl's folder.
pub(super) const FILE: &str = "setting.yaml";
pub(super) const ENVIRONMENTS: &str = "environments";
const CURRENT: &str = "environment";
const ENDPOINT: &str = "endpoint";
const TOKEN: &str = "token";
/// The value of a token that is not set yet.
const NO_TOKEN: &str = "no_token";
/// The labels that a host needs before cfctl replaces the first one.
const LABELS: usize = 4;

pub(super) fn read(values: Map<String, Value>) -> Result<Import> {
    let mut import = Import { environments: Vec::new(), is_single: false, current: None, ignored: Vec::new() };
    for (key, value) in values {
        match (key.as_str(), value) {
            (ENVIRONMENTS, Value::Object(environments)) => {
                for (name, value) in environments {
                    let imported = read_environment(&name, value)
                        .map_err(|error| error.context(format_args!("environment `{name}`")))?;
                    import.environments.push((name, imported));
                }
            }
            (ENVIRONMENTS, Value::Null) => {}
            (ENVIRONMENTS, other) => {
                return Err(Error::local(format!("`{ENVIRONMENTS}` must be a mapping, and is {}", kind_of(&other))));
            }
            (CURRENT, value) => import.current = value.as_str().map(str::to_owned),
            _ => import.ignored.push(key),
        }
    }
    if import.environments.is_empty() { Err(Error::local("there is no environment in it")) } else { Ok(import) }
}

fn read_environment(name: &str, value: Value) -> Result<ImportedEnvironment> {
    let Value::Object(values) = value else {
        return Err(Error::local(format!("expected a mapping, found {}", kind_of(&value))));
    };
    let mut imported = ImportedEnvironment::default();
    for (key, value) in values {
        match (key.as_str(), value) {
            (ENDPOINT, Value::String(url)) => imported.add_cfctl_endpoint(&url)?,
            (TOKEN, Value::String(token)) if token == NO_TOKEN => {
                imported.ignored.push(format!("{TOKEN}, which is not set yet"));
            }
            (TOKEN, token) => drop(imported.environment.values.insert(TOKEN.into(), token)),
            _ => imported.ignored.push(key),
        }
    }
    if name.ends_with("-user") {
        imported.ignored.push("what `cfctl login` keeps in its cache, which is short-lived".into());
    }
    if imported.environment.credential_keys().is_empty() {
        imported.notes.push("it has no key: set one with `spacectl config set api_key -`".into());
    }
    Ok(imported)
}

impl ImportedEnvironment {
    fn add_cfctl_endpoint(&mut self, text: &str) -> Result<()> {
        if ["http://", "https://"].iter().any(|scheme| text.starts_with(scheme)) {
            let shown = secret::without_userinfo(text).unwrap_or_else(|| text.to_owned());
            self.ignored.push(format!("{ENDPOINT} {shown}, which is a console's and not a service's"));
            self.notes.push(
                "it has no endpoints: add each with `spacectl config endpoint add SERVICE URL`, \
                 or import the YAML that the console offers for spacectl"
                    .into(),
            );
            return Ok(());
        }
        let url = text.parse::<EndpointUrl>();
        let url = url.map_err(|error| error.into_local().context(format_args!("`{ENDPOINT}`")))?;
        let label = url.host().split('.').next().unwrap_or_default();
        let Some(own) = SERVICES.iter().find(|service| label_of(service) == label) else {
            self.ignored.push(format!("{ENDPOINT} {url}, which names no service"));
            self.notes.push(format!("add it to each service with `spacectl config endpoint add SERVICE {url}`"));
            return Ok(());
        };
        if url.host().split('.').count() < LABELS {
            return self.environment.set_endpoint(own, &url);
        }
        for service in SERVICES {
            self.environment.set_endpoint(service, &sibling(&url, service)?)?;
        }
        self.notes.push(format!(
            "its endpoints are derived from the one of {own}, as in cfctl: `spacectl config check` shows which exist"
        ));
        Ok(())
    }
}

/// The service's name as the label of a host.
fn label_of(service: &str) -> String {
    service.replace('_', "-")
}

/// The endpoint of `service`, if `url` is another service's.
fn sibling(url: &EndpointUrl, service: &str) -> Result<EndpointUrl> {
    let domain = url.host().split_once('.').map_or("", |(_, domain)| domain);
    let scheme = if url.is_tls() { "grpc+ssl" } else { "grpc" };
    format!("{scheme}://{}.{domain}:{}", label_of(service), url.port()).parse().map_err(ParseError::into_local)
}
