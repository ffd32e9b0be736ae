//! The settings of one call: flag over variable over file.

use std::path::PathBuf;

use super::endpoints::missing_service;
use super::keys::{API_KEY, TOKEN};
use super::{
    BUILT_IN, ConfigDir, Credential, EndpointUrl, Environment, EnvironmentName, ParseError, Secret,
    SelectedEnvironment, Selection, SelectionSource, UsedSession, Variables, file, metadata, registry_of_built_in,
};
use crate::error::{Error, Result};
use crate::fs::{check_only_user_can_change, shared_mode, shell_word};
use crate::grpc::metadata::{Metadata, MetadataEntry};
use crate::net::tls::TlsSettings;
use crate::oci::RegistryUrl;

/// The only service of the built-in environment.
const REPOSITORY: &str = "repository";

/// Where the services are, and what is sent with a call.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The environment in use; `None` for a call by `--endpoint` without one.
    pub environment: Option<SelectedEnvironment>,
    pub endpoints: Endpoints,
    /// What is sent as `token`, or what gives it.
    pub credential: Option<Credential>,
    /// Where the key comes from, or has to be set.
    pub key_origin: KeyOrigin,
    /// The session whose access token is the key.
    pub session: Option<UsedSession>,
    /// What is sent as `x_domain_id`.
    pub x_domain_id: Option<String>,
    /// What is sent as `x_workspace_id`.
    pub x_workspace_id: Option<String>,
    /// What else is sent, the environment's entries before those of flags.
    pub metadata: Vec<MetadataEntry>,
    /// The certificates of TLS connections.
    pub tls: TlsSettings,
    /// The image registry of the embedded service.
    pub registry: Option<RegistryUrl>,
    /// What to warn the user about before the call.
    pub warnings: Vec<String>,
    /// The environment that is named and not used, as `SPACECTL_ENDPOINT` outranks it.
    pub unused_environment: Option<SelectedEnvironment>,
    /// The variables whose values are used instead of an environment's.
    pub variables: Vec<&'static str>,
}

/// The variable that names the endpoint of every call.
pub const ENDPOINT_VARIABLE: &str = "SPACECTL_ENDPOINT";

/// Where the key of calls is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyOrigin {
    /// `SPACECTL_API_KEY`: it is set, or there is no environment that could have a key.
    Variable,
    /// A key of the environment's file.
    Environment {
        key: &'static str,
        /// The environment, if a flag or variable selected it.
        name: Option<EnvironmentName>,
    },
    /// The file that `api_key_file` names.
    File(PathBuf),
    /// `api_key_command`.
    Command,
    /// The session of `spacectl login` for this environment.
    Session(EnvironmentName),
}

impl KeyOrigin {
    /// How to set `what`, a key.
    pub fn advice(&self, what: &str) -> String {
        match self {
            Self::Variable => format!("set {what} in SPACECTL_API_KEY"),
            Self::Environment { key, name } => {
                let flag = name.as_ref().map(|name| format!(" -e {name}")).unwrap_or_default();
                format!("set {what} with `spacectl config set {key} -{flag}`")
            }
            Self::File(path) => format!("write {what} to {}", path.display()),
            Self::Command => format!("check api_key_command, which has to print {what}"),
            Self::Session(name) => format!("log in again with `spacectl login -e {name}`"),
        }
    }
}

/// Where the services are.
#[derive(Clone, Debug)]
pub enum Endpoints {
    /// The embedded Repository service.
    Embedded,
    /// Every service is at this URL.
    One(EndpointUrl),
    /// Each service has its own endpoint.
    Configured(Environment),
}

/// Where one service is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// The embedded Repository service.
    Embedded,
    Url(EndpointUrl),
}

