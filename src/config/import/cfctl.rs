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
//! An environment has one endpoint. Where it is a service's own, cfctl puts another service's name in the place of the
//! host's first label (`cost_analysis` becomes `cost-analysis`); where it is a console's address, cfctl asks there for the
//! services' each time. What `cfctl login` fetches for environments called `-user` lies in a cache and is short-lived.

use serde_json::{Map, Value};

use super::{Content, Import, Taken};
use crate::config::EndpointUrl;
use crate::error::{Error, Result};
use crate::schema::spaceone::SERVICES;
use crate::schema::value_ext::kind_of;
use crate::secret;

/// The file in cfctl's folder.
pub(super) const FILE: &str = "setting.yaml";
pub(super) const ENVIRONMENTS: &str = "environments";
const CURRENT: &str = "environment";
const ENDPOINT: &str = "endpoint";
const TOKEN: &str = "token";
/// What stands for a token before one is set.
const NO_TOKEN: &str = "no_token";
/// The labels that a host needs before cfctl exchanges the first one.
const LABELS: usize = 4;

pub(super) fn settings(values: Map<String, Value>) -> Result<Import> {
    let mut import = Import { content: Content::Several(Vec::new()), current: None, left: Vec::new() };
    for (key, value) in values {
        match (key.as_str(), value) {
            (ENVIRONMENTS, Value::Object(environments)) => {
                let several = environments.into_iter().map(|(name, value)| {
                    let taken =
                        taken(&name, value).map_err(|error| error.context(format_args!("environment `{name}`")))?;
                    Ok((name, taken))
                });
                import.content = Content::Several(several.collect::<Result<Vec<_>>>()?);
            }
            (ENVIRONMENTS, Value::Null) => {}
            (ENVIRONMENTS, other) => {
                return Err(Error::local(format!("`{ENVIRONMENTS}` must be a mapping, and is {}", kind_of(&other))));
            }
            (CURRENT, Value::String(name)) => import.current = Some(name),
            (CURRENT, _) => {}
            _ => import.left.push(key),
        }
    }
    match &import.content {
        Content::Several(several) if several.is_empty() => Err(Error::local("there is no environment in it")),
        _ => Ok(import),
    }
}

fn taken(name: &str, value: Value) -> Result<Taken> {
    let Value::Object(values) = value else {
        return Err(Error::local(format!("expected a mapping, found {}", kind_of(&value))));
    };
    let mut taken = Taken::default();
    for (key, value) in values {
        match (key.as_str(), value) {
            (ENDPOINT, Value::String(url)) => taken.endpoint(&url)?,
            (TOKEN, Value::String(token)) if token == NO_TOKEN => {
                taken.left.push(format!("{TOKEN}, which is none yet"))
            }
            (TOKEN, token) => drop(taken.environment.values.insert(TOKEN.into(), token)),
            _ => taken.left.push(key),
        }
    }
    if name.ends_with("-user") {
        taken.left.push("what `cfctl login` keeps in its cache, which is short-lived".into());
    }
    if taken.environment.credential_keys().is_empty() {
        taken.notes.push("it has no key: set one with `spacectl config set api_key -`".into());
    }
    Ok(taken)
}

impl Taken {
    fn endpoint(&mut self, text: &str) -> Result<()> {
        if ["http://", "https://"].iter().any(|scheme| text.starts_with(scheme)) {
            let shown = secret::without_userinfo(text).unwrap_or_else(|| text.to_owned());
            self.left.push(format!("{ENDPOINT} {shown}, which is a console's and not a service's"));
            self.notes.push(
                "it has no endpoints: add each with `spacectl config endpoint add SERVICE URL`, \
                 or import the YAML that the console offers for spacectl"
                    .into(),
            );
            return Ok(());
        }
        let url: EndpointUrl = text.parse().map_err(|error: crate::error::parse_error::ParseError| {
            error.into_local().context(format_args!("`{ENDPOINT}`"))
        })?;
        let label = url.host().split('.').next().unwrap_or_default();
        let Some(own) = SERVICES.iter().find(|service| label_of(service) == label) else {
            self.left.push(format!("{ENDPOINT} {url}, which names no service"));
            self.notes.push(format!("add it to each service with `spacectl config endpoint add SERVICE {url}`"));
            return Ok(());
        };
        if url.host().split('.').count() < LABELS {
            return self.environment.set_endpoint(own, &url);
        }
        for service in SERVICES {
            self.environment.set_endpoint(service, &beside(&url, service)?)?;
        }
        self.notes.push(format!(
            "its endpoints are made from the one of {own}, as cfctl does: `spacectl config check` tells which there are"
        ));
        Ok(())
    }
}

/// The service's name as the label of a host.
fn label_of(service: &str) -> String {
    service.replace('_', "-")
}

/// Where `service` is, if `url` is another service's.
fn beside(url: &EndpointUrl, service: &str) -> Result<EndpointUrl> {
    let domain = url.host().split_once('.').map_or("", |(_, domain)| domain);
    let scheme = if url.is_tls() { "grpc+ssl" } else { "grpc" };
    let text = format!("{scheme}://{}.{domain}:{}", label_of(service), url.port());
    text.parse().map_err(crate::error::parse_error::ParseError::into_local)
}
