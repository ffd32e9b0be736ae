//! The environment of a login: the selected one, or a new one with the endpoints that identity offers.

use serde_json::{Value, json};

use crate::cli::Login;
use crate::commands::config::{DEFAULT_NAME, set_tls};
use crate::commands::connector::selection;
use crate::commands::identity::IdentityApi;
use crate::commands::{Context, confirm};
use crate::config::{ConfigDir, EndpointUrl, Environment, EnvironmentName, IDENTITY, ParseError};
use crate::error::{Error, Result};
use crate::terminal::prompt::Prompt;

/// The environment to log in to, and the endpoint of its identity service if it is new.
pub fn target(
    args: &Login,
    dir: &ConfigDir,
    context: &mut Context<'_>,
) -> Result<(EnvironmentName, Option<EndpointUrl>)> {
    let parse = |url: &str| url.parse::<EndpointUrl>().map_err(ParseError::into_usage);
    let url = args.url.as_deref().map(|url| parse(url).map_err(|error| error.context("--url"))).transpose()?;
    let named = selection(context).named(context.variables)?.map(|selected| selected.name);
    let selected = match (named, &url) {
        (None, None) => selection(context).find(context.variables, dir)?.map(|selected| selected.name),
        (named, _) => named,
    };
    let name = match selected {
        Some(name) => name,
        None => EnvironmentName::new(DEFAULT_NAME).map_err(ParseError::into_usage)?,
    };
    if name.is_built_in() && !dir.has(&name) {
        return Err(Error::usage(format!("the environment {name} is built in and needs no login"))
            .hint("name another one: `spacectl login -e NAME`"));
    }
    if let Some(environment) = dir.find(&name)? {
        let identity = environment.endpoint(IDENTITY)?;
        if let Some(url) = url.as_ref().filter(|url| identity.as_ref() != Some(url)) {
            let change = match &identity {
                Some(_) => format!("config set endpoints.{IDENTITY} {url}"),
                None => format!("config endpoint add {IDENTITY} {url}"),
            };
            return Err(Error::usage(format!("the environment {name} exists already, and --url is for a new one"))
                .hint(format!("omit --url, choose another name with -e, or `spacectl {change} -e {name}`")));
        }
        if identity.is_none() {
            return Err(Error::local(format!("the environment {name} has no endpoint of {IDENTITY} to log in at"))
                .hint(format!("add it with `spacectl config endpoint add {IDENTITY} URL -e {name}`")));
        }
        return Ok((name, None));
    }
    if let Some(url) = url {
        return Ok((name, Some(url)));
    }
    let Some(mut prompt) = Prompt::new(context.streams) else {
        // The name may be a misspelling of another's.
        let similar = if dir.environments()?.is_empty() { None } else { dir.load(&name).err() };
        let error = similar.unwrap_or_else(|| Error::local(format!("there is no environment {name} to log in to")));
        return Err(error.hint(format!("make one with `spacectl login -e {name} --url grpc+ssl://HOST:443`")));
    };
    prompt.say(&format!("There is no environment {name} yet."));
    let url = prompt.ask("Endpoint of its identity service (grpc+ssl://HOST:443)", parse)?;
    Ok((name, Some(url)))
}

/// An environment that is created once the login has succeeded.
pub struct NewEnvironment(Environment);

impl NewEnvironment {
    /// The endpoints that identity offers, confirmed; `url` is where identity was reached.
    pub async fn offered(
        api: &IdentityApi,
        url: &EndpointUrl,
        name: &EnvironmentName,
        is_confirmed: bool,
        context: &mut Context<'_>,
    ) -> Result<Self> {
        let response = api.call("Endpoint", "list", json!({}), None).await?;
        let rows = response.get("results").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let mut environment = Environment::default();
        environment.set(&format!("endpoints.{IDENTITY}"), &url.to_string())?;
        let diagnostics = &context.streams.diagnostics;
        diagnostics.done(&format!("{IDENTITY} at {url} offers:"));
        for row in rows {
            let text = |field: &str| row.get(field).and_then(Value::as_str).unwrap_or_default();
            let (service, endpoint) = (text("service"), text("endpoint"));
            if service.is_empty() || service == IDENTITY {
                continue;
            }
            match environment.set(&format!("endpoints.{service}"), endpoint) {
                Ok(()) => diagnostics.done(&format!("  {service} {endpoint}")),
                Err(error) => diagnostics.warn(&format!("{service} is left out: {}", error.problems()[0].message)),
            }
        }
        set_tls(&mut environment, &context.global.tls)?;
        if !is_confirmed {
            let fact = "these endpoints would be stored, and later calls send tokens there";
            let question = format!("Store these endpoints in the environment {name}, and send tokens there");
            confirm::agreement(&question, fact, context.streams)?;
        }
        Ok(Self(environment))
    }

    /// Creates it, and makes it the current one.
    pub fn create(self, dir: &ConfigDir, name: &EnvironmentName, context: &mut Context<'_>) -> Result<()> {
        dir.create_current(name, &self.0, false)?;
        let path = dir.file_of(name);
        context.streams.diagnostics.done(&format!("{name} is the current environment, stored in {}", path.display()));
        Ok(())
    }
}