impl Settings {
    /// Applies flag over variable over file.
    ///
    /// - **`--endpoint URL`** needs no configuration. Credentials, domain, workspace and client certificate then come
    ///   from flags, `SPACECTL_API_KEY` and an environment that a flag or variable names, never from the current one:
    ///   the key of one installation must not be sent to any host in a URL.
    /// - **`SPACECTL_ENDPOINT`** outranks every environment, also a named one, of which nothing is used: whoever types
    ///   `-e` may have forgotten the variable, and must not send that key elsewhere.
    /// - **`local`** is built in and needs no file. A user of the Python client may have an `environments/local.yml`
    ///   with endpoints: it overrides the built-in one, with a warning, so that a call does not silently go elsewhere
    ///   than before. A file without endpoints may only set the `registry`.
    pub fn resolve(selection: &Selection, variables: &Variables) -> Result<Self> {
        let by_variable = selection.endpoint.is_none() && variables.endpoint.is_some();
        let source = if by_variable { ENDPOINT_VARIABLE } else { "--endpoint" };
        let endpoint = selection.endpoint.as_ref().or(variables.endpoint.as_ref());
        let endpoint = endpoint.map(|url| url.parse::<EndpointUrl>()).transpose();
        let endpoint = endpoint.map_err(|error| error.into_usage().context(source))?;
        // An error only if a file is needed: an endpoint and the built-in environment need none.
        let dir = ConfigDir::locate(variables);

        let named = selection.named(variables)?;
        let (selected, unused_environment) = match (named, &endpoint) {
            (named, Some(_)) if by_variable => (None, named),
            (Some(named), _) => (Some(named), None),
            (None, Some(_)) => (None, None),
            (None, None) => {
                let selected = selection.require(variables, dir.as_ref().map_err(Clone::clone)?);
                let other = "or call one service without a configuration: --endpoint URL";
                (Some(selected.map_err(|error| error.hint(other))?), None)
            }
        };

        let key = variables.api_key.as_ref().map(|key| metadata::value("SPACECTL_API_KEY", key.expose()));
        let key = key.transpose().map_err(ParseError::into_local)?.flatten();
        let mut settings = Self {
            environment: None,
            endpoints: Endpoints::Embedded,
            credential: key.map(Secret::new).map(Credential::Value),
            key_origin: KeyOrigin::Variable,
            session: None,
            x_domain_id: None,
            x_workspace_id: None,
            metadata: Vec::new(),
            tls: TlsSettings::default(),
            registry: None,
            warnings: Vec::new(),
            unused_environment,
            variables: by_variable.then_some(ENDPOINT_VARIABLE).into_iter().collect(),
        };
        let uses_session = !selection.without_session;
        if let Some(selected) = selected {
            if settings.credential.is_none() {
                let is_named = matches!(selected.source, SelectionSource::Flag | SelectionSource::Variable);
                let name = is_named.then(|| selected.name.clone());
                settings.key_origin = KeyOrigin::Environment { key: API_KEY, name };
            }
            if selected.name.is_built_in() {
                let (file, warning) = dir.as_ref().map_or(Ok((None, None)), ConfigDir::find_built_in)?;
                settings.warnings.extend(warning);
                if let Ok(dir) = &dir
                    && let Some(environment) = file.filter(Environment::has_endpoints)
                {
                    settings.warnings.push(format!(
                        "`{BUILT_IN}` is the environment in {}, not the built-in one: rename the file to use that",
                        dir.file_of(&selected.name).display()
                    ));
                    settings.apply(environment, &selected.name, dir, variables, uses_session)?;
                } else {
                    settings.registry = registry_of_built_in(variables)?;
                }
            } else {
                let dir = dir?;
                let environment = dir.find(&selected.name)?.ok_or_else(|| not_found(&dir, &selected))?;
                settings.apply(environment, &selected.name, &dir, variables, uses_session)?;
            }
            settings.environment = Some(selected);
        }
        if let Some(url) = endpoint {
            settings.endpoints = Endpoints::One(url);
        }
        for (flag, given, variable, set, sent) in [
            (
                "--domain-id",
                &selection.domain_id,
                "SPACECTL_DOMAIN_ID",
                &variables.domain_id,
                &mut settings.x_domain_id,
            ),
            (
                "--workspace-id",
                &selection.workspace_id,
                "SPACECTL_WORKSPACE_ID",
                &variables.workspace_id,
                &mut settings.x_workspace_id,
            ),
        ] {
            let (source, text) = match (given, set) {
                (Some(text), _) => (flag, text),
                (None, Some(text)) => (variable, text),
                (None, None) => continue,
            };
            let id = metadata::value(source, text).map_err(ParseError::into_usage)?;
            // An error: a script whose variable is unset would silently work on another domain.
            let id = id.ok_or_else(|| Error::usage(format!("{source} is empty")).hint("omit it, or give an id"))?;
            *sent = Some(id.to_owned());
            settings.variables.extend((source == variable).then_some(variable));
        }
        settings.use_token_of_session();
        for header in &selection.headers {
            settings.metadata.push(MetadataEntry::parse(header).map_err(|error| error.into_usage().context("-H"))?);
        }
        Ok(settings)
    }

