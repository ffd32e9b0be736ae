//! `api-resources`: what the environment's endpoints offer, as they themselves tell it.

use std::collections::HashSet;

use futures_util::future::join_all;
use prost_reflect::ServiceDescriptor;
use serde_json::{Value, json};

use super::connector::Connector;
use super::present::Presentation;
use super::{Context, block_on};
use crate::cli::ApiResources;
use crate::client::reflection::{self, Described};
use crate::error::{Error, Result};
use crate::platform::ApiName;
use crate::view::Document;

const COLUMNS: &str = "Service,Resource,Verb";

pub fn run(args: &ApiResources, context: &mut Context<'_>) -> Result<()> {
    let presentation = Presentation::parse(Some(COLUMNS), args.output)?;
    let connector = Connector::new(context)?;
    let services = connector.services()?;
    let answers = block_on(async {
        let asked = services.iter().map(async |service| {
            let caller = connector.connect(service).await?;
            reflection::describe_all(&caller).await
        });
        Ok(join_all(asked).await)
    })?;
    let mut rows = Vec::new();
    let mut failures = Vec::new();
    for (service, answer) in services.iter().zip(answers) {
        match answer {
            Ok(described) => rows.extend(resources(service, &described)),
            Err(error) if service.is_empty() => failures.push(error),
            Err(error) => failures.push(error.within(service)),
        }
    }
    // Several services can stand behind one endpoint, which then tells of them all each time.
    let mut seen = HashSet::new();
    rows.retain(|row| seen.insert(row.to_string()));
    // One dead endpoint does not hide the others; but if none answers, that is the answer.
    if rows.is_empty()
        && let Some(first) = failures.first()
    {
        let problems = failures.iter().flat_map(|failure| failure.problems().iter().cloned()).collect();
        return Err(Error::from_problems(first.kind(), problems).unwrap_or_else(|| first.clone()));
    }
    for failure in failures {
        context.streams.talk.warning(&failure.summary());
    }
    presentation.write(Document::of_rows(rows), context.streams)
}

/// A row for each resource, named so that `SERVICE.RESOURCE` can be typed; without a service's name, `RESOURCE` alone.
fn resources(configured: &str, described: &Described) -> Vec<Value> {
    let resource = |service: ServiceDescriptor| {
        let verbs: Vec<String> = service.methods().map(|method| method.name().to_owned()).collect();
        let (of, name) = match ApiName::parse(service.full_name()) {
            Some(name) if name.service != "core" || configured.is_empty() => (name.service, name.resource),
            // What all services have is asked of the one that is meant.
            _ if !configured.is_empty() => (configured, service.name()),
            _ => ("", service.full_name()),
        };
        json!({"Service": of, "Resource": name, "Verb": verbs.join(", ")})
    };
    let names = described.services.iter().filter(|name| !name.starts_with("grpc.reflection."));
    names.filter_map(|name| described.pool.get_service_by_name(name)).map(resource).collect()
}
