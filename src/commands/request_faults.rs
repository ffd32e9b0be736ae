//! Errors about requests: each fault with its place or its parameter.

use crate::codec::encode::{Fault, FaultKind};
use crate::error::{Error, ErrorKind, Problem};
use crate::plugin::lint::Rule;
use crate::plugin::lint::placeholder::Placeholder;
use crate::schema::field_path::FieldPath;
use crate::spec::{RejectedField, SpanPart, SpecRequest, SpecWarning};

/// The most problems that are shown: hundreds are seldom hundreds of mistakes.
const MAX_SHOWN: usize = 20;

/// The error for all faults of requests. `method` is what `spacectl explain` takes for the method.
pub fn error(mut faults: Vec<(Fault, &SpecRequest)>, method: &str) -> Error {
    let is_in_file = faults.iter().any(|(fault, request)| request.is_from_file(&fault.path));
    let kind = if is_in_file { ErrorKind::Local } else { ErrorKind::Usage };
    let more = faults.len().saturating_sub(MAX_SHOWN);
    faults.truncate(MAX_SHOWN);
    let shown = |(fault, request): (Fault, &SpecRequest)| (fault.kind == FaultKind::Missing, problem(fault, request));
    let mut problems: Vec<(bool, Problem)> = faults.into_iter().map(shown).collect();
    problems
        .sort_by_cached_key(|(_, problem)| problem.location.as_ref().map(|at| (at.source.clone(), at.line, at.column)));
    if let Some((_, last)) = problems.iter_mut().rfind(|(is_missing, _)| *is_missing) {
        last.hints.push(format!("run `spacectl explain {method}` to see its fields"));
    }
    let mut problems: Vec<Problem> = problems.into_iter().map(|(_, problem)| problem).collect();
    if more > 0 {
        problems.push(Problem::new(format!("{more} more problems are not shown")));
    }
    Error::from_problems(kind, problems).unwrap_or_else(|| Error::local("cannot be sent"))
}

/// The fault of a required field that is left out.
pub fn left_out(name: &str, request: &SpecRequest) -> Fault {
    let message = if request.value.contains_key(name) { "required, and empty" } else { "required, and missing" };
    Fault {
        kind: FaultKind::Missing,
        path: FieldPath::default().key(name),
        at_key: true,
        message: message.to_owned(),
        hint: None,
    }
}

/// The fault of a placeholder that is not filled in.
pub fn unfilled(Placeholder { path, message, hint }: Placeholder) -> Fault {
    let message = format!("{message} [{}]", Rule::Placeholder.name());
    Fault { kind: FaultKind::Other, path, at_key: false, message, hint: Some(hint.to_owned()) }
}

/// `warning` with its place, if it has one in a text.
pub fn located(warning: &SpecWarning, request: &SpecRequest) -> String {
    let SpecWarning { path, message } = warning;
    match request.locate(path, SpanPart::Value) {
        Some(location) => format!("{location}: {path}: {message}"),
        None => format!("{path}: {message}"),
    }
}

/// The fault of a field that the service does not take.
pub fn refused(refusal: &RejectedField) -> Fault {
    Fault {
        kind: FaultKind::Other,
        path: FieldPath::default().key(refusal.name),
        at_key: true,
        message: refusal.message.clone(),
        hint: Some(refusal.hint.clone()),
    }
}

/// The problem for a fault, with its place.
pub fn problem(fault: Fault, request: &SpecRequest) -> Problem {
    let part = if fault.at_key { SpanPart::Key } else { SpanPart::Value };
    let location = request.locate(&fault.path, part);
    // A parameter has no place in a text: it is named instead.
    let origin = location.is_none().then(|| request.describe_origin(&fault.path)).flatten();
    let path = fault.path.to_string();
    let subject = match origin {
        Some(origin) if origin == format!("-p {path}") => origin,
        Some(origin) => format!("{origin}: {path}"),
        None => path,
    };
    let problem = Problem::new(format!("{subject}: {}", fault.message)).at(location);
    match fault.advice() {
        Some(hint) => problem.hint(hint),
        None => problem,
    }
}
