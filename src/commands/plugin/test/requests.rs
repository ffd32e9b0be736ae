//! The requests of each step, with the fields that the plugin's messages have.

use jiff::SignedDuration;
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value};

use super::inputs::{DataCase, TestInputs};
use crate::plugin::conformance::{PluginKind, Step};
use crate::query::timestamp;

type Fields = Map<String, Value>;

/// The domain in requests without `--domain-id`: an empty text is not sent.
pub const DOMAIN: &str = "domain-000000000000";

/// How long before now a query for metrics or logs begins.
const QUERIED: SignedDuration = SignedDuration::from_hours(1);

/// Parts of earlier answers that later requests take.
#[derive(Default)]
pub struct Answered {
    /// `task_options` of each task.
    pub tasks: Vec<Value>,
    pub linked_accounts: Vec<Value>,
    /// The first of the metrics.
    pub metric: Option<Value>,
    pub metadata: Fields,
}

impl Answered {
    pub fn take(&mut self, step: Step, answer: &Value) {
        let list = |name: &str| answer.get(name).and_then(Value::as_array).into_iter().flatten();
        match step {
            Step::Init => {
                self.metadata = answer.get("metadata").and_then(Value::as_object).cloned().unwrap_or_default()
            }
            Step::GetTasks => {
                self.tasks = list("tasks").filter_map(|task| task.get("task_options")).cloned().collect();
            }
            Step::GetLinkedAccounts => self.linked_accounts = list("results").cloned().collect(),
            Step::MetricList => self.metric = list("metrics").next().cloned(),
            _ => {}
        }
    }

    pub fn uses_account_routing(&self) -> bool {
        self.metadata.get("use_account_routing").and_then(Value::as_bool) == Some(true)
    }
}

/// Makes the requests of one plugin.
pub struct Requests<'a> {
    pub kind: PluginKind,
    pub inputs: &'a TestInputs,
    pub domain_id: &'a str,
}

impl<'a> Requests<'a> {
    /// The requests of a step: those of each data case, or of none. A collect has one for each task.
    pub fn of_step(
        &self,
        step: Step,
        input: &MessageDescriptor,
        answered: &Answered,
    ) -> Vec<(Option<&'a DataCase>, Vec<Fields>)> {
        let cases: Vec<Option<&DataCase>> = match step {
            Step::Parse | Step::MetricList | Step::MetricGetData | Step::LogList | Step::Authorize | Step::Dispatch
                if !self.inputs.data.is_empty() =>
            {
                self.inputs.data.iter().map(Some).collect()
            }
            _ => vec![None],
        };
        let task_options: Vec<Option<&Value>> = match step {
            Step::Collect | Step::GetCosts if !answered.tasks.is_empty() => answered.tasks.iter().map(Some).collect(),
            _ => vec![None],
        };
        let requests = |case: Option<&'a DataCase>| {
            let request = |task: &Option<&Value>| self.request(step, input, case, *task, answered);
            (case, task_options.iter().map(request).collect())
        };
        cases.into_iter().map(requests).collect()
    }

    fn request(
        &self,
        step: Step,
        input: &MessageDescriptor,
        case: Option<&DataCase>,
        task_options: Option<&Value>,
        answered: &Answered,
    ) -> Fields {
        let object = |fields: &Option<Fields>| Some(Value::Object(fields.clone().unwrap_or_default()));
        let required = step.required_fields(self.kind);
        let mut request = Fields::new();
        for field in input.fields() {
            let name = field.name();
            let given = match (name, case) {
                ("data", Some(case)) if step == Step::Parse => Some(Value::Object(case.fields.clone())),
                (name, Some(case)) if step != Step::Parse => case.fields.get(name).cloned(),
                _ => None,
            };
            let value = given.or_else(|| match name {
                "options" => object(&self.inputs.options),
                "secret_data" => object(&self.inputs.secret_data),
                "schema" => self.inputs.schema.clone().map(Value::from),
                "filter" if step == Step::Collect => object(&self.inputs.filter),
                "domain_id" => Some(self.domain_id.into()),
                "metadata" => Some(Value::Object(answered.metadata.clone())),
                "task_options" => task_options.cloned(),
                "linked_accounts" if !answered.linked_accounts.is_empty() => {
                    Some(Value::Array(answered.linked_accounts.clone()))
                }
                "metric" => answered.metric.as_ref()?.get("key").cloned(),
                "metric_query" => answered.metric.as_ref()?.get("metric_query").cloned(),
                "start" if required.contains(&name) => Some(before_now(QUERIED).into()),
                "end" if required.contains(&name) => Some(before_now(SignedDuration::ZERO).into()),
                _ => None,
            });
            let value = value.or_else(|| if required.contains(&name) { empty(&field) } else { None });
            if let Some(value) = value {
                request.insert(name.to_owned(), value);
            }
        }
        request
    }
}

/// The value that makes a field present that nothing is known for; an empty text or number is not on the wire.
fn empty(field: &FieldDescriptor) -> Option<Value> {
    match field.kind() {
        Kind::Message(_) if !field.is_list() => Some(Value::Object(Fields::new())),
        Kind::Enum(values) => values.values().find(|value| value.number() != 0).map(|value| value.name().into()),
        _ => None,
    }
}

fn before_now(duration: SignedDuration) -> String {
    let now = timestamp::now();
    now.checked_sub(duration).unwrap_or(now).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
