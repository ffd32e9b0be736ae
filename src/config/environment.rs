//! One environment's file: its keys and values, checked where used.

use std::fmt;
use std::io::Read;
use std::path::Path;

use serde_json::{Map, Value};

use super::keys::{
    API_KEY_FILE, DOMAIN, ENDPOINTS, KEYS, KnownKey, MAX_KEY, METADATA, REGISTRY, SettingKind, WORKSPACE, key_names,
    kind_of_key,
};
use super::{EndpointUrl, ParseError, file, metadata, yaml};
use crate::error::{Error, ErrorKind, Problem, Result};
use crate::grpc::metadata::MetadataEntry;
use crate::oci::RegistryUrl;
use crate::schema::did_you_mean::{misspelt, nearest};
use crate::schema::spaceone::SERVICES;
use crate::secret::{self, MASK};
use crate::text::quoted_list;
use crate::text::value_ext::kind_of;

/// The keys and values of one environment, in the file's order; unknown keys are preserved.
///
/// A value is checked when it is asked for, so that a wrong one does not stop what does not need it, and can be set
/// again. Errors name keys and kinds of values, never a value: it may be a secret.
#[derive(Clone, Default, PartialEq)]
pub struct Environment {
    pub(super) values: Map<String, Value>,
}

/// Shows what [`Environment::masked`] shows.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Environment").field(&self.masked()).finish()
    }
}

impl Environment {
    /// Reads YAML of at most 1 MiB. `source` names it in errors: a file's path, or `stdin`.
    pub fn read(reader: impl Read, source: &str) -> Result<Self> {
        Self::parse(&file::read_from(reader, source)?, source)
    }

    pub(super) fn parse(bytes: &[u8], source: &str) -> Result<Self> {
        Ok(Self { values: yaml::parse(bytes, source)? })
    }

    pub(super) fn to_yaml(&self) -> String {
        yaml::to_text(&self.values)
    }

    /// Checks everything that this program reads; the error has all problems.
    pub fn check(&self) -> Result<()> {
        let mut problems: Vec<Problem> = Vec::new();
        let mut note = |result: Result<()>| problems.extend(result.err().iter().flat_map(Error::problems).cloned());
        for KnownKey { name, kind, .. } in KEYS {
            match kind {
                SettingKind::Registry => note(self.registry().map(drop)),
                SettingKind::Endpoints => match self.endpoint_values() {
                    Ok(endpoints) => {
                        let services = endpoints.into_iter().flat_map(Map::keys);
                        services.for_each(|service| note(self.endpoint(service).map(drop)));
                    }
                    Err(error) => note(Err(error)),
                },
                SettingKind::Entries => note(self.metadata().map(drop)),
                _ => note(self.text(name).map(drop)),
            }
        }
        Error::from_problems(ErrorKind::Local, problems).map_or(Ok(()), Err)
    }

    /// The domain that is sent with each call.
    pub fn x_domain_id(&self) -> Result<Option<&str>> {
        self.text(DOMAIN)
    }

    /// The workspace that is sent with each call.
    pub fn x_workspace_id(&self) -> Result<Option<&str>> {
        self.text(WORKSPACE)
    }

    /// The image registry that the embedded Repository service asks.
    pub fn registry(&self) -> Result<Option<RegistryUrl>> {
        let url = self.text(REGISTRY)?.map(str::parse::<RegistryUrl>).transpose();
        url.map_err(|error| error.into_local().context(format_args!("`{REGISTRY}`")))
    }

