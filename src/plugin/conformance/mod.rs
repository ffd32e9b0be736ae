//! Rules for what a running plugin answers.
//!
//! [`Conformance`] takes the answers of one plugin, call by call, and collects findings. It calls nothing and reads
//! nothing. An *error* is what the platform refuses or loses, a *warning* is probably a mistake, *info* fails nothing.
//! Where the user gave no input, a refusal says nothing about the plugin.

mod cost;
mod events;
mod failure;
mod finding;
mod identity;
mod kind;
mod match_rules;
mod metadata;
mod options_schema;
mod resource_fields;
mod resources;
mod rule;
mod step;
mod tasks;
#[cfg(test)]
mod tests;
mod values;

use serde_json::{Map, Value};
use tonic::Code;

use self::finding::{Deviation, FindingGroups};
use self::kind::MonitoringType;
use self::resources::Collected;

pub use self::finding::TestFinding;
pub use self::kind::PluginKind;
pub use self::resources::CollectedRow;
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

/// The meaning of a status that ended a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallVerdict {
    Failed,
    /// It needs input that was not given: no finding.
    Skipped,
    /// The platform goes on without the call, or it is a known fault of the library.
    Tolerated,
}

/// Checks the answers of one plugin.
#[derive(Debug)]
pub struct Conformance {
    kind: PluginKind,
    inputs: GivenInputs,
    strict_collect: bool,
    monitoring_type: Option<MonitoringType>,
    collected: Collected,
    /// Everything that was collected is a failure, with a secret that should be good.
    all_failed: bool,
    findings: FindingGroups,
}

impl Conformance {
    pub fn new(kind: PluginKind, inputs: GivenInputs, strict_collect: bool) -> Self {
        let (collected, findings) = (Collected::default(), FindingGroups::default());
        let (monitoring_type, all_failed) = (None, false);
        Self { kind, inputs, strict_collect, monitoring_type, collected, all_failed, findings }
    }

    /// Checks the spec that was given with `-f`. Comes first: it tells a METRIC data source from a LOG one.
    pub fn check_spec(&mut self, spec: &Map<String, Value>) {
        self.monitoring_type = metadata::check_spec(self.kind, &Value::Object(spec.clone()), &mut self.findings);
    }

    /// Checks what is served: `serves("spaceone.api.inventory.plugin.Collector", "collect")`.
    pub fn check_served(&mut self, serves: impl Fn(&str, &str) -> bool) {
        let kind = self.kind;
        let is_served = |step: &Step| serves(&format!("{}.{}", kind.package(), step.service(kind)), step.method());
        let required = kind.required_steps(self.monitoring_type);
        for step in required.iter().filter(|step| !is_served(step)) {
            let message = format!("{} is not served", step.title(kind));
            self.findings.report_of(None, Deviation::new(TestRule::ServiceMissing, "", message));
        }
        // Without a spec either will do.
        let is_any = MonitoringType::ALL.iter().any(|each| each.steps().iter().all(is_served));
        if kind == PluginKind::MonitoringDataSource && self.monitoring_type.is_none() && !is_any {
            let message = "neither Metric.list and Metric.get_data nor Log.list are served";
            self.findings.report_of(None, Deviation::new(TestRule::ServiceMissing, "", message));
        }
    }

    /// Names the data case of the calls that follow.
    pub fn begin_case(&mut self, case: Option<&str>) {
        self.findings.begin_case(case);
    }

    /// Checks the answer of a call, or one message of a stream, as the decoder shows it: unset fields are not there,
    /// an empty message or Struct that was sent is `{}`. `bytes` is its encoded size.
    pub fn answer(&mut self, step: Step, answer: &Value, bytes: usize) {
        let findings = &mut self.findings;
        findings.begin_answer(step);
        match step {
            Step::Init => {
                metadata::check(self.kind, self.monitoring_type, answer, findings);
                self.monitoring_type = self.monitoring_type.or_else(|| metadata::shape(answer));
            }
            Step::Verify if !self.kind.is_webhook() && !self.inputs.secret_data => {
                let message = "it accepts an empty secret";
                findings.report(Deviation::new(TestRule::VerifyAcceptsNothing, "", message));
            }
            Step::GetTasks => {
                tasks::check(answer, findings);
                cost::check_changes(answer, findings);
            }
            Step::Collect => self.collected.check(answer, bytes, findings),
            Step::Parse => events::check(self.kind, answer, findings),
            Step::MetricList => {
                let without =
                    values::items(answer, "metrics").filter(|(_, metric)| values::text(metric, "key").is_none());
                for (index, _) in without {
                    let path = finding::dotted("metrics").index(index).key("key");
                    findings.report(Deviation::at(TestRule::MetricKey, path, "it is missing"));
                }
            }
            Step::GetCosts => cost::check(answer, findings),
            Step::Authorize => identity::check_user(answer, findings),
            Step::Sync => identity::check_accounts(answer, findings),
            Step::Verify | Step::GetLinkedAccounts | Step::MetricGetData | Step::LogList | Step::Dispatch => {}
        }
    }

    /// Judges a status that is not OK, which a call or a stream ended with.
    pub fn failed(&mut self, step: Step, code: Code, details: &str) -> CallVerdict {
        let is_required = self.kind.required_steps(self.monitoring_type).contains(&step);
        let (verdict, deviations) = failure::judge(self.kind, is_required, self.inputs, step, code, details);
        deviations.into_iter().for_each(|deviation| self.findings.report_of(Some(step), deviation));
        verdict
    }

    /// Reports a failure without an answer: `start-failed`, `step-timeout`, `died`.
    pub fn broke(&mut self, rule: TestRule, step: Option<Step>, message: String) {
        self.findings.report_of(step, Deviation::new(rule, "", message));
    }

    /// Ends a step after all of its calls and streams. `complete` is false with --limit and after a failure.
    pub fn ended(&mut self, step: Step, complete: bool) {
        if step == Step::Collect && complete {
            self.all_failed = self.inputs.secret_data && self.collected.has_only_failures();
            if self.inputs.secret_data && self.collected.rows().is_empty() {
                let message = "no resources came, so none was checked";
                let deviation = Deviation::new(TestRule::CollectEmpty, "", message);
                self.findings
                    .report_of(Some(step), deviation.hint("test with a secret, options or tasks that find resources"));
            }
            self.collected.conclude(&mut self.findings);
        }
    }

    /// Compares two answers of `Event.parse` to one payload.
    pub fn parsed_again(&mut self, first: &Value, second: &Value) {
        events::check_keys(first, second, &mut self.findings);
    }

    /// The inputs that a step needs and that were not given.
    pub fn missing_inputs(&self, step: Step) -> Vec<TestInput> {
        step.inputs(self.kind).iter().copied().filter(|input| !self.inputs.has(*input)).collect()
    }

    /// The summary of collected resources, by resource type and state, in the order of their first messages.
    pub fn collected(&self) -> &[CollectedRow] {
        self.collected.rows()
    }

    /// The findings, in the order of steps.
    pub fn findings(&self) -> Vec<TestFinding> {
        let resource_failure =
            if self.all_failed || self.strict_collect { TestSeverity::Error } else { TestSeverity::Warning };
        self.findings.findings(self.kind.steps(), resource_failure)
    }
}
