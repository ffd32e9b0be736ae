//! The meaning of a status that ended a call.

use tonic::Code;

use super::events::event_types;
use super::finding::Deviation;
use super::kind::PluginKind;
use super::rule::{TestRule, TestSeverity};
use super::step::{Step, TestInput};
use super::{CallVerdict, GivenInputs};
use crate::error::code_name;
use crate::schema::field_path::{FieldPath, Segment};

/// How the core library says that it has no route for a method, or that the route returned nothing.
const NO_ROUTE: [&str; 2] = ["'NoneType' object is not callable", "must be a mapping, not NoneType"];
/// How gRPC says that the answer is not of the method's type. Release 2.0.108 of the cost-analysis library answers
/// every `get_linked_accounts` so.
const NOT_SERIALIZED: &str = "Failed to serialize response!";

/// Judges a status that is not OK.
pub fn judge(
    kind: PluginKind,
    is_required: bool,
    given: GivenInputs,
    step: Step,
    code: Code,
    details: &str,
) -> (CallVerdict, Vec<Deviation>) {
    let one = |verdict, deviation| (verdict, vec![deviation]);
    if step == Step::GetLinkedAccounts && details.contains(NOT_SERIALIZED) {
        let message = "the plugin library (spaceone-cost-analysis 2.0.108) cannot answer this call";
        let deviation = Deviation::new(TestRule::LinkedAccounts, "", message).warning();
        return one(
            CallVerdict::Tolerated,
            deviation.hint("no plugin can help it: try another release of the library"),
        );
    }
    // The inventory service goes on without tasks, and nobody asks metrics for logs.
    let is_optional = match kind {
        PluginKind::Collector => step == Step::GetTasks,
        PluginKind::MonitoringDataSource => !is_required && step != Step::Verify,
        _ => false,
    };
    let is_route_missing = match code {
        Code::Internal => NO_ROUTE.iter().any(|text| details.contains(text)),
        code => code == Code::Unimplemented,
    };
    if is_route_missing {
        let message = format!("the method looks unimplemented: {}", status(code, details));
        let hint = format!("register a route for it that returns an answer: @app.route(\"{}\")", step.title(kind));
        let deviation = Deviation::new(TestRule::RouteMissing, "", message).hint(hint);
        return match step {
            _ if is_required => one(CallVerdict::Failed, deviation),
            _ if is_optional || step == Step::GetLinkedAccounts => one(CallVerdict::Tolerated, deviation.info()),
            _ => one(CallVerdict::Tolerated, deviation.warning()),
        };
    }
    let lacks_input = step.inputs(kind).iter().any(|input| !given.has(*input));
    let invalid = if code == Code::Internal { invalid_fields(details) } else { Vec::new() };
    let is_of_library = invalid.iter().any(|invalid| invalid.is_of_library);
    let needs_input = match step {
        // A plugin that answers nothing without a secret still has to tell what it is.
        Step::Init => code == Code::InvalidArgument || is_unreadable(details),
        _ => !is_of_library,
    };
    if lacks_input && needs_input || code == Code::InvalidArgument && names_missing_input(given, details) {
        return (CallVerdict::Skipped, Vec::new());
    }
    let verdict = if is_optional { CallVerdict::Tolerated } else { CallVerdict::Failed };
    if !invalid.is_empty() {
        let deviations = invalid.into_iter().map(|InvalidField { deviation, .. }| {
            let hint = hint(kind, step, &deviation.path, details);
            Deviation { hint, ..deviation }
        });
        // An error, also where the platform can do without the call.
        return (CallVerdict::Failed, deviations.collect());
    }
    let rule = match step {
        Step::Init => TestRule::InitFailed,
        Step::Verify => TestRule::VerifyFailed,
        Step::GetTasks => TestRule::TasksFailed,
        Step::Collect => TestRule::CollectEnded,
        Step::GetLinkedAccounts => TestRule::LinkedAccounts,
        _ => TestRule::CallFailed,
    };
    let severity = if is_optional { TestSeverity::Info } else { TestSeverity::Error };
    let mut deviations = vec![Deviation::new(rule, "", status(code, details)).severity(severity)];
    deviations[0].hint = hint(kind, step, &FieldPath::default(), details);
    if is_unreadable(details) {
        let message = format!("the error says only `{}`", details.trim());
        let hint = "check for the key, and raise an error of ERROR_BASE that says what is missing";
        deviations.push(Deviation::new(TestRule::ErrorUnreadable, "", message).hint(hint));
    } else if !has_form(details) && !is_of_transport(code) {
        let message = format!("an error is not of the form ERROR_CODE: message: {}", status(code, details));
        deviations.push(Deviation::new(TestRule::ErrorForm, "", message));
    }
    (verdict, deviations)
}