    /// The trimmed and checked text of a key; `None` if it is missing or empty.
    pub(super) fn text(&self, key: &str) -> Result<Option<&str>> {
        match self.values.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => check_text(key, kind_of_key(key), text).map_err(ParseError::into_local),
            Some(other) => {
                let error = Error::local(format!("`{key}` must be text, and is {}", kind_of(other)));
                Err(if other.is_number() || other.is_boolean() { error.hint("put it into quotes") } else { error })
            }
        }
    }

    /// Sets a key to a text.
    ///
    /// `endpoints.SERVICE` sets that service's URL. Every other key is one of the file's top, dots included, as in the
    /// Python client. See [`Environment::warning_of`] for keys that nothing reads.
    pub fn set(&mut self, key: &str, text: &str) -> Result<()> {
        self.check_key(key, text)?;
        if let Some(service) = service_of(key) {
            let url: EndpointUrl = text.parse().map_err(ParseError::into_usage)?;
            return self.set_endpoint(service, &url);
        }
        if let Some(name) = metadata::name_of(key) {
            return self.set_metadata(&MetadataEntry::new(name, text).map_err(ParseError::into_usage)?);
        }
        let text = settable_text(key, text).map_err(ParseError::into_usage)?;
        self.values.insert(key.to_owned(), text.into());
        Ok(())
    }

    /// Checks that `key` can be set to a text: it is neither a service nor a misspelt key. `text` is shown only if it
    /// is a URL.
    pub fn check_key(&self, key: &str, text: &str) -> Result<()> {
        if key == METADATA {
            return Err(Error::usage("`metadata` holds several entries and cannot be set as a whole")
                .hint("use `spacectl config set metadata.NAME VALUE`"));
        }
        if let Some(name) = metadata::name_of(key) {
            MetadataEntry::check_name(name).map_err(ParseError::into_usage)?;
        }
        if Self::is_known(key) && key != ENDPOINTS || service_of(key).or(metadata::name_of(key)).is_some() {
            return Ok(());
        }
        if key.is_empty() || key.len() > MAX_KEY || key.chars().any(char::is_control) {
            let rule = format!("a key is 1 to {MAX_KEY} bytes without control characters");
            return Err(Error::usage("this cannot be a key").hint(rule));
        }
        let unknown = Error::usage(format!("`{key}` is not a key: each service has its own URL"));
        let url = text.parse::<EndpointUrl>().ok();
        if key == ENDPOINTS || key == "endpoint" {
            return Err(unknown.hint(self.how_to_set_endpoint(SERVICES[0], url)));
        }
        let service = key.strip_prefix("endpoint.").or((SERVICES.contains(&key) || url.is_some()).then_some(key));
        if let Some(service) = service {
            return Err(unknown.hint(self.how_to_set_endpoint(service, url)));
        }
        let Some(known) = misspelt(key, key_names()) else { return Ok(()) };
        let value = if secret::names_a_secret(known) { "-" } else { "VALUE" };
        Err(Error::usage(format!("nothing reads the key `{key}`: did you mean `{known}`?"))
            .hint(format!("use `spacectl config set {known} {value}`")))
    }

    /// Refuses a key that resembles one that is read. Of another program's keys, those that are set already can be set
    /// again; `config edit` takes every one that is not misspelt.
    pub fn check_likeness(&self, key: &str) -> Result<()> {
        if self.values.contains_key(key) || Self::warning_of(key).is_none() {
            return Ok(());
        }
        // Of short ones, only misspelt keys are near: `cache` is not `ca`.
        let names = || key_names().filter(|name| name.len() > 4);
        let Some(known) = nearest(key, names()).or_else(|| nearest(&format!("x_{key}"), names())) else {
            return Ok(());
        };
        let value = if secret::names_a_secret(known) { "-" } else { "VALUE" };
        Err(Error::usage(format!("nothing reads the key `{key}`: did you mean `{known}`?"))
            .hint(format!("use `spacectl config set {known} {value}`"))
            .hint(format!("if another program reads `{key}`, add it with `spacectl config edit`")))
    }

    /// Makes relative paths, which start at `folder`, absolute. Returns the new `api_key_file` if it changed.
    pub fn make_paths_absolute(&mut self, folder: &Path) -> Result<Option<String>> {
        let folder = std::path::absolute(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })
            .map_err(|error| Error::local(format!("cannot find the folder {}", folder.display())).cause(error))?;
        let mut key_file = None;
        for KnownKey { name: key, .. } in KEYS.into_iter().filter(|key| key.kind == SettingKind::Path) {
            if let Some(Value::String(text)) = self.values.get_mut(key)
                && !text.trim().is_empty()
                && !secret::is_pem(text)
            {
                let path = absolute_text(key, text.trim(), &folder).map_err(ParseError::into_local)?;
                key_file = key_file.or((key == API_KEY_FILE && path != text.trim()).then(|| path.clone()));
                *text = path;
            }
        }
        Ok(key_file)
    }

    /// Removes a key, or with `endpoints.SERVICE` one endpoint.
    pub fn remove(&mut self, key: &str) -> Result<()> {
        // The Python client's `set` writes a dotted key as such, so one may be there.
        if self.values.shift_remove(key).is_some() {
            return Ok(());
        }
        if let Some(name) = metadata::name_of(key)
            && let Some(Value::Object(entries)) = self.values.get_mut(METADATA)
            && entries.shift_remove(name).is_some()
        {
            return Ok(());
        }
        match service_of(key) {
            Some(service) => self.remove_endpoint(service),
            None => Err(self.not_set(key)),
        }
    }

    /// Whether this program reads `key`.
    pub(super) fn is_known(key: &str) -> bool {
        kind_of_key(key).is_some()
    }

    /// A warning for a key that is set by hand and that this program does not read.
    pub fn warning_of(key: &str) -> Option<String> {
        let is_read = Self::is_known(key) || service_of(key).or(metadata::name_of(key)).is_some();
        (!is_read).then(|| match Self::known_key_like(key) {
            Some(known) => format!("nothing reads the key `{key}`: did you mean `{known}`?"),
            None => {
                let keys = quoted_list(key_names());
                format!("nothing reads the key `{key}`: those that are read are {keys}")
            }
        })
    }

    /// The known key that `key`, an unknown one, most resembles: worth a warning also where `key` comes with a whole
    /// file, which may be another program's.
    pub fn known_key_like(key: &str) -> Option<&'static str> {
        if Self::is_known(key) || service_of(key).is_some() {
            return None;
        }
        nearest(key.split('.').next().unwrap_or(key), key_names()).filter(|known| *known != key)
    }

    /// The value of a key, or with `endpoints.SERVICE` one endpoint; a secret, or the secrets in it, masked unless
    /// `show_secrets`.
    pub fn get(&self, key: &str, show_secrets: bool) -> Result<Value> {
        let mut values = if show_secrets { self.values.clone() } else { self.masked() };
        // As in `remove`, a dotted key may be there as such.
        if let Some(value) = values.swap_remove(key).filter(|value| !value.is_null()) {
            return Ok(value);
        }
        if let Some(name) = metadata::name_of(key) {
            let entry = values.get_mut(METADATA).and_then(Value::as_object_mut);
            return entry.and_then(|entries| entries.swap_remove(name)).ok_or_else(|| self.not_set(key));
        }
        if let Some(service) = service_of(key) {
            let endpoints = values.get_mut(ENDPOINTS).and_then(Value::as_object_mut);
            return endpoints
                .and_then(|endpoints| endpoints.swap_remove(service))
                .ok_or_else(|| self.no_endpoint(service));
        }
        Err(self.not_set(key))
    }

    fn not_set(&self, key: &str) -> Error {
        let endpoints = self.endpoint_values().ok().flatten();
        let endpoints = endpoints.into_iter().flat_map(Map::keys).map(|service| format!("{ENDPOINTS}.{service}"));
        let set: Vec<String> = self.values.keys().cloned().chain(endpoints).collect();
        let near = nearest(key, set.iter().map(String::as_str));
        Error::local(format!("`{key}` is not set")).hints(near.map(|near| format!("did you mean `{near}`?")))
    }

    /// The keys that [`Environment::set`] checks, each with a line of help; endpoints left out.
    pub fn settable_keys() -> impl Iterator<Item = (&'static str, &'static str)> {
        KEYS.iter().map(|key| (key.name, key.help)).filter(|(key, _)| ![ENDPOINTS, METADATA].contains(key))
    }

    /// Every key as `config set` takes it, with a line of help.
    pub fn key_help() -> impl Iterator<Item = (String, &'static str)> {
        KEYS.iter().map(|key| (key.to_set(), key.help))
    }

    /// Everything, secrets included.
    pub fn values(&self) -> &Map<String, Value> {
        &self.values
    }

    /// Everything, with [`super::MASK`] in the place of secrets.
    pub fn masked(&self) -> Map<String, Value> {
        self.mask().0
    }

    /// Whether there is a secret to keep from others.
    pub fn holds_secret(&self) -> bool {
        self.mask().1
    }

    fn mask(&self) -> (Map<String, Value>, bool) {
        let mut masked = self.values.clone();
        let mut found = false;
        for (key, value) in &mut masked {
            match value {
                // Its keys are names of services, and one of SpaceONE's services is called `secret`.
                Value::Object(endpoints) if key == ENDPOINTS => {
                    endpoints.values_mut().for_each(|url| found |= secret::mask_value(ENDPOINTS, url));
                }
                // Each may be a key of a proxy.
                Value::Object(entries) if key == METADATA => {
                    entries.values_mut().for_each(|value| *value = MASK.into());
                    found |= !entries.is_empty();
                }
                value => {
                    found |= secret::mask_value(key, value);
                    // `api_kye` most likely holds a key, too.
                    if let Some(known) = Self::known_key_like(key) {
                        found |= secret::mask_value(known, value);
                    }
                }
            }
        }
        (masked, found)
    }
}

