//! `config check`: tries all endpoints at the same time, each step by step.

mod row;

use futures_util::future::join_all;
use jiff::Timestamp;
use serde_json::Value;

use self::row::EndpointCheck;
use crate::cli::{ConfigCheck, Format};
use crate::commands::connector::{Connector, selection};
use crate::commands::output_options::OutputOptions;
use crate::commands::{Context, block_on};
use crate::config::{BUILT_IN, ConfigDir, Endpoints, Secret, Selection, Variables};
use crate::error::{Error, ErrorKind, Problem, Result};
use crate::grpc::metadata::Metadata;
use crate::output::view::Document;
use crate::query::timestamp;
use crate::secret::jwt;

const COLUMNS: &str = "service|Service,endpoint|Endpoint,connect|Connect,tls|TLS,reflection|Reflection,\
                       version|Version,token|Token,to_do|What to do";

pub fn run(args: &ConfigCheck, context: &mut Context<'_>) -> Result<()> {
    let columns = if args.all { format!("environment|Environment,{COLUMNS}") } else { COLUMNS.to_owned() };
    let is_text = !matches!(args.output, Format::Json | Format::Jsonl | Format::Yaml);
    let output = OutputOptions::parse(is_text.then_some(&columns), args.output)?.wrapping();
    let mut report = Report { is_text, ..Report::default() };
    // Every environment has its own endpoints.
    let endpoint = context.variables.endpoint.clone().filter(|_| !args.all);
    let variables = Variables { endpoint, ..context.variables.clone() };
    let context = &mut Context { global: context.global, variables: &variables, streams: &mut *context.streams };
    let mut checked = Vec::new();
    for selection in selections(args, context)? {
        match Connector::of(&selection, context) {
            Ok(connector) => checked.extend(CheckedEnvironment::prepare(connector, context, &mut report)),
            Err(error) if args.all => report.fail(&error),
            Err(error) => return Err(error),
        }
    }
    let rows = block_on(async { Ok(join_all(checked.iter().flat_map(CheckedEnvironment::rows)).await) })?;
    rows.into_iter().for_each(|row| report.add(row));
    output.write(Document::from_rows(report.rows), context.streams)?;
    Error::from_problems(ErrorKind::Local, report.problems).map_or(Ok(()), Err)
}

/// The environments to check.
fn selections(args: &ConfigCheck, context: &Context<'_>) -> Result<Vec<Selection>> {
    let selected = selection(context);
    if !args.all {
        return Ok(vec![selected]);
    }
    if selected.environment.is_some() || selected.endpoint.is_some() {
        return Err(Error::usage("--all checks every environment, and one is named").hint("omit one of the two"));
    }
    let names = ConfigDir::locate(context.variables)?.environments()?;
    Ok(names.iter().map(|name| Selection { environment: Some(name.to_string()), ..selected.clone() }).collect())
}

#[derive(Default)]
struct Report {
    /// Whether rows are cells for people, instead of values for programs.
    is_text: bool,
    rows: Vec<Value>,
    problems: Vec<Problem>,
}

impl Report {
    /// Adds the problems that are new: several endpoints may fail for the same reason.
    fn fail(&mut self, error: &Error) {
        for problem in error.problems() {
            if !self.problems.contains(problem) {
                self.problems.push(problem.clone());
            }
        }
    }

    fn add(&mut self, (checked, row): (&CheckedEnvironment, EndpointCheck)) {
        match &row.failure {
            Some(error) if checked.environment.is_empty() => self.fail(error),
            Some(error) => self.fail(&error.clone().context(&checked.environment)),
            None => {}
        }
        let key = checked.key.failure.as_ref().filter(|_| row.takes_key());
        let environment = &checked.environment;
        self.rows.push(if self.is_text { row.to_cells(environment, key) } else { row.to_value(environment, key) });
    }
}

/// An environment, ready to be checked.
struct CheckedEnvironment {
    connector: Connector,
    /// Its name; empty for an endpoint of the command line.
    environment: String,
    /// Each service with its endpoint, as in the file.
    endpoints: Vec<(String, String)>,
    key: CheckKey,
}

impl CheckedEnvironment {
    /// Fetches the key, once for all endpoints. `None` if there is nothing to check; the reason is reported.
    fn prepare(connector: Connector, context: &mut Context<'_>, report: &mut Report) -> Option<Self> {
        let settings = connector.settings();
        let environment = settings.environment.as_ref().map_or_else(String::new, |selected| selected.name.to_string());
        let endpoints = match endpoints(&settings.endpoints) {
            Ok(endpoints) => endpoints,
            Err(error) => {
                report.fail(&error.context(format_args!("environment `{environment}`")));
                return None;
            }
        };
        let key = CheckKey::fetch(&connector);
        if let Some(end) = key.expired {
            let whose = if environment.is_empty() { String::new() } else { format!(" for {environment}") };
            context.streams.diagnostics.warn(&format!("the key{whose} expired at {end}"));
        }
        if let Some(error) = &key.failure {
            report.fail(error);
        }
        Some(Self { connector, environment, endpoints, key })
    }

    fn rows(&self) -> impl Iterator<Item = impl Future<Output = (&Self, EndpointCheck)>> {
        self.endpoints.iter().map(move |(service, endpoint)| async move {
            (self, EndpointCheck::check(&self.connector, service, endpoint, &self.key).await)
        })
    }
}

/// Each service with its endpoint, as in the file.
fn endpoints(endpoints: &Endpoints) -> Result<Vec<(String, String)>> {
    match endpoints {
        Endpoints::Embedded => Ok(vec![("repository".to_owned(), BUILT_IN.to_owned())]),
        Endpoints::One(url) => Ok(vec![(String::new(), url.to_string())]),
        Endpoints::Configured(configured) => {
            let endpoints = configured.endpoints()?;
            if endpoints.is_empty() {
                return Err(Error::local("it has no endpoints")
                    .hint("add each with `spacectl config endpoint add SERVICE URL`"));
            }
            Ok(endpoints)
        }
    }
}

/// The key of an environment, fetched before the calls.
struct CheckKey {
    metadata: Metadata,
    /// The metadata without the key.
    without: Metadata,
    is_given: bool,
    /// When it expired, if it has.
    expired: Option<Timestamp>,
    /// Why it cannot be fetched.
    failure: Option<Error>,
}

impl CheckKey {
    fn fetch(connector: &Connector) -> Self {
        let (credential, mut failure) = match connector.credential() {
            Ok(credential) => (credential, None),
            Err(error) => (None, Some(error)),
        };
        let metadata = if failure.is_none() { connector.metadata() } else { Ok(Metadata::default()) };
        let metadata = metadata.unwrap_or_else(|error| {
            failure = Some(error);
            Metadata::default()
        });
        let without = connector.metadata_without_key().unwrap_or_default();
        let end = credential.map(Secret::expose).and_then(jwt::expiry);
        // The token of a session is renewed.
        let has_session = connector.settings().session.is_some();
        let expired = end.filter(|end| !has_session && *end <= timestamp::now());
        Self { metadata, without, is_given: has_session || credential.is_some(), expired, failure }
    }

    /// The credentials of an endpoint that gets no key.
    fn without_key(&self) -> Self {
        let without = self.without.clone();
        Self { metadata: without.clone(), without, is_given: false, expired: None, failure: None }
    }
}
