//! Rules about fields and their types.
//!
//! A spec is resolved and encoded as a request of each generation of the API. What all generations refuse is an error;
//! what only some refuse is a warning that names them, as the spec may be for the others.

use std::collections::HashMap;

use prost_reflect::{FieldDescriptor, MessageDescriptor};
use serde_json::Map;

use super::checker::{Checker, LintDocument, MAX_FINDINGS};
use super::finding::Violation;
use super::generation::Generation;
use super::rule::{Rule, Severity};
use crate::codec::encode::{self, Fault, FaultKind};
use crate::schema::did_you_mean::hint_at_field;
use crate::schema::field_path::{FieldPath, Segment};
use crate::schema::resource::verb;
use crate::spec::translate::{GivenField, Translation};
use crate::spec::{RequestTarget, SpanPart};
use crate::text::value_ext::is_empty;

/// Keys of other tools' files that contain a request.
const WRAPPERS: [&str; 4] = ["spec", "resource", "verb", "tasks"];

pub fn check(checker: &mut Checker<'_>, generations: &[(Generation, MessageDescriptor)]) {
    let document = checker.document;
    let mut violations: Vec<(Violation, Vec<Generation>)> = Vec::new();
    let mut indexes = HashMap::new();
    for (generation, input) in generations {
        for violation in check_generation(document, *generation, input, generations) {
            let index = *indexes.entry((violation.rule, violation.path.clone())).or_insert(violations.len());
            match violations.get_mut(index) {
                Some((other, of)) => {
                    // The message of the newer generation is the better one.
                    *other = violation;
                    of.push(*generation);
                }
                None => violations.push((violation, vec![*generation])),
            }
        }
    }
    if let Some(violation) = no_generation(&violations, generations) {
        checker.report(violation);
    }
    for (mut violation, of) in violations {
        let is_harmless = violation.severity == Severity::Warning;
        if of.len() < generations.len() {
            violation.severity = Severity::Warning;
        }
        let is_named = is_harmless || violation.rule == Rule::OtherGeneration || generations.len() == 1;
        if let ([only], false) = (&of[..], is_named) {
            violation.message = format!("in {only}, {}", violation.message);
        }
        checker.report(violation);
    }
}

/// The violation that each of the generations refuses something else.
fn no_generation(
    violations: &[(Violation, Vec<Generation>)],
    generations: &[(Generation, MessageDescriptor)],
) -> Option<Violation> {
    let refused = || violations.iter().filter(|(violation, _)| violation.severity == Severity::Error);
    if generations.len() < 2 || refused().any(|(_, of)| of.len() == generations.len()) {
        return None;
    }
    let reason = |(generation, _): &(Generation, MessageDescriptor)| {
        let (violation, _) = refused().find(|(_, of)| of.contains(generation))?;
        Some(format!("{generation} does not accept {}", violation.path))
    };
    let reasons = generations.iter().map(reason).collect::<Option<Vec<_>>>()?.join(", ");
    let message = format!("no generation of the API accepts all fields: {reasons}");
    let violation = Violation::new(Rule::NoGeneration, FieldPath::default(), message);
    Some(violation.hint("write it for one of them, and check it with --api 1 or --api 2"))
}

