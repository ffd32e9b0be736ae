//! `api-resources`: what the environment's endpoints offer, as they themselves tell it.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, stream};
use prost_reflect::ServiceDescriptor;
use serde_json::{Value, json};

use super::connector::Connector;
use super::present::Presentation;
use super::{Context, block_on};
use crate::cli::{API_RESOURCES_COLUMNS as COLUMNS, ApiResources, Format};
use crate::client::reflection::{self, Described};
use crate::error::{Error, Result};
use crate::nearest::{hint_at_field, nearest};
use crate::platform::ApiName;
use crate::resource::alias::{self, Own};
use crate::resource::{is_reflection, service_among};
use crate::view::Document;

/// What the Python client shows, under its headers.
const TABLE: &str = "service|Service,resource|Resource,short_names|Short Names,verbs|Verb";
/// What other commands take.
const QUIET: &str = "name";

/// How many services are asked at the same time. A platform has about twenty, and each answers for all its resources.
const AT_ONCE: usize = 8;

pub fn run(args: &ApiResources, context: &mut Context<'_>) -> Result<()> {
    let columns = args.columns.as_deref().or(match args.output {
        Format::Table | Format::Csv => Some(TABLE),
        Format::Quiet => Some(QUIET),
        Format::Json | Format::Jsonl | Format::Yaml => None,
    });
    let presentation = Presentation::parse(columns, args.output)?;
    check_columns(&presentation)?;
    let own = context.own_aliases().unwrap_or_else(|error| {
        // What the endpoints offer is not in that file.
        context.streams.talk.warning(&error.summary());
        Own::new()
    });
    let connector = Connector::new(context)?;
    let known = connector.services()?;
    // A single endpoint tells of all its services, and which these are is known only then.
    let is_single = known.iter().any(String::is_empty);
    let services = if is_single { known } else { wanted(&args.service, known)? };
    if services.is_empty() {
        context.streams.talk.note("there are no endpoints: add one with `spacectl config endpoint add SERVICE URL`");
    }
    let answers = block_on(async {
        let asked = stream::iter(&services).map(async |service| {
            let caller = connector.connect(service).await?;
            reflection::describe_all(&caller).await
        });
        Ok(asked.buffered(AT_ONCE).collect::<Vec<Result<Described>>>().await)
    })?;
    let mut offered = Vec::new();
    let mut failures = Vec::new();
    // Several services can be behind one endpoint, which then tells of them all each time.
    let mut undescribed = BTreeSet::new();
    for (service, answer) in services.iter().zip(answers) {
        match answer {
            Ok(described) => {
                offered.extend(resources(service, &described));
                undescribed.extend(gaps(&described));
            }
            Err(error) if service.is_empty() => failures.push(error),
            Err(error) => failures.push(error.within(service)),
        }
    }
    // One dead endpoint does not hide the others; but if none answers, that is the answer.
    if failures.len() == services.len()
        && let Some(first) = failures.first()
    {
        let problems = failures.iter().flat_map(|failure| failure.problems().iter().cloned()).collect();
        return Err(Error::from_problems(first.kind(), problems).unwrap_or_else(|| first.clone()));
    }
    failures.iter().for_each(|failure| context.streams.talk.warning(&failure.summary()));
    undescribed.iter().for_each(|gap| context.streams.talk.warning(gap));
    if is_single {
        let known: BTreeSet<&str> = offered.iter().map(|resource| resource.service.as_str()).collect();
        let known = known.into_iter().filter(|service| !service.is_empty() || args.service.is_empty());
        let wanted = wanted(&args.service, known.map(str::to_owned).collect())?;
        offered.retain(|resource| wanted.contains(&resource.service));
    }
    // Several services can stand behind one endpoint, which then tells of them all each time.
    offered.sort();
    offered.dedup();
    let in_text = !matches!(args.output, Format::Json | Format::Jsonl | Format::Yaml);
    let rows = offered.iter().map(|resource| resource.to_row(&own, in_text)).collect();
    presentation.write(Document::of_rows(rows), context.streams)
}