    /// Applies the file's settings; a credential that is set already stays.
    fn apply(
        &mut self,
        environment: Environment,
        name: &EnvironmentName,
        dir: &ConfigDir,
        variables: &Variables,
        uses_session: bool,
    ) -> Result<()> {
        let path = dir.file_of(name);
        let in_file = |error: Error| error.context(path.display());
        self.x_domain_id = environment.x_domain_id().map_err(in_file)?.map(str::to_owned);
        self.x_workspace_id = environment.x_workspace_id().map_err(in_file)?.map(str::to_owned);
        if self.credential.is_none() && !(uses_session && self.use_session(name, &environment, dir)?) {
            let folder = path.parent().unwrap_or(dir.path());
            self.credential = environment.credential(folder, variables.home.as_deref()).map_err(in_file)?;
            let keys = environment.credential_keys();
            if let (KeyOrigin::Environment { key, .. }, Some(&TOKEN)) = (&mut self.key_origin, keys.first()) {
                *key = TOKEN;
            }
            if let [first, others @ ..] = &keys[..]
                && !others.is_empty()
            {
                let others = others.join(" and ");
                self.warnings.push(format!("{}: {first} is used, and {others} is not", path.display()));
            }
            match &self.credential {
                Some(Credential::File(key)) => {
                    self.warnings.extend(file::exposure(key));
                    // It is not run, but says where the key is sent.
                    if shared_mode(&path).is_some_and(|mode| mode & 0o022 != 0) {
                        self.warnings.push(format!(
                            "{}: others can change this file, which says where the key of api_key_file is sent: run \
                             `chmod go-w {}`",
                            path.display(),
                            shell_word(&path)
                        ));
                    }
                    self.key_origin = KeyOrigin::File(key.clone());
                }
                Some(Credential::Command(_)) => {
                    check_only_user_can_change(&path, variables.home.as_deref())
                        .map_err(|error| in_file(error.context("api_key_command is not run")))?;
                    self.key_origin = KeyOrigin::Command;
                }
                Some(Credential::Value(_)) | None => {}
            }
        }
        self.metadata = environment.metadata().map_err(in_file)?;
        self.tls = environment.tls(&path, variables.home.as_deref()).map_err(in_file)?;
        self.warnings.extend(dir.exposure(name, &environment));
        self.endpoints = Endpoints::Configured(environment);
        Ok(())
    }

    /// What is sent with each call, `key` as its token.
    ///
    /// # Errors
    /// A value cannot be sent; it is not shown.
    pub fn call_metadata(&self, key: Option<&Secret>) -> Result<Metadata> {
        let (domain, workspace) = (self.x_domain_id.as_deref(), self.x_workspace_id.as_deref());
        Metadata::new(key.map(Secret::expose), domain, workspace)?.with_entries(&self.metadata)
    }

    /// The environment whose file has the endpoints; `None` if they are not from a file.
    pub fn configured_in(&self) -> Option<&EnvironmentName> {
        let selected = self.environment.as_ref()?;
        matches!(self.endpoints, Endpoints::Configured(_)).then_some(&selected.name)
    }

