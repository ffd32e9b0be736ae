//! Rules for what a running plugin answers.
//!
//! [`Conformance`] takes the answers of one plugin, call by call, and collects findings. It calls nothing and reads
//! nothing. An *error* is what the platform refuses or loses, a *warning* is probably a mistake, *info* fails nothing.
//! Where the user gave no input, a refusal says nothing about the plugin.

mod finding;
mod kind;
mod rule;
mod step;

use serde_json::{Map, Value};
use tonic::Code;

pub use self::finding::TestFinding;
pub use self::kind::PluginKind;
pub use self::rule::{TestRule, TestSeverity};
pub use self::step::{Step, TestInput};

/// Which inputs the user gave.
#[derive(Clone, Copy, Default, Debug)]
pub struct GivenInputs {
    pub options: bool,
    pub secret_data: bool,
    pub data: bool,
}

impl GivenInputs {
    pub fn has(self, input: TestInput) -> bool {
        match input {
            TestInput::Options => self.options,
            TestInput::SecretData => self.secret_data,
            TestInput::Data => self.data,
        }
    }
}

/// What a status means that ended a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallVerdict {
    Failed,
    /// It needs input that was not given: no finding.
    Skipped,
    /// The platform goes on without the call, or it is a known fault of the library.
    Tolerated,
}

/// A row of the summary of what was collected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CollectedRow {
    pub resource_type: String,
    /// `SUCCESS`, `FAILURE`, or another state; `NONE` if it is not set.
    pub state: String,
    pub count: u64,
    pub bytes: u64,
    /// The size of the largest message.
    pub largest: usize,
    /// The first different messages of failures.
    pub messages: Vec<String>,
}

/// Checks the answers of one plugin.
#[derive(Debug)]
pub struct Conformance {
    kind: PluginKind,
    inputs: GivenInputs,
    strict_collect: bool,
    metadata: Option<Map<String, Value>>,
    collected: Vec<CollectedRow>,
}

impl Conformance {
    pub fn new(kind: PluginKind, inputs: GivenInputs, strict_collect: bool) -> Self {
        Self { kind, inputs, strict_collect, metadata: None, collected: Vec::new() }
    }

    /// Checks the spec that was given with `-f`. Comes first: it tells a METRIC data source from a LOG one.
    pub fn check_spec(&mut self, _spec: &Map<String, Value>) {}

    /// Checks what is served: `serves("spaceone.api.inventory.plugin.Collector", "collect")`.
    pub fn check_served(&mut self, _serves: impl Fn(&str, &str) -> bool) {}

    /// Checks the answer of a call, or one message of a stream, as the decoder shows it: unset fields are not there,
    /// an empty message or Struct that was sent is `{}`. `bytes` is its encoded size.
    pub fn answer(&mut self, step: Step, answer: &Value, _bytes: usize) {
        if step == Step::Init {
            self.metadata = answer.get("metadata").and_then(Value::as_object).cloned();
        }
    }

    /// Judges a status that is not OK, which a call or a stream ended with.
    pub fn failed(&mut self, step: Step, _code: Code, _details: &str) -> CallVerdict {
        if self.missing_inputs(step).is_empty() { CallVerdict::Failed } else { CallVerdict::Skipped }
    }

    /// Reports what is no answer: `start-failed`, `step-timeout`, `died`.
    pub fn broke(&mut self, _rule: TestRule, _step: Option<Step>, _message: String) {}

    /// Ends a step after all of its calls and streams. `complete` is false with --limit and after a failure.
    pub fn ended(&mut self, _step: Step, _complete: bool) {}

    /// Compares two answers of `Event.parse` to one payload.
    pub fn parsed_again(&mut self, _first: &Value, _second: &Value) {}

    /// The inputs that a step needs and that were not given.
    pub fn missing_inputs(&self, step: Step) -> Vec<TestInput> {
        step.inputs(self.kind).iter().copied().filter(|input| !self.inputs.has(*input)).collect()
    }

    /// The metadata that `init` answered.
    pub fn metadata(&self) -> Option<&Map<String, Value>> {
        self.metadata.as_ref()
    }

    /// What was collected, by resource type and state, in the order of their first messages.
    pub fn collected(&self) -> &[CollectedRow] {
        &self.collected
    }

    /// The findings, in the order of steps.
    pub fn findings(&self) -> Vec<TestFinding> {
        Vec::new()
    }
}
