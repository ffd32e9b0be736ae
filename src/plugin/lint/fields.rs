//! What the API's generations have against a spec: the same judgement by which a request is sent or refused, asked of
//! each generation in turn.
//!
//! What all of them object to is an error, what only some do a warning that names them: the spec may be for the others.

use std::collections::HashMap;

use super::finding::Severity;
use super::generation::{Described, Generation, Generations};
use super::rule::Rule;
use super::spec::{Document, Found, Sink};
use crate::codec::descriptor::{FieldDescriptor, MessageDescriptor};
use crate::codec::encode;
use crate::codec::encode::{Fault, FaultKind};
use crate::schema::did_you_mean::hint_at_field;
use crate::schema::field_path::{FieldPath, Segment};
use crate::schema::resource::verb;
use crate::schema::value_ext::is_empty;
use crate::spec::translate::{GivenField, Translation};
use crate::spec::{RequestTarget, SpanPart};

/// Keys of other files and of other tools' specs that hold a request.
const WRAPPERS: [&str; 4] = ["spec", "resource", "verb", "tasks"];

/// What one generation has against a document.
struct Objection {
    found: Found,
    /// Nothing is refused because of it.
    is_harmless: bool,
    /// The message in which a name is to be looked for that may have been meant.
    search: Option<MessageDescriptor>,
}

impl Objection {
    fn new(found: Found, is_harmless: bool) -> Self {
        Self { found, is_harmless, search: None }
    }

    /// A name that is no field of `message`. The nearest is looked for by [`Objection::find_hint`], for only so many of them
    /// are told.
    fn unknown(found: Found, message: MessageDescriptor) -> Self {
        Self { found, is_harmless: false, search: Some(message) }
    }

    fn find_hint(&mut self) {
        let (Some(message), Some(Segment::Key(name))) = (&self.search, self.found.path.0.last()) else { return };
        let fields: Vec<FieldDescriptor> = message.fields().collect();
        // `templates` is a slip for what only the first generation has.
        let template = (self.found.path.0.len() == 1).then_some("template");
        self.found.hint = Some(hint_at_field(name, fields.iter().map(FieldDescriptor::name).chain(template)));
    }
}

pub fn check(sink: &mut Sink<'_>, generations: &Generations) {
    let document = sink.document;
    let mut objections: Vec<(Objection, Vec<Generation>)> = Vec::new();
    let mut known = HashMap::new();
    for described in generations.iter() {
        for objection in object(document, described, generations) {
            let at = *known.entry((objection.found.rule, objection.found.path.clone())).or_insert(objections.len());
            match objections.get_mut(at) {
                Some((other, of)) => {
                    // The newer generation tells more of what can stand there.
                    *other = objection;
                    of.push(described.generation);
                }
                None => objections.push((objection, vec![described.generation])),
            }
        }
    }
    if let Some(found) = no_generation(&objections, generations) {
        sink.add(found);
    }
    for (mut objection, of) in objections {
        if !sink.is_full() {
            objection.find_hint();
        }
        let Objection { mut found, is_harmless, .. } = objection;
        if is_harmless || of.len() < generations.len() {
            found.severity = Severity::Warning;
        }
        let names_it = is_harmless || found.rule == Rule::OtherGeneration;
        if let ([only], false) = (&of[..], names_it || generations.len() == 1) {
            found.message = format!("in {only}, {}", found.message);
        }
        sink.add(found);
    }
}

/// The finding that none of several generations takes the document, each for another reason.
fn no_generation(objections: &[(Objection, Vec<Generation>)], generations: &Generations) -> Option<Found> {
    let refused: Vec<_> = objections.iter().filter(|(objection, _)| !objection.is_harmless).collect();
    if generations.len() < 2 || refused.iter().any(|(_, of)| of.len() == generations.len()) {
        return None;
    }
    let reasons = generations.iter().map(|described| {
        let (objection, _) = refused.iter().find(|(_, of)| of.contains(&described.generation))?;
        Some(format!("{} does not take {}", described.generation, objection.found.path))
    });
    let reasons = reasons.collect::<Option<Vec<_>>>()?.join(", ");
    let message = format!("no generation of the API takes all of it: {reasons}");
    let found = Found::new(Rule::NoGeneration, Severity::Error, FieldPath::default(), message);
    Some(found.hint("write it for one of them, and check it with --api 1 or --api 2"))
}