/// The service of the key `endpoints.SERVICE`.
pub fn service_of(key: &str) -> Option<&str> {
    key.strip_prefix(ENDPOINTS)?.strip_prefix('.')
}

/// `text` without blanks around it, if it can be the value of `key`; `None` if nothing is left.
fn check_text<'a>(key: &str, kind: Option<SettingKind>, text: &'a str) -> Result<Option<&'a str>, ParseError> {
    if kind == Some(SettingKind::Metadata) {
        return metadata::value(&format!("`{key}`"), text);
    }
    let text = text.trim();
    if kind == Some(SettingKind::Path) && secret::is_pem(text) {
        let hint = format!("save the PEM in a file that only you can read, and set `{key}` to that file's path");
        return Err(ParseError::new(format!("`{key}` takes a file's path, and this is PEM itself")).hint(hint));
    }
    if text.contains(char::is_control) {
        return Err(ParseError::new(format!("`{key}` holds a line break or another control character"))
            .hint("write it on one line"));
    }
    Ok((!text.is_empty()).then_some(text))
}

/// `text` as `config set` writes it. A relative path starts at the current folder, and is written such that it leads to
/// the same file from everywhere.
fn settable_text(key: &str, text: &str) -> Result<String, ParseError> {
    let Some(kind) = kind_of_key(key) else { return Ok(text.to_owned()) };
    let text = check_text(key, Some(kind), text)?.ok_or_else(|| {
        ParseError::new(format!("`{key}` would be empty")).hint(format!("use `spacectl config remove {key}`"))
    })?;
    match kind {
        SettingKind::Registry => text.parse::<RegistryUrl>().map(|url| url.to_string()),
        SettingKind::Path => {
            let here = std::env::current_dir().map_err(|error| {
                ParseError::new(format!("the folder that `{key}` is relative to is not known: {error}"))
                    .hint("give a full path")
            })?;
            absolute_text(key, text, &here)
        }
        _ => Ok(text.to_owned()),
    }
}

