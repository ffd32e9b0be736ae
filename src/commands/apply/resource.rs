//! `@modules/resource`: reads, creates, updates or calls a resource.

use std::cell::Cell;
use std::collections::HashSet;
use std::rc::Rc;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use minijinja::Value as TemplateValue;
use prost_reflect::MessageDescriptor;
use serde_json::{Map, Value, json};
use tonic::Code;

use super::modules::wrong_spec;
use super::output_columns::selected;
use super::runner::{Done, RunMode};
use super::session::Session;
use crate::commands::Context;
use crate::commands::method::{LIST, Method};
use crate::error::{Error, ErrorKind, Problem, Result};
use crate::manifest::resource_spec::{Mode, OutputSpec, Pagination, ResourceSpec, Verbs};
use crate::manifest::template::Rendered;
use crate::manifest::{ManifestTask, Work};
use crate::output::view::{RESULTS, ResponseKind};
use crate::query::{self, Columns};
use crate::schema::field_path::{FieldPath, Segment};
use crate::secret::{self, mask, snake_case};
use crate::spec::typing::FieldShape;
use crate::spec::{Draft, SpecRequest};
use crate::terminal::io_streams::Diagnostics;
use crate::yaml::Node;

const DATA: &str = "data";

/// The pages of a list that are in flight at a time.
const PAGES_IN_FLIGHT: usize = 8;

/// The verbs whose responses are rows.
pub(super) const ROW_VERBS: [&str; 3] = [LIST, "stat", "analyze"];

/// A request of a task.
pub struct ResourceRequest {
    pub value: SpecRequest,
    pub bytes: Bytes,
}

/// A task that calls a resource.
pub struct ResourceCall<'a> {
    pub task: &'a ManifestTask,
    pub spec: ResourceSpec,
    /// The texts of `data` that came out of templates.
    templated: HashSet<FieldPath>,
    /// The fields of `data` that a dry run does not know.
    pub(super) unknown: HashSet<String>,
    pub(super) mode: RunMode,
    /// The output in a dry run that does not call.
    output: TemplateValue,
}

/// The verbs that a task calls in this order, and whether each only reads.
pub fn verbs_in_use(mode: Mode, verbs: &Verbs) -> Vec<(&str, bool)> {
    let read = verbs.read.as_deref().map(|verb| (verb, true));
    let create = verbs.create.as_deref().map(|verb| (verb, false));
    match mode {
        Mode::Exec => verbs.exec.as_deref().map(|verb| (verb, false)).into_iter().collect(),
        Mode::ReadOnly => read.into_iter().collect(),
        // `update` is asked for only where something differs: not every resource has it.
        Mode::NoUpdate | Mode::Default => read.into_iter().chain(create).collect(),
    }
}

impl<'a> ResourceCall<'a> {
    /// # Errors
    /// The rendered spec is not one.
    pub fn new(task: &'a ManifestTask, rendered: Rendered, mode: RunMode, output: TemplateValue) -> Result<Self> {
        let spec: ResourceSpec = serde_json::from_value(rendered.value.clone())
            .map_err(|error| wrong_spec("resource", &error).at(Some(task.location())))?;
        let is_unknown = |name: &&String| rendered.is_unknown(&FieldPath::default().key(DATA).key(*name));
        let unknown = spec.data.keys().filter(is_unknown).cloned().collect();
        let below_data = |path: FieldPath| match path.0.split_first() {
            Some((Segment::Key(data), rest)) if data == DATA => Some(FieldPath(rest.to_vec())),
            _ => None,
        };
        let templated = rendered.templated.into_iter().filter_map(below_data).collect();
        Ok(Self { task, spec, templated, unknown, mode, output })
    }

    /// Whether a dry run does not know more of a spec than values in `data`.
    pub fn is_unknown(spec: &Rendered) -> bool {
        spec.unknown.iter().any(|path| path.0.first() != Some(&Segment::Key(DATA.to_owned())) || path.0.len() == 1)
    }