/// The services of `known` that were asked for, each once; all where none were.
fn wanted(asked: &[String], known: Vec<String>) -> Result<Vec<String>> {
    if asked.is_empty() {
        return Ok(known);
    }
    let mut wanted = Vec::with_capacity(asked.len());
    for service in asked {
        let found = service_among(service, &known)?.ok_or_else(|| {
            let error = Error::usage(format!("there is no service {service:?}"));
            match nearest(service, known.iter().map(String::as_str)) {
                Some(meant) => error.hint(format!("did you mean {meant}?")),
                None => error.hint(format!("there are {}", known.join(", "))),
            }
        })?;
        if !wanted.contains(&found) {
            wanted.push(found);
        }
    }
    Ok(wanted)
}

/// Something that can be called by `name`; ordered as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Offered {
    /// Empty where an endpoint was asked that no service is known of, and this is none of the platform's.
    service: String,
    resource: String,
    full_name: String,
    /// In the order of the API.
    verbs: Vec<String>,
}

impl Offered {
    /// What can be typed for it.
    fn name(&self) -> String {
        if self.service.is_empty() { self.full_name.clone() } else { format!("{}.{}", self.service, self.resource) }
    }

    /// The row; in text, lists are one cell, their items split by commas.
    fn to_row(&self, own: &Own, in_text: bool) -> Value {
        let name = self.name();
        let mut short_names = alias::of_resource(&name, own);
        if self.full_name != name {
            short_names.extend(alias::of_resource(&self.full_name, own));
        }
        let list = |items: Vec<&str>| if in_text { json!(items.join(", ")) } else { json!(items) };
        json!({
            "service": self.service,
            "resource": self.resource,
            "name": name,
            "full_name": self.full_name,
            "short_names": list(short_names),
            "verbs": list(self.verbs.iter().map(String::as_str).collect()),
        })
    }
}

fn check_columns(presentation: &Presentation) -> Result<()> {
    let Some(columns) = presentation.columns() else { return Ok(()) };
    let keys = columns.only_keys();
    match keys.iter().find(|key| !COLUMNS.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(Error::usage(format!("there is no column {key:?}")).hint(hint_at_field(key, COLUMNS))),
    }
}

/// What is offered behind the endpoint that is `configured` for a service, named so that it can be typed; an empty name
/// is that of a single endpoint.
fn resources(configured: &str, described: &Described) -> Vec<Offered> {
    let resource = |service: ServiceDescriptor| {
        let (of, name) = match ApiName::parse(service.full_name()) {
            Some(name) if name.service != "core" || configured.is_empty() => (name.service, name.resource),
            // What all services have is asked of the one that is meant.
            _ if !configured.is_empty() => (configured, service.name()),
            _ => ("", service.full_name()),
        };
        Offered {
            service: of.to_owned(),
            resource: name.to_owned(),
            full_name: service.full_name().to_owned(),
            verbs: service.methods().map(|method| method.name().to_owned()).collect(),
        }
    };
    let names = described.services.iter().filter(|name| !is_reflection(name));
    names.filter_map(|name| described.pool.get_service_by_name(name)).map(resource).collect()
}

/// Warnings for services that an endpoint offers and does not describe, or not whole.
fn gaps(described: &Described) -> Vec<String> {
    let names = described.services.iter().filter(|name| !is_reflection(name));
    let gap = |name: &String| {
        let is_there = described.pool.get_service_by_name(name).is_some();
        match described.gaps.of_service(name, &described.pool) {
            Some(why) if is_there => Some(format!("{name} is described in part only: {why}")),
            Some(why) => Some(format!("{name} is not described: {why}")),
            None => (!is_there).then(|| format!("{name} is not described")),
        }
    };
    names.filter_map(gap).collect()
}