/// The hint for a text of Python, protobuf or pydantic, which do not know the platform.
fn hint(kind: PluginKind, step: Step, path: &FieldPath, details: &str) -> Option<String> {
    let returns_nothing = details.contains("'NoneType' object is not iterable");
    if step == Step::Parse && (returns_nothing || details.contains("unhashable type: 'dict'")) {
        return Some("return a mapping with the list of events: return {\"results\": [...]}".to_owned());
    }
    if returns_nothing {
        return Some("the method probably returns nothing: return a list, or yield".to_owned());
    }
    if details.contains("bytes-like object, got 'datetime.") {
        return Some("return a text, not a datetime: use .isoformat()".to_owned());
    }
    let Some(Segment::Key(field)) = path.0.last().filter(|_| details.contains("Invalid enum value")) else {
        return None;
    };
    let values = match (field.as_str(), step) {
        ("severity", Step::Parse) => "CRITICAL, ERROR, WARNING, INFO, NOT_AVAILABLE, NONE".to_owned(),
        ("event_type", Step::Parse) => event_types(kind).join(", "),
        _ => return None,
    };
    Some(format!("{field} is one of {values}"))
}

fn status(code: Code, details: &str) -> String {
    format!("{} {}", code_name(code), details.trim()).trim_end().to_owned()
}

/// Codes that gRPC itself uses, with texts of its own.
fn is_of_transport(code: Code) -> bool {
    use Code::{Cancelled, DeadlineExceeded, OutOfRange, ResourceExhausted, Unavailable};
    matches!(code, Cancelled | DeadlineExceeded | OutOfRange | ResourceExhausted | Unavailable)
}

fn has_form(details: &str) -> bool {
    let (code, rest) = details.split_at(details.find(':').unwrap_or(details.len()));
    let is_word = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    code.starts_with("ERROR_") && code.bytes().all(is_word) && !rest.is_empty()
}

/// Whether the text is that of an exception without a message, or of a KeyError.
fn is_unreadable(details: &str) -> bool {
    let Some(message) = details.trim().strip_prefix("ERROR_UNKNOWN:") else { return details.trim().is_empty() };
    let message = message.trim();
    let inner = ['\'', '"'].iter().find_map(|quote| message.strip_prefix(*quote)?.strip_suffix(*quote));
    message.is_empty() || inner.is_some_and(|inner| !inner.contains(['\'', '"']))
}

/// Whether a refusal names a field of an input that was not given, as in `(key = secret_data.token)`.
fn names_missing_input(given: GivenInputs, details: &str) -> bool {
    let inputs = [TestInput::Options, TestInput::SecretData, TestInput::Data];
    inputs.into_iter().filter(|input| !given.has(*input)).any(|input| {
        let field = input.field();
        details.contains(&format!("key = {field})")) || details.contains(&format!("key = {field}."))
    })
}

/// A field of an answer that was not accepted.
struct InvalidField {
    deviation: Deviation,
    /// The plugin library says so of the answer, not the plugin of its input.
    is_of_library: bool,
}

impl InvalidField {
    fn new(path: FieldPath, message: &str, is_of_library: bool) -> Self {
        // Pydantic repeats the message for machines.
        let message = message.split(" (type=").next().unwrap_or(message).trim();
        Self { deviation: Deviation::at(TestRule::AnswerInvalid, path, message), is_of_library }
    }
}

/// The fields that pydantic or protobuf name in an error's text.
fn invalid_fields(details: &str) -> Vec<InvalidField> {
    if let Some((_, of_model)) = details.split_once(" validation error") {
        let first_line = of_model.lines().next().unwrap_or_default();
        let is_of_library = first_line.trim_end().ends_with("Response");
        let mut lines = details.lines().skip(1).filter(|line| !line.trim().is_empty()).peekable();
        let mut fields = Vec::new();
        while let Some(line) = lines.next() {
            let path = FieldPath(line.trim().split(" -> ").map(segment).collect());
            // Pydantic 1 indents the message of a field.
            let message = lines.next_if(|line| line.starts_with(' ')).unwrap_or(line);
            fields.push(InvalidField::new(path, message, is_of_library));
        }
        if fields.is_empty() {
            fields.push(InvalidField::new(FieldPath::default(), details, is_of_library));
        }
        return fields;
    }
    let (mut path, mut rest) = (FieldPath::default(), details);
    while let Some((field, message)) = split_field(rest) {
        field.split('.').for_each(|key| path.push_key(key));
        rest = message;
    }
    let is_of_protobuf =
        rest.contains("no field named") || rest.contains("Failed to parse ") && rest.contains(" field: ");
    if path.0.is_empty() && !is_of_protobuf {
        return Vec::new();
    }
    // Its second line lists all fields there are.
    let message = rest.lines().next().unwrap_or(rest).trim_start_matches("ERROR_UNKNOWN:");
    vec![InvalidField::new(path, message, true)]
}

/// Splits what protobuf says of a field: `Failed to parse results field: ...`.
fn split_field(text: &str) -> Option<(&str, &str)> {
    let (_, field) = text.split_once("Failed to parse ")?;
    field.split_once(" field: ").filter(|(field, _)| !field.contains(' '))
}

fn segment(text: &str) -> Segment {
    text.parse().map_or_else(|_| Segment::Key(text.to_owned()), Segment::Index)
}
