//! The endpoints of an environment: service to URL.

use serde_json::{Map, Value};

use super::keys::{ENDPOINTS, MAX_KEY};
use super::{EndpointUrl, Environment};
use crate::error::{Error, Result};
use crate::schema::did_you_mean::nearest;
use crate::schema::spaceone::{SERVICES, is_plugin_server, is_version, plugin_of};
use crate::secret;
use crate::text::value_ext::kind_of;

impl Environment {
    /// Each service and its unchecked URL, to print: a user and password in it are masked.
    pub fn endpoints(&self) -> Result<Vec<(String, String)>> {
        let endpoints = self.endpoint_values()?.into_iter().flatten();
        endpoints
            .map(|(service, url)| {
                let url = endpoint_text(service, url)?;
                Ok((service.clone(), secret::without_userinfo(url).unwrap_or_else(|| url.to_owned())))
            })
            .collect()
    }

    /// The endpoint of `service`; `None` if it has none.
    pub fn endpoint(&self, service: &str) -> Result<Option<EndpointUrl>> {
        let Some(url) = self.endpoint_values()?.and_then(|endpoints| endpoints.get(service)) else { return Ok(None) };
        let url = endpoint_text(service, url)?.parse::<EndpointUrl>();
        url.map(Some).map_err(|error| error.into_local().context(format_args!("`{ENDPOINTS}.{service}`")))
    }

    /// The first service whose endpoint exposes the key to others on the network; `None` without a key.
    pub fn exposed_endpoint(&self) -> Option<(String, EndpointUrl)> {
        if self.credential_keys().is_empty() {
            return None;
        }
        let services = self.endpoint_values().ok()??.keys().filter(|service| !is_plugin_server(service));
        let mut endpoints = services.filter_map(|service| Some((service.clone(), self.endpoint(service).ok()??)));
        endpoints.find(|(_, url)| url.is_exposed())
    }

    /// Whether the file has endpoints, valid or not.
    pub fn has_endpoints(&self) -> bool {
        !matches!(self.endpoint_values(), Ok(None))
    }

    /// Adds an endpoint for a service that has none yet.
    pub fn add_endpoint(&mut self, service: &str, url: &EndpointUrl) -> Result<()> {
        if self.endpoint_values()?.is_some_and(|endpoints| endpoints.contains_key(service)) {
            return Err(Error::local(format!("the service `{service}` has an endpoint already"))
                .hint(self.how_to_set_endpoint(service, Some(url.clone()))));
        }
        self.set_endpoint(service, url)
    }

    /// The hint at the command that sets the endpoint of `service`.
    pub(super) fn how_to_set_endpoint(&self, service: &str, url: Option<EndpointUrl>) -> String {
        let url = url.map_or_else(|| "grpc+ssl://HOST:443".to_owned(), |url| url.to_string());
        match self.endpoint_values() {
            Ok(Some(endpoints)) if endpoints.contains_key(service) => {
                format!("use `spacectl config set {ENDPOINTS}.{service} {url}` to change it")
            }
            _ => format!("use `spacectl config endpoint add {service} {url}`"),
        }
    }

    /// Removes a service's endpoint.
    pub fn remove_endpoint(&mut self, service: &str) -> Result<()> {
        self.endpoint_values()?;
        let endpoints = self.values.get_mut(ENDPOINTS).and_then(Value::as_object_mut);
        if endpoints.is_some_and(|endpoints| endpoints.shift_remove(service).is_some()) {
            return Ok(());
        }
        Err(self.no_endpoint(service))
    }

    /// The error that `service` has no endpoint here.
    pub(super) fn no_endpoint(&self, service: &str) -> Error {
        let services = self.endpoint_values().ok().flatten();
        let near = nearest(service, services.into_iter().flat_map(Map::keys).map(String::as_str));
        missing_service(service, format!("the service `{service}` has no endpoint"))
            .hints(near.map(|near| format!("did you mean `{near}`?")))
    }

    pub(super) fn set_endpoint(&mut self, service: &str, url: &EndpointUrl) -> Result<()> {
        let is_name =
            |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
        // In `plugin.v1.Plugin`, v1 is a version of the service `plugin`.
        let is_plugin =
            |name: &str| is_name(name) && !name.starts_with(|c: char| !c.is_alphabetic()) && !is_version(name);
        let is_valid = plugin_of(service).map_or_else(|| is_name(service), is_plugin);
        if service.len() > MAX_KEY || !is_valid {
            return Err(Error::usage(format!("`{service}` is not a valid name of a service")).hint(
                "use letters, digits, `_` and `-`, e.g. cost_analysis, or plugin.slack for a plugin's own server",
            ));
        }
        self.endpoint_values()?;
        let endpoints = self.values.entry(ENDPOINTS).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(endpoints) = endpoints {
            endpoints.insert(service.to_owned(), url.to_string().into());
        } else {
            // It is null, as checked above.
            *endpoints = Value::Object(Map::from_iter([(service.to_owned(), url.to_string().into())]));
        }
        Ok(())
    }

    /// The mapping of services to URLs; `None` where it is missing or empty.
    pub(super) fn endpoint_values(&self) -> Result<Option<&Map<String, Value>>> {
        match self.values.get(ENDPOINTS) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(endpoints)) => Ok((!endpoints.is_empty()).then_some(endpoints)),
            Some(other) => Err(Error::local(format!(
                "`{ENDPOINTS}` must be a mapping of services to URLs, and is {}",
                kind_of(other)
            ))),
        }
    }
}

fn endpoint_text<'a>(service: &str, url: &'a Value) -> Result<&'a str> {
    url.as_str().ok_or_else(|| Error::local(format!("`{ENDPOINTS}.{service}` must be a URL, and is {}", kind_of(url))))
}

/// The error that there is no `service`: a usage error, unless the name is one of the platform's.
pub(super) fn missing_service(service: &str, message: String) -> Error {
    if SERVICES.contains(&service) { Error::local(message) } else { Error::usage(message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(text: &str) -> Environment {
        Environment::parse(text.as_bytes(), "dev.yml").unwrap()
    }

    #[test]
    fn one_wrong_endpoint_does_not_stop_the_others() {
        let environment = environment("endpoints: {a: 'http://old', b: 'grpc://h:1'}");
        assert!(environment.endpoint("a").is_err());
        assert_eq!(environment.endpoint("b").unwrap().unwrap().port(), 1);
        assert_eq!(environment.endpoint("c").unwrap(), None);
        let shown = environment.endpoints().unwrap();
        assert_eq!(shown, [("a".into(), "http://old".into()), ("b".into(), "grpc://h:1".into())]);
    }

    #[test]
    fn an_endpoint_is_added_once() {
        let url: EndpointUrl = "grpc://h:1".parse().unwrap();
        for text in ["", "endpoints:\n", "endpoints: {}\n"] {
            let mut environment = environment(text);
            environment.add_endpoint("identity", &url).unwrap();
            assert_eq!(environment.endpoints().unwrap(), [("identity".into(), "grpc://h:1".into())]);
            let error = environment.add_endpoint("identity", &url).unwrap_err().to_string();
            assert!(error.contains("config set endpoints.identity grpc://h:1"), "{error}");
        }
        let mut wrong = environment("endpoints: [a]");
        assert!(wrong.add_endpoint("identity", &url).is_err());
        assert!(wrong.remove_endpoint("identity").is_err());
    }
}