/// A relative path as one that starts with `folder`; `~/` stays.
fn absolute_text(key: &str, text: &str, folder: &Path) -> Result<String, ParseError> {
    if text.starts_with("~/") {
        return Ok(text.to_owned());
    }
    let path = folder.join(text).into_os_string().into_string();
    path.map_err(|path| ParseError::new(format!("`{key}`: the path {} is not UTF-8", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::MASK;
    use serde_json::json;

    fn environment(text: &str) -> Environment {
        Environment::parse(text.as_bytes(), "dev.yml").unwrap()
    }

    #[test]
    fn a_file_of_the_python_client_is_read_and_written_as_it_is() {
        let text = "api_key: eyJhbGciOi.J9-_x\nendpoints:\n  identity: grpc+ssl://identity.example.com:443\n  \
                    repository: grpc://localhost:50051/v1\nx_domain_id: domain-58010aa2e451\n";
        let environment = environment(text);
        assert_eq!(environment.to_yaml(), text);
        assert_eq!(environment.x_domain_id().unwrap(), Some("domain-58010aa2e451"));
        assert_eq!(environment.x_workspace_id().unwrap(), None);
        let url = environment.endpoint("repository").unwrap().unwrap();
        assert_eq!(url.to_string(), "grpc://localhost:50051");
        environment.check().unwrap();
    }

    #[test]
    fn unknown_keys_and_the_order_survive_a_change() {
        let mut environment = environment("zeta: [1, {a: b}]\ntoken: t\nalpha: null\n");
        environment.set("token", "u").unwrap();
        environment.set("beta", "c").unwrap();
        environment.remove("alpha").unwrap();
        assert_eq!(environment.to_yaml(), "zeta:\n- 1\n- a: b\ntoken: u\nbeta: c\n");
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_told_by_key_and_kind_only() {
        for (text, said) in [
            ("token: 12345", "`token` must be text, and is a number"),
            ("api_key: {hunter2: hunter2}", "`api_key` must be text, and is a mapping"),
            ("x_domain_id: [hunter2]", "`x_domain_id` must be text, and is a list"),
            ("x_workspace_id: true", "`x_workspace_id` must be text, and is true or false"),
            ("api_key: \"hunter2\\nhunter2\"", "`api_key` holds a line break"),
            ("endpoints: hunter2", "`endpoints` must be a mapping of services to URLs, and is text"),
            ("endpoints: {identity: 12}", "`endpoints.identity` must be a URL, and is a number"),
            ("endpoints: {identity: null}", "`endpoints.identity` must be a URL, and is nothing"),
            ("endpoints: {identity: 'https://x'}", "`endpoints.identity`: `https://x` is not a valid endpoint"),
            ("endpoints: {identity: 'grpc://u:hunter2@x'}", "`endpoints.identity`: an endpoint cannot hold a user"),
        ] {
            let error = environment(text).check().unwrap_err();
            assert_eq!(error.exit_code(), 1);
            assert!(error.problems()[0].message.starts_with(said), "{text}: {error}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
            assert!(!error.to_string().contains("12345"), "{error}");
        }
    }

    #[test]
    fn a_check_tells_all_that_is_wrong() {
        let error = environment("token: 1\nx_domain_id: 2\nendpoints: {a: x, b: 'grpc://h:1', c: 3}").check();
        assert_eq!(error.unwrap_err().problems().len(), 4);
    }

    #[test]
    fn set_checks_the_keys_that_are_read() {
        let mut environment = Environment::default();
        environment.set("api_key", "  eyJ \n").unwrap();
        environment.set("endpoints.repository", "grpc+ssl://h").unwrap();
        environment.set("a.b", "no").unwrap();
        let expected = json!({"api_key": "eyJ", "endpoints": {"repository": "grpc+ssl://h:443"}, "a.b": "no"});
        assert_eq!(Value::Object(environment.values().clone()), expected);

        for (key, text, said) in [
            ("endpoints", "grpc://h:1", "config set endpoints.repository grpc://h:1"),
            ("endpoints.", "grpc://h:1", "name of a service"),
            ("endpoints.a.b", "grpc://h:1", "name of a service"),
            ("endpoints.a b", "grpc://h:1", "name of a service"),
            ("endpoints.a", "h:1", "no scheme"),
            ("api_key", "", "config remove api_key"),
            ("token", "a\nb", "line break"),
            ("", "x", "cannot be a key"),
            ("a\nb", "x", "cannot be a key"),
        ] {
            let error = environment.set(key, text).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{key}");
            assert!(error.to_string().contains(said), "{key}: {error}");
        }
        assert_eq!(Value::Object(environment.values().clone()), expected);
    }

    #[test]
    fn remove_says_when_there_is_nothing_to_remove() {
        let mut environment = environment("api_key: k\nendpoints: {identity: x}\nendpoints.flat: y\n");
        let error = environment.remove("apikey").unwrap_err().to_string();
        assert_eq!(error, "error: `apikey` is not set\nhint: did you mean `api_key`?");
        let error = environment.remove("endpoints.identify").unwrap_err().to_string();
        assert_eq!(error, "error: the service `identify` has no endpoint\nhint: did you mean `identity`?");
        environment.remove("endpoints.flat").unwrap();
        environment.remove("endpoints.identity").unwrap();
        environment.remove("api_key").unwrap();
        assert_eq!(environment.to_yaml(), "endpoints: {}\n");
        assert!(!environment.has_endpoints());
    }

    #[test]
    fn secrets_are_masked_and_the_endpoint_of_the_service_secret_is_not() {
        let environment = environment(
            "api_key: hunter2\nx: {password: hunter2}\n\
             endpoints: {secret: 'grpc://h:1', token: 'grpc://u:hunter2@h:1'}",
        );
        let masked = Value::Object(environment.masked());
        assert_eq!(
            masked,
            json!({
                "api_key": MASK, "x": {"password": MASK},
                "endpoints": {"secret": "grpc://h:1", "token": "grpc://********@h:1"},
            })
        );
        assert!(!format!("{environment:?}").contains("hunter2"));
        assert_eq!(environment.endpoints().unwrap()[1].1, "grpc://********@h:1");
        assert!(environment.holds_secret());
    }

    #[test]
    fn an_environment_of_endpoints_holds_no_secret() {
        assert!(!environment("x_domain_id: d\nendpoints: {secret: 'grpc://h:1'}").holds_secret());
        assert!(!environment("api_key: ''").holds_secret());
    }

    #[test]
    fn a_slip_in_a_key_is_noticed() {
        for (key, like) in [
            ("apikey", Some("api_key")),
            ("api-key", Some("api_key")),
            ("endpoint.repository", Some("endpoints")),
            ("api_key", None),
            ("endpoints.repository", None),
            ("colour", None),
        ] {
            assert_eq!(Environment::known_key_like(key), like, "{key}");
        }
    }

    #[test]
    fn what_is_set_by_hand_is_warned_of_unless_it_is_read() {
        for key in key_names().chain(["endpoints.repository"]) {
            assert_eq!(Environment::warning_of(key), None, "{key}");
        }
        let warning = |key| Environment::warning_of(key).unwrap_or_default();
        assert_eq!(warning("apikey"), "nothing reads the key `apikey`: did you mean `api_key`?");
        assert!(warning("foo").starts_with("nothing reads the key `foo`: those that are read are `api_key`, "));
    }
}
