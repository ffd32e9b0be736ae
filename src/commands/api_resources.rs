//! `api-resources`: the resources and verbs that endpoints describe.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

use super::connector::Connector;
use super::{Context, block_on};
use crate::cli::{API_RESOURCES_COLUMNS as COLUMNS, ApiResources, Format};
use crate::commands::output_options::{self, OutputOptions};
use crate::error::{Error, Result};
use crate::grpc::reflection;
use crate::grpc::reflection::DescribedServer;
use crate::output::view::Document;
use crate::schema::did_you_mean::{hint_at_field, hint_at_name};
use crate::schema::resource;
use crate::schema::resource::alias;
use crate::schema::resource::alias::Own;
use crate::schema::resource::{Named, is_reflection, service_among};

/// What the Python client shows, under its headers.
const TABLE: &str = "service|Service,resource|Resource,short_names|Short Names,verbs|Verb";
/// What other commands take.
const QUIET: &str = "name";

/// How many services are asked at the same time. A platform has about twenty, and each answers for all its resources.
const AT_ONCE: usize = 8;

/// The longest wait for one endpoint, unless the user waits without end.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long the rows of the endpoints that have answered wait for those of the others, so that most tables are one.
const GRACE: Duration = Duration::from_millis(500);

pub fn run(args: &ApiResources, context: &mut Context<'_>) -> Result<()> {
    let columns = args.columns.as_deref().or(output_options::columns(args.output, TABLE, QUIET));
    let options = OutputOptions::parse(columns, args.output)?.wrapping();
    check_columns(&options)?;
    let own = context.own_aliases().unwrap_or_else(|error| {
        // What the endpoints offer is not in that file.
        context.streams.diagnostics.warn(&error.summary());
        Own::new()
    });
    let connector = Connector::new(context)?;
    let known = connector.services()?;
    // A single endpoint tells of all its services, and which these are is known only then.
    let is_single = known.iter().any(String::is_empty);
    let services = if is_single { known } else { wanted(&args.service, known)? };
    if services.is_empty() {
        context
            .streams
            .diagnostics
            .note("there are no endpoints: add one with `spacectl config endpoint add SERVICE URL`");
    }
    // A command that prints the key may take longer than an endpoint; its failure is reported for each of them.
    let _ = connector.metadata();
    let is_one_document = matches!(args.output, Format::Json | Format::Yaml);
    let in_text = !is_one_document && args.output != Format::Jsonl;
    let diagnostics = context.streams.diagnostics.clone();
    let mut writer = options.writer(context.streams);
    // Several services can share an endpoint, which describes them all each time: each is shown once.
    let mut shown: BTreeSet<Offered> = BTreeSet::new();
    let mut offered: BTreeSet<Offered> = BTreeSet::new();
    let mut undescribed = BTreeSet::new();
    let mut failures = Vec::new();
    let mut has_answer = false;
    let document = |rows: &BTreeSet<Offered>| {
        options.select(Document::from_rows(rows.iter().map(|resource| resource.to_row(&own, in_text))))
    };
    block_on(async {
        let asked = stream::iter(&services).map(async |service| (service, ask(&connector, service).await));
        let mut answers = asked.buffer_unordered(AT_ONCE);
        let mut grace = std::pin::pin!(tokio::time::sleep(GRACE));
        loop {
            let answer = tokio::select! {
                answer = answers.next() => answer,
                () = &mut grace, if shown.is_empty() && !offered.is_empty() && !is_one_document => {
                    writer.write(document(&offered))?;
                    writer.flush()?;
                    shown = std::mem::take(&mut offered);
                    continue;
                }
            };
            let Some((service, answer)) = answer else { break };
            match answer {
                Ok((endpoint, described)) => {
                    has_answer = true;
                    offered.extend(resources(service, &connector, &described));
                    undescribed.extend(gaps(&endpoint, &described));
                }
                Err(error) if service.is_empty() => failures.push(error),
                Err(error) => failures.push(error.context(service)),
            }
            // One dead endpoint does not hide the others; but if none answers, that is the answer.
            if has_answer {
                failures.drain(..).for_each(|failure| diagnostics.warn(&failure.summary()));
            }
        }
        Ok(())
    })?;
    if let Some(first) = failures.first() {
        let problems = failures.iter().flat_map(|failure| failure.problems().iter().cloned()).collect();
        return Err(Error::from_problems(first.kind(), problems).unwrap_or_else(|| first.clone()));
    }
    undescribed.iter().for_each(|gap| diagnostics.warn(gap));
    if is_single {
        let known: BTreeSet<&str> = offered.iter().map(|resource| resource.service.as_str()).collect();
        let known = known.into_iter().filter(|service| !service.is_empty() || args.service.is_empty());
        let wanted = wanted(&args.service, known.map(str::to_owned).collect())?;
        offered.retain(|resource| wanted.contains(&resource.service));
    }
    offered.retain(|resource| !shown.contains(resource));
    if shown.is_empty() || !offered.is_empty() {
        writer.write(document(&offered))?;
    }
    writer.finish()
}