    /// The type of the output of a task that may change something, if it is a message; `None` if it only reads.
    pub async fn written_type(
        &self,
        session: &mut Session,
        context: &mut Context<'_>,
    ) -> Result<Option<Option<MessageDescriptor>>> {
        let Verbs { read, create, exec, .. } = &self.spec.verb;
        let verb = match self.spec.mode {
            Mode::ReadOnly => None,
            Mode::Exec => exec.as_ref(),
            Mode::Default | Mode::NoUpdate => create.as_ref().or(read.as_ref()),
        };
        let Some(verb) = verb else { return Ok(None) };
        let method = self.method(verb, session, context).await?;
        if method.is_read_only() {
            return Ok(None);
        }
        Ok(Some(Some(method.output()).filter(|_| self.spec.output.is_none())))
    }

    pub(super) async fn method(
        &self,
        verb: &str,
        session: &mut Session,
        context: &mut Context<'_>,
    ) -> Result<Rc<Method>> {
        session.method(&self.spec.resource_type, verb, self.spec.token.as_deref(), context).await
    }

    /// Calls the service. `is_writing` is true while a call may change something.
    pub async fn run(
        mut self,
        session: &mut Session,
        is_writing: &Cell<bool>,
        context: &mut Context<'_>,
    ) -> Result<Done> {
        let columns = match self.spec.output.clone() {
            Some(output) => Some(self.columns(&output, session, context).await?),
            None => None,
        };
        if let (Some(columns), Some(OutputSpec { options, .. })) = (&columns, &self.spec.output)
            && options.add_only
            && self.spec.mode == Mode::Exec
        {
            self.ask_only(columns);
        }
        let done = match self.spec.mode {
            Mode::Exec => self.execute(session, is_writing, context).await?,
            _ => self.ensure(session, is_writing, context).await?,
        };
        Ok(match columns {
            Some(columns) if done.is_known => Done { output: selected(done.output, &columns), view: None, ..done },
            _ => done,
        })
    }

    /// Asks the service for the fields of `columns` only.
    fn ask_only(&mut self, columns: &Columns) {
        let query = self.spec.data.entry("query").or_insert_with(|| json!({}));
        if let Value::Object(query) = query {
            query.insert("only".to_owned(), columns.only_keys().into());
        }
    }

    /// Calls `verb.exec`.
    async fn execute(&self, session: &mut Session, is_writing: &Cell<bool>, context: &mut Context<'_>) -> Result<Done> {
        let Some(verb) = &self.spec.verb.exec else {
            return Err(Error::local("the mode EXEC needs a verb").hint("add verb: {exec: VERB}"));
        };
        let method = self.method(verb, session, context).await?;
        let data = self.spec.data.clone();
        let is_read = method.verb() == "get" || ROW_VERBS.contains(&method.verb());
        if self.mode == RunMode::Dry && (!is_read || !self.unknown.is_empty()) {
            return self.planned(&method, data, context).await;
        }
        if let Some(Pagination { size }) = self.spec.pagination {
            let rows = self.pages(&method, data, size, context).await?;
            return Ok(self.listed(&method, rows));
        }
        let request = self.request(&method, data, &context.streams.diagnostics).await?;
        if method.is_streaming() {
            let mut response = method.call(request.bytes).await?;
            let mut messages = Vec::new();
            while let Some(bytes) = response.next_bytes().await? {
                let message = method.value(bytes).await?;
                self.remember(&method, &message);
                messages.push(message);
            }
            let happened = format!("{} messages", messages.len());
            return Ok(Done::message(messages.into(), &method.output(), happened));
        }
        let response = self.write(&method, request.bytes, is_writing).await?;
        self.remember(&method, &response);
        if ROW_VERBS.contains(&method.verb()) {
            return Ok(self.listed(&method, rows_of(response)));
        }
        let happened = match self.id_in(&response) {
            Some(id) => format!("{} {id}", past_tense(method.verb())),
            None => format!("called {}", method.verb()),
        };
        Ok(Done::message(response, &method.output(), happened))
    }