fn object(document: &Document<'_>, described: &Described, generations: &Generations) -> Vec<Objection> {
    let Described { generation, input } = described;
    let target = RequestTarget { service: "repository", resource: "Plugin", verb: "register", input: input.clone() };
    let given = document.value.iter().map(|(name, value)| GivenField { name, is_empty: is_empty(value) });
    let are_together = |a: &str, b: &str| document.value.contains_key(a) && document.value.contains_key(b);
    let plan = Translation::new(&target, &given.collect::<Vec<_>>(), are_together);
    let mut objections = Vec::new();
    for (from, to) in &plan.translated {
        // Today's name is no mistake where today's services are meant, too.
        if *generation == Generation::Two || !generations.has(Generation::Two) {
            let message = format!("called {to} in {generation}: spacectl translates it, other clients do not");
            let found = Found::in_field(Rule::RenamedField, Severity::Warning, from, message).at_key();
            objections.push(Objection::new(found.hint(format!("write {to}")), true));
        }
    }
    for name in &plan.dropped {
        let message = format!("{generation} has no such field: as it is empty, spacectl leaves it out");
        let found = Found::in_field(Rule::OtherGeneration, Severity::Warning, name, message).at_key();
        objections.push(Objection::new(found.hint("remove it"), true));
    }
    for refusal in &plan.refused {
        let found = if are_renamed(refusal.name) {
            Found::in_field(Rule::RenamedField, Severity::Error, refusal.name, &*refusal.message)
                .hint("leave out service_type: spacectl translates resource_type for older services")
        } else {
            let message = format!("{generation} has no such field, and what it holds would be lost");
            let found = Found::in_field(Rule::OtherGeneration, Severity::Error, refusal.name, message);
            let hint = match generation {
                _ if generations.len() == 1 => "leave it out",
                Generation::One => "leave it out, or check with --api 2 if no older service is meant",
                Generation::Two => "leave it out, or check with --api 1 if no newer service is meant",
            };
            found.hint(hint)
        };
        objections.push(Objection::new(found.at_key(), false));
    }
    let mut request = serde_json::Map::new();
    for (name, value) in &document.value {
        if let Some(name) = plan.name_in_request(name) {
            request.insert(name.to_owned(), value.clone());
        }
    }
    let faults = encode::encode(&request, input).err().unwrap_or_default();
    objections.extend(faults.into_iter().map(|fault| {
        let is_given = |name: &&str| document.value.contains_key(*name);
        let given = match fault.path.0.first() {
            Some(Segment::Key(name)) => plan.names_as_given(name).find(is_given).map(str::to_owned),
            _ => None,
        };
        of_fault(fault, given)
    }));
    objections
}

/// Whether both names stand for what the plugin extends.
fn are_renamed(name: &str) -> bool {
    ["service_type", "resource_type"].contains(&name)
}

/// `given`: what the document calls the field.
fn of_fault(fault: Fault, given: Option<String>) -> Objection {
    let Fault { kind, mut path, at_key, message, hint } = fault;
    if let (Some(Segment::Key(name)), Some(given)) = (path.0.first_mut(), given) {
        *name = given;
    }
    if let (FaultKind::UnknownField(message), 1) = (&kind, path.0.len()) {
        return unknown(path, message);
    }
    let is_registry = path.to_string() == "registry_type";
    let rule = if is_registry { Rule::RegistryType } else { Rule::WrongType };
    let part = if at_key { SpanPart::Key } else { SpanPart::Value };
    let message = if is_registry && kind == FaultKind::UnknownValue {
        "no registry type that the API knows".to_owned()
    } else {
        message
    };
    let found = Found { rule, severity: Severity::Error, path, part, message, hint };
    match kind {
        FaultKind::UnknownField(message) => Objection::unknown(found, message),
        FaultKind::UnknownValue | FaultKind::Missing | FaultKind::Other => Objection::new(found, false),
    }
}

/// A name that no generation has.
fn unknown(path: FieldPath, message: &MessageDescriptor) -> Objection {
    let name = path.to_string();
    let found = |rule, what| Found::new(rule, Severity::Error, path, what).at_key();
    if WRAPPERS.contains(&name.as_str()) {
        let found = found(Rule::UnknownField, "no such field");
        Objection::new(found.hint("a spec is the request alone: its fields stand at the top"), false)
    } else if verb::is_known(&name) {
        let found = found(Rule::VerbAsKey, "a verb, not a field");
        Objection::new(found.hint("leave it out, and let what stands below it stand at the top"), false)
    } else {
        Objection::unknown(found(Rule::UnknownField, "no such field"), message.clone())
    }
}