/// What the endpoint of `service` describes, and how errors name it.
async fn ask(connector: &Connector, service: &str) -> Result<(String, DescribedServer)> {
    let caller = connector.connect(service).await?;
    let described = reflection::describe_all(&caller, PATIENCE).await?;
    Ok((caller.endpoint().to_owned(), described))
}

/// The services of `known` that were asked for, each once; all where none were.
fn wanted(asked: &[String], known: Vec<String>) -> Result<Vec<String>> {
    if asked.is_empty() {
        return Ok(known);
    }
    let mut wanted = Vec::with_capacity(asked.len());
    for service in asked {
        let found = service_among(service, &known)?.ok_or_else(|| {
            let names: Vec<&str> = known.iter().map(String::as_str).collect();
            Error::usage(format!("there is no service {service:?}")).hint(hint_at_name(service, &names))
        })?;
        if !wanted.contains(&found) {
            wanted.push(found);
        }
    }
    Ok(wanted)
}

/// Something that can be called; ordered as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Offered {
    service: String,
    resource: String,
    full_name: String,
    /// What can be typed for it.
    name: String,
    /// The same with its version.
    versioned: Option<String>,
    /// In the order of the API.
    verbs: Vec<String>,
}

impl Offered {
    /// The row; in text, lists are one cell, their items split by commas.
    fn to_row(&self, own: &Own, in_text: bool) -> Value {
        let mut names: Vec<&str> =
            self.versioned.iter().map(String::as_str).chain([&*self.name, &self.full_name]).collect();
        names.sort_unstable();
        names.dedup();
        let mut short_names: Vec<&str> = names.into_iter().flat_map(|name| alias::of_resource(name, own)).collect();
        short_names.sort_unstable();
        let list = |items: Vec<&str>| if in_text { json!(items.join(", ")) } else { json!(items) };
        json!({
            "service": self.service,
            "resource": self.resource,
            "name": self.name,
            "full_name": self.full_name,
            "short_names": list(short_names),
            "verbs": list(self.verbs.iter().map(String::as_str).collect()),
        })
    }
}

fn check_columns(options: &OutputOptions) -> Result<()> {
    let Some(columns) = options.columns() else { return Ok(()) };
    let keys = columns.only_keys();
    match keys.iter().find(|key| !COLUMNS.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(Error::usage(format!("there is no column {key:?}")).hint(hint_at_field(key, COLUMNS))),
    }
}

/// The resources at the endpoint of `service`; the single endpoint of `--endpoint` has an empty name.
fn resources(service: &str, connector: &Connector, described: &DescribedServer) -> Vec<Offered> {
    let place = |service: &str| connector.settings().destination_in_environment(service).ok();
    let mut siblings = connector.settings().services().unwrap_or_default();
    siblings.retain(|other| place(other) == place(service));
    let resource = |named: Named| {
        let service = described.pool.get_service_by_name(&named.full_name)?;
        let prefix = format!("{}.", named.service);
        Some(Offered {
            versioned: named.versioned(),
            // With its version, where it cannot be called without.
            resource: named.name.strip_prefix(&prefix).unwrap_or(&named.name).to_owned(),
            service: named.service,
            full_name: named.full_name,
            name: named.name,
            verbs: service.methods().map(|method| method.name().to_owned()).collect(),
        })
    };
    resource::names(service, &siblings, &described.services, None).into_iter().filter_map(resource).collect()
}

/// Warnings for services that an endpoint offers and does not describe, or not whole.
fn gaps(endpoint: &str, described: &DescribedServer) -> Vec<String> {
    let names = described.services.iter().filter(|name| !is_reflection(name));
    let gap = |name: &String| {
        let is_there = described.pool.get_service_by_name(name).is_some();
        match described.gaps.of_service(name, &described.pool) {
            Some(why) if is_there => Some(format!("{endpoint} describes {name} only in part: {why}")),
            Some(why) => Some(format!("{endpoint} does not describe {name}: {why}")),
            None => (!is_there).then(|| format!("{endpoint} does not describe {name}")),
        }
    };
    names.filter_map(gap).collect()
}