    fn listed(&self, method: &Method, rows: Vec<Value>) -> Done {
        let happened = format!("{} row{}", rows.len(), if rows.len() == 1 { "" } else { "s" });
        match ResponseKind::new(&method.output()).list_row() {
            Some(row) => Done::message(rows.into(), row, happened),
            None => Done::new(rows.into(), happened),
        }
    }

    /// Calls a method that may change something.
    pub(super) async fn write(&self, method: &Method, request: Bytes, is_writing: &Cell<bool>) -> Result<Value> {
        is_writing.set(!method.is_read_only());
        let response = method.ask(request).await;
        is_writing.set(false);
        response.map_err(|error| self.with_advice(error))
    }

    /// All rows of a list: their count, then pages side by side.
    async fn pages(
        &self,
        method: &Method,
        data: Map<String, Value>,
        size: u64,
        context: &mut Context<'_>,
    ) -> Result<Vec<Value>> {
        let size = u32::try_from(size).ok().filter(|size| *size > 0);
        let size = size.ok_or_else(|| Error::local("pagination.size must be 1 or more"))?;
        let mut counting = data.clone();
        if let Value::Object(query) = counting.entry("query").or_insert_with(|| json!({})) {
            query.insert("count_only".to_owned(), true.into());
        }
        let request = self.request(method, counting, &context.streams.diagnostics).await?;
        let counted = method.ask(request.bytes).await?;
        let total = counted.get("total_count").and_then(Value::as_f64).unwrap_or_default();
        // A service cannot have more rows than its 32-bit pages can count.
        let total = total.clamp(0.0, f64::from(u32::MAX)) as u32;
        let base = self.request(method, data, &context.streams.diagnostics).await?.value.value;
        let starts = (0..total.div_ceil(size)).map(|page| page * size + 1);
        let pages = starts.map(|start| {
            let mut request = base.clone();
            query::set_range(&mut request, &method.input(), start, size);
            // As the Python client has it, on the first page, too.
            if let Some(Value::Object(page)) = request.get_mut("query").and_then(|query| query.get_mut("page")) {
                page.insert("start".to_owned(), start.into());
            }
            async move {
                let response = method.ask(method.encode_made(&request)?).await?;
                self.remember(method, &response);
                Ok::<_, Error>(rows_of(response))
            }
        });
        let pages: Vec<Vec<Value>> = futures_util::stream::iter(pages).buffered(PAGES_IN_FLIGHT).try_collect().await?;
        Ok(pages.concat())
    }

    /// Shows a request that a dry run does not send; what it would yield is not known.
    pub(super) async fn planned(
        &self,
        method: &Method,
        data: Map<String, Value>,
        context: &mut Context<'_>,
    ) -> Result<Done> {
        let mut request = Value::Object(data);
        if let (true, Value::Object(data)) = (self.unknown.is_empty(), &request) {
            let request_of = self.request(method, data.clone(), &context.streams.diagnostics).await?;
            request = method.decode_request(request_of.bytes)?;
        }
        secret::mask_message(method.resource_name(), &mut request);
        let (service, resource) = method.names();
        let call = format!("{service}.{resource}.{}", method.verb());
        let what = json!({ "call": call, "request": request });
        Ok(Done::planned(what, self.output.clone()))
    }

    /// The request of `method` with `data`, whose templated texts are typed by their fields.
    pub(super) async fn request(
        &self,
        method: &Method,
        mut data: Map<String, Value>,
        diagnostics: &Diagnostics,
    ) -> Result<ResourceRequest> {
        type_fields(&mut data, &method.input(), &self.templated);
        let draft = Draft::from_value(&self.task.source, data_node(self.task), data);
        // Each task of a kind would repeat them.
        let mut messages = Diagnostics::buffered();
        let value = method.resolve(draft, false, &mut messages);
        messages.flush_once_into(diagnostics);
        let value = value?;
        method.learn_types(&value).await;
        let bytes = method.encode(&value)?;
        let request = Value::Object(value.value.clone());
        for secret in secret::secrets_in_message(method.resource_name(), request) {
            mask::remember(&secret);
        }
        Ok(ResourceRequest { value, bytes })
    }