    /// Where `service` is; errors name the environment.
    pub fn destination(&self, service: &str) -> Result<Destination> {
        self.destination_in_environment(service).map_err(|error| match (&self.endpoints, &self.environment) {
            (Endpoints::Configured(_), Some(selected)) => {
                error.context(format_args!("environment `{}`", selected.name))
            }
            _ => error,
        })
    }

    /// Like [`Settings::destination`], without the environment in errors.
    pub fn destination_in_environment(&self, service: &str) -> Result<Destination> {
        match &self.endpoints {
            Endpoints::One(url) => Ok(Destination::Url(url.clone())),
            Endpoints::Embedded if service == REPOSITORY => Ok(Destination::Embedded),
            Endpoints::Embedded => {
                let message = format!("the built-in environment `{BUILT_IN}` has no service `{service}`");
                Err(missing_service(service, message)
                    .hint(format!("it has `{REPOSITORY}` only; name another environment with --environment NAME")))
            }
            Endpoints::Configured(environment) => match environment.endpoint(service)? {
                Some(url) => Ok(Destination::Url(url)),
                None => Err(environment.no_endpoint(service).hint(format!(
                    "add it with `spacectl config endpoint add {service} URL`, or use --endpoint URL for this call"
                ))),
            },
        }
    }

    /// The services with an endpoint, in the file's order; empty with `--endpoint`.
    pub fn services(&self) -> Result<Vec<String>> {
        match &self.endpoints {
            Endpoints::Embedded => Ok(vec![REPOSITORY.to_owned()]),
            Endpoints::One(_) => Ok(Vec::new()),
            Endpoints::Configured(environment) => {
                Ok(environment.endpoints()?.into_iter().map(|(service, _)| service).collect())
            }
        }
    }
}