/// The violations in one generation: warnings where the request is sent all the same.
fn check_generation(
    document: &LintDocument<'_>,
    generation: Generation,
    input: &MessageDescriptor,
    generations: &[(Generation, MessageDescriptor)],
) -> Vec<Violation> {
    let target = RequestTarget { service: "repository", resource: "Plugin", verb: "register", input: input.clone() };
    let given = document.value.iter().map(|(name, value)| GivenField { name, is_empty: is_empty(value) });
    let are_together = |a: &str, b: &str| document.value.contains_key(a) && document.value.contains_key(b);
    let plan = Translation::new(&target, &given.collect::<Vec<_>>(), are_together);
    let mut violations = Vec::new();
    // A name of API 2 is not a mistake in a spec for API 2.
    let is_for_two = generations.iter().any(|(known, _)| *known == Generation::Two);
    let renamed = plan.translated.iter().filter(|_| generation == Generation::Two || !is_for_two);
    violations.extend(renamed.map(|(from, to)| {
        let message = format!("{generation} calls it {to}: spacectl translates it, other clients do not");
        Violation::in_field(Rule::RenamedField, from, message).hint(format!("write {to}")).warning().at_key()
    }));
    violations.extend(plan.dropped.iter().map(|name| {
        let message = format!("{generation} has no such field: spacectl omits it because it is empty");
        Violation::in_field(Rule::OtherGeneration, name, message).hint("remove it").warning().at_key()
    }));
    violations.extend(plan.refused.iter().map(|refusal| {
        let violation = if ["service_type", "resource_type"].contains(&refusal.name) {
            Violation::in_field(Rule::RenamedField, refusal.name, &*refusal.message)
                .hint("remove service_type: spacectl translates resource_type for older services")
        } else {
            let message = format!("{generation} has no such field, and its value would be lost");
            let hint = match generation {
                _ if generations.len() == 1 => "remove it",
                Generation::One => "remove it, or check with --api 2 if it is not for an older service",
                Generation::Two => "remove it, or check with --api 1 if it is not for a newer service",
            };
            Violation::in_field(Rule::OtherGeneration, refusal.name, message).hint(hint)
        };
        violation.at_key()
    }));
    let field = |(name, value): (&String, _)| Some((plan.name_in_request(name)?.to_owned(), Clone::clone(value)));
    let request: Map<_, _> = document.value.iter().filter_map(field).collect();
    violations.extend(encode::check(&request, input).into_iter().enumerate().map(|(index, mut fault)| {
        // By the name that the document uses.
        if let Some(Segment::Key(name)) = fault.path.0.first_mut() {
            let given = plan.names_as_given(name).find(|given| document.value.contains_key(*given));
            *name = given.unwrap_or(name).to_owned();
        }
        // A search for the nearest field takes time.
        from_fault(fault, index < MAX_FINDINGS)
    }));
    violations
}

fn from_fault(fault: Fault, has_hint: bool) -> Violation {
    let hint = if has_hint { fault.advice() } else { None };
    let Fault { kind, path, at_key, message, .. } = fault;
    if let (FaultKind::UnknownField(message), 1) = (&kind, path.0.len()) {
        return unknown_field(path, message, hint);
    }
    let is_registry = path.to_string() == "registry_type";
    let rule = if is_registry { Rule::RegistryType } else { Rule::WrongType };
    let is_unknown_registry = is_registry && kind == FaultKind::UnknownValue;
    let message = if is_unknown_registry { "unknown registry type".to_owned() } else { message };
    let part = if at_key { SpanPart::Key } else { SpanPart::Value };
    Violation { rule, severity: Severity::Error, path, part, message, hint }
}

/// A top-level name that the generation does not have.
fn unknown_field(path: FieldPath, message: &MessageDescriptor, hint: Option<String>) -> Violation {
    let name = path.to_string();
    let violation = |rule, what| Violation::new(rule, path, what).at_key();
    if WRAPPERS.contains(&name.as_str()) {
        let hint = "move the fields below it to the top level: a spec has only the fields of the request";
        violation(Rule::UnknownField, "unknown field").hint(hint)
    } else if verb::is_known(&name) {
        violation(Rule::VerbAsKey, "this is a verb, not a field")
            .hint("remove it, and move the fields below it to the top level")
    } else {
        let fields: Vec<FieldDescriptor> = message.fields().collect();
        // Only the first generation has `template`.
        let names = || fields.iter().map(FieldDescriptor::name).chain(["template"]);
        let hint = hint.map(|_| hint_at_field(&name, names()));
        Violation { hint, ..violation(Rule::UnknownField, "unknown field") }
    }
}