    /// Masks the secrets of a response from now on.
    pub(super) fn remember(&self, method: &Method, response: &Value) {
        for secret in secret::secrets_in_message(method.resource_name(), response.clone()) {
            mask::remember(&secret);
        }
    }

    pub(super) fn id_field(&self) -> String {
        let name = self.spec.resource_type.rsplit('.').next().unwrap_or_default();
        format!("{}_id", snake_case(name))
    }

    pub(super) fn id_in(&self, response: &Value) -> Option<String> {
        response.get(self.id_field())?.as_str().map(str::to_owned)
    }

    fn with_advice(&self, error: Error) -> Error {
        match error.kind() {
            ErrorKind::Status(Code::AlreadyExists) if self.spec.mode == Mode::Exec => {
                error.hint("mode: NO_UPDATE with matches creates a resource only where it is not there")
            }
            ErrorKind::Status(Code::Unauthenticated) => {
                error.hint("log in with an earlier task: set token in this task's spec, or the environment's key")
            }
            _ => error,
        }
    }
}

impl ResourceRequest {
    /// The problems of fields that are known before a run; null is not known.
    pub fn check(method: &Method, task: &ManifestTask, known: Map<String, Value>) -> Vec<Problem> {
        let draft = Draft::from_value(&task.source, data_node(task), known);
        let checked = method
            .resolve(draft, false, &mut Diagnostics::null())
            .and_then(|request| method.encode_all_incomplete(&[request]));
        checked.err().map(|error| error.problems().to_vec()).unwrap_or_default()
    }
}

/// The node of the task's `data`, for places.
fn data_node(task: &ManifestTask) -> Rc<Node> {
    match &task.work {
        Work::Module { data, .. } => Rc::clone(data),
        Work::Group(_) => Rc::clone(&task.node),
    }
}

/// Types the texts of templates by their fields: `"5"` becomes a number where the field is one.
fn type_fields(data: &mut Map<String, Value>, input: &MessageDescriptor, templated: &HashSet<FieldPath>) {
    for (name, value) in data {
        if let Ok(shape) = FieldShape::at(input, std::slice::from_ref(name)) {
            type_value(value, &shape, FieldPath::default().key(name), templated);
        }
    }
}

fn type_value(value: &mut Value, shape: &FieldShape, path: FieldPath, templated: &HashSet<FieldPath>) {
    match (value, shape) {
        (Value::Object(fields), shape) => {
            for (name, value) in fields {
                if let Ok(below) = shape.clone().step(name) {
                    type_value(value, &below, path.key(name), templated);
                }
            }
        }
        (Value::Array(items), FieldShape::List(item)) => {
            items.iter_mut().enumerate().for_each(|(at, value)| type_value(value, item, path.index(at), templated));
        }
        (value @ Value::String(_), FieldShape::Scalar(_)) if templated.contains(&path) => {
            let typed = value.as_str().and_then(|text| shape.value_of(text).ok());
            if let Some(typed) = typed {
                *value = typed;
            }
        }
        _ => {}
    }
}

pub(super) fn rows_of(response: Value) -> Vec<Value> {
    match response {
        Value::Object(mut response) => match response.remove(RESULTS) {
            Some(Value::Array(rows)) => rows,
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// `created` for `create`, `registered` for `register`.
pub(super) fn past_tense(verb: &str) -> String {
    let first = verb.split('_').next().unwrap_or_default();
    match first {
        "add" | "issue" | "get" | "run" | "sync" | "set" => verb.to_owned(),
        _ if first.len() < verb.len() => verb.to_owned(),
        first if first.ends_with('e') => format!("{first}d"),
        first => format!("{first}ed"),
    }
}