/// The error that the selected environment does not exist, with what named it.
fn not_found(dir: &ConfigDir, selected: &SelectedEnvironment) -> Error {
    let source = Some(selected.source).filter(|source| *source != SelectionSource::Flag);
    dir.not_found(&selected.name).hints(source.map(|source| format!("it is named by {source}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tempfile::TempDir;

    /// A home whose current environment is `prod`.
    fn configured() -> (TempDir, Variables) {
        let home = tempfile::tempdir().unwrap();
        let variables = Variables { home: Some(home.path().into()), ..Variables::default() };
        write(
            &home,
            "environments/prod.yml",
            "token: prod-key\nx_domain_id: prod-domain\nx_workspace_id: w\ncert: prod.pem\n\
             endpoints: {identity: 'grpc+ssl://prod:443', wrong: 'http://x'}\n",
        );
        write(&home, "environments/dev.yml", "api_key: dev-key\nendpoints:\n  identity: grpc://dev:1\n");
        write(&home, "environment.yml", "environment: prod\n");
        (home, variables)
    }

    fn write(home: &TempDir, file: &str, text: &str) {
        let path = home.path().join(".spaceone").join(file);
        super::super::file::make_folder(path.parent().unwrap()).unwrap();
        super::super::file::replace(&path, text).unwrap();
    }

    fn flags(environment: Option<&str>, endpoint: Option<&str>) -> Selection {
        Selection {
            environment: environment.map(str::to_owned),
            endpoint: endpoint.map(str::to_owned),
            ..Selection::default()
        }
    }

    fn key(settings: &Settings) -> Option<&str> {
        settings.credential.as_ref().map(|credential| match credential {
            Credential::Value(secret) => secret.expose(),
            other => panic!("{other:?} is not the key itself"),
        })
    }

    fn url(settings: &Settings, service: &str) -> String {
        match settings.destination(service).unwrap() {
            Destination::Embedded => "embedded".into(),
            Destination::Url(url) => url.to_string(),
        }
    }

    #[test]
    fn an_environment_gives_all_that_its_file_says() {
        let (_home, variables) = configured();
        let settings = Settings::resolve(&Selection::default(), &variables).unwrap();
        assert_eq!(settings.environment.as_ref().unwrap().source, SelectionSource::Current);
        assert_eq!(key(&settings), Some("prod-key"));
        assert_eq!(settings.x_domain_id.as_deref(), Some("prod-domain"));
        assert_eq!(settings.x_workspace_id.as_deref(), Some("w"));
        assert_eq!(url(&settings, "identity"), "grpc+ssl://prod:443");
        assert_eq!(settings.services().unwrap(), ["identity", "wrong"]);
        assert_eq!(settings.warnings, [""; 0]);
        assert!(!format!("{settings:?}").contains("prod-key"));
    }

    #[test]
    fn the_key_of_one_installation_does_not_go_to_another_host() {
        const URL: &str = "grpc://elsewhere:1";
        let (_home, without) = configured();
        let named = Variables { environment: Some("prod".into()), ..without.clone() };
        let keyed = Variables { api_key: Some(Secret::new(" my-key\n")), ..without.clone() };
        let defaulted = Variables { default_environment: Some("prod".into()), ..without.clone() };
        for (flag, endpoint, variables, sent, domain) in [
            (None, None, &without, Some("prod-key"), Some("prod-domain")),
            (Some("dev"), None, &without, Some("dev-key"), None),
            (None, None, &keyed, Some("my-key"), Some("prod-domain")),
            (Some("dev"), None, &keyed, Some("my-key"), None),
            (None, Some(URL), &without, None, None),
            (None, Some(URL), &defaulted, None, None),
            (None, Some(URL), &keyed, Some("my-key"), None),
            (None, Some(URL), &named, Some("prod-key"), Some("prod-domain")),
            (Some("dev"), Some(URL), &named, Some("dev-key"), None),
            (Some("prod"), Some(URL), &keyed, Some("my-key"), Some("prod-domain")),
            (Some("local"), Some(URL), &without, None, None),
        ] {
            let settings = Settings::resolve(&flags(flag, endpoint), variables).unwrap();
            assert_eq!(key(&settings), sent, "{flag:?} {endpoint:?}");
            assert_eq!(settings.x_domain_id.as_deref(), domain, "{flag:?} {endpoint:?}");
            // The client certificate is prod's, as the domain is.
            assert_eq!(settings.tls.first_given().is_some(), domain.is_some(), "{flag:?} {endpoint:?}");
            if endpoint.is_some() {
                assert_eq!(url(&settings, "anything"), URL);
                assert_eq!(settings.services().unwrap(), [""; 0]);
            }
        }
    }

    #[test]
    fn neither_an_endpoint_nor_the_built_in_environment_needs_a_configuration() {
        let nothing = Variables::default();
        let settings = Settings::resolve(&flags(None, Some("grpc://h:1")), &nothing).unwrap();
        assert_eq!(url(&settings, "x"), "grpc://h:1");
        assert_eq!(settings.environment, None);

        let by_variable = Variables { environment: Some("local".into()), ..nothing.clone() };
        for (selection, variables) in [(flags(Some("local"), None), &nothing), (Selection::default(), &by_variable)] {
            let settings = Settings::resolve(&selection, variables).unwrap();
            assert_eq!(url(&settings, "repository"), "embedded");
            assert_eq!(settings.services().unwrap(), ["repository"]);
            let error = settings.destination("identity").unwrap_err().to_string();
            assert!(error.contains("`local` has no service `identity`"), "{error}");
        }
        assert!(Settings::resolve(&Selection::default(), &nothing).is_err());
    }

    #[test]
    fn even_a_broken_configuration_does_not_stop_an_endpoint() {
        let (home, variables) = configured();
        write(&home, "environment.yml", "[\n");
        write(&home, "environments/prod.yml", "[\n");
        Settings::resolve(&flags(None, Some("grpc://h:1")), &variables).unwrap();
        Settings::resolve(&flags(Some("local"), None), &variables).unwrap();
        assert!(Settings::resolve(&Selection::default(), &variables).is_err());
        // Named by the user, it counts.
        assert!(Settings::resolve(&flags(Some("prod"), Some("grpc://h:1")), &variables).is_err());
    }

    #[test]
    fn a_file_called_local_outranks_the_built_in_environment_if_it_has_endpoints() {
        let (home, variables) = configured();
        write(&home, "environments/local.yml", "token: t\n");
        let settings = Settings::resolve(&flags(Some("local"), None), &variables).unwrap();
        assert_eq!((url(&settings, "repository").as_str(), key(&settings)), ("embedded", None));
        assert_eq!(settings.warnings, [""; 0]);

        write(&home, "environments/local.yml", "token: t\nendpoints: {repository: 'grpc://minikube:1'}\n");
        let settings = Settings::resolve(&flags(Some("local"), None), &variables).unwrap();
        assert_eq!((url(&settings, "repository").as_str(), key(&settings)), ("grpc://minikube:1", Some("t")));
        assert!(settings.warnings[0].contains("local.yml, not the built-in one"), "{:?}", settings.warnings);
    }

    #[test]
    fn a_missing_endpoint_is_answered_with_what_to_do() {
        let (_home, variables) = configured();
        let settings = Settings::resolve(&Selection::default(), &variables).unwrap();
        let error = settings.destination("identify").unwrap_err().to_string();
        for part in ["environment `prod`", "did you mean `identity`?", "config endpoint add identify URL", "--endpoint"]
        {
            assert!(error.contains(part), "{part}: {error}");
        }
        let error = settings.destination("wrong").unwrap_err();
        assert_eq!(error.exit_code(), 1);
        assert!(error.to_string().contains("environment `prod`: `endpoints.wrong`: `http://x`"), "{error}");
    }

    #[test]
    fn a_missing_environment_is_told_with_what_named_it() {
        let (home, mut variables) = configured();
        write(&home, "environment.yml", "environment: gone\n");
        let error = Settings::resolve(&Selection::default(), &variables).unwrap_err().to_string();
        assert!(error.contains("no environment `gone`") && error.contains("named by environment.yml"), "{error}");
        variables.environment = Some("lost".into());
        let error = Settings::resolve(&Selection::default(), &variables).unwrap_err().to_string();
        assert!(error.contains("no environment `lost`") && error.contains("named by SPACECTL_ENVIRONMENT"), "{error}");
        let error = Settings::resolve(&flags(Some("none"), None), &variables).unwrap_err().to_string();
        assert!(error.contains("no environment `none`") && !error.contains("named by"), "{error}");
    }

    #[test]
    fn what_cannot_be_used_is_refused_without_showing_a_secret() {
        let (home, mut variables) = configured();
        let error = Settings::resolve(&flags(None, Some("http://x")), &variables).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().starts_with("error: --endpoint: `http://x`"), "{error}");

        variables.api_key = Some(Secret::new("hunter\n2"));
        let error = Settings::resolve(&Selection::default(), &variables).unwrap_err().to_string();
        assert!(error.contains("SPACECTL_API_KEY") && !error.contains("hunter"), "{error}");

        variables.api_key = None;
        write(&home, "environments/prod.yml", "token: \"hunter\\n2\"\n");
        let error = Settings::resolve(&Selection::default(), &variables).unwrap_err().to_string();
        assert!(error.contains("prod.yml: `token` holds") && !error.contains("hunter"), "{error}");
        // What is outranked is not looked at.
        variables.api_key = Some(Secret::new("k"));
        assert_eq!(key(&Settings::resolve(&Selection::default(), &variables).unwrap()), Some("k"));
    }

    #[test]
    fn a_readable_key_is_warned_about() {
        use std::os::unix::fs::PermissionsExt;
        let (home, variables) = configured();
        let path = home.path().join(".spaceone/environments/prod.yml");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let settings = Settings::resolve(&Selection::default(), &variables).unwrap();
        assert!(settings.warnings[0].contains("chmod 600"), "{:?}", settings.warnings);
    }
}
