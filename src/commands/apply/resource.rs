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

use super::runner::{Done, RunMode, wrong_spec};
use super::session::Session;
use crate::commands::Context;
use crate::commands::method::{LIST, Method};
use crate::error::{Error, ErrorKind, Problem, Result};
use crate::manifest::resource_spec::{Mode, OutputSpec, OutputTemplate, Pagination, ResourceSpec, Verbs};
use crate::manifest::template::Rendered;
use crate::manifest::{Task, Work};
use crate::output::view::{RESULTS, ResponseKind};
use crate::plugin::field_change;
use crate::query::{self, Column, Columns};
use crate::schema::field_path::{FieldPath, Segment};
use crate::secret::{self, mask, snake_case};
use crate::spec::typing::FieldShape;
use crate::spec::{Draft, SpecRequest};
use crate::terminal::io_streams::Diagnostics;
use crate::text::value_ext;
use crate::yaml::{Node, value};

const DATA: &str = "data";

/// The pages of a list that are in flight at a time.
const PAGES_IN_FLIGHT: usize = 8;

/// The verbs whose responses are rows.
const ROW_VERBS: [&str; 3] = [LIST, "stat", "analyze"];

/// A request of a task.
pub struct Request {
    pub value: SpecRequest,
    pub bytes: Bytes,
}

/// A task that calls a resource.
pub struct ResourceCall<'a> {
    pub task: &'a Task,
    pub spec: ResourceSpec,
    /// The texts of `data` that came out of templates.
    templated: HashSet<FieldPath>,
    /// The fields of `data` that a dry run does not know.
    unknown: HashSet<String>,
    mode: RunMode,
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
    pub fn new(task: &'a Task, rendered: Rendered, mode: RunMode, output: TemplateValue) -> Result<Self> {
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

    async fn method(&self, verb: &str, session: &mut Session, context: &mut Context<'_>) -> Result<Rc<Method>> {
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
        let request = self.request(&method, data, &mut context.streams.diagnostics).await?;
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
    async fn write(&self, method: &Method, request: Bytes, is_writing: &Cell<bool>) -> Result<Value> {
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
        let request = self.request(method, counting, &mut context.streams.diagnostics).await?;
        let counted = method.ask(request.bytes).await?;
        let total = counted.get("total_count").and_then(Value::as_f64).unwrap_or_default();
        // A service cannot have more rows than its 32-bit pages can count.
        let total = total.clamp(0.0, f64::from(u32::MAX)) as u32;
        let base = self.request(method, data, &mut context.streams.diagnostics).await?.value.value;
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

    /// Reads the resource, and creates or updates it as the mode says.
    async fn ensure(&self, session: &mut Session, is_writing: &Cell<bool>, context: &mut Context<'_>) -> Result<Done> {
        let ResourceSpec { mode, verb, .. } = &self.spec;
        if let Some(read) = &verb.read {
            self.check_matches()?;
            let method = self.method(read, session, context).await?;
            let keys = self.spec.data.iter().filter(|(name, _)| self.spec.matches.contains(name));
            let keys: Map<String, Value> = keys.map(|(name, value)| (name.clone(), value.clone())).collect();
            if keys.keys().any(|name| self.unknown.contains(name)) {
                return self.planned(&method, keys, context).await;
            }
            if let Some((row, message)) = self.read(&method, keys, context).await? {
                return match (mode, &verb.update) {
                    (Mode::Default, Some(update)) => {
                        self.update(update, row, message, session, is_writing, context).await
                    }
                    _ => Ok(Done::row(row, message.as_ref(), "found".to_owned())),
                };
            }
        }
        match (mode, &verb.create) {
            (Mode::Default | Mode::NoUpdate, Some(create)) => {
                let method = self.method(create, session, context).await?;
                let data = self.spec.data.clone();
                if self.mode == RunMode::Dry {
                    return self.planned(&method, data, context).await;
                }
                let request = self.request(&method, data, &mut context.streams.diagnostics).await?;
                let response = self.write(&method, request.bytes, is_writing).await?;
                self.remember(&method, &response);
                let happened = match self.id_in(&response) {
                    Some(id) => format!("{} {id}", past_tense(create)),
                    None => past_tense(create),
                };
                Ok(Done::message(response, &method.output(), happened))
            }
            _ => Ok(Done::new(json!({}), "not found".to_owned())),
        }
    }

    /// Refuses keys without a value: a service would not see them, and any row would match.
    fn check_matches(&self) -> Result<()> {
        let ResourceSpec { matches, data, mode, .. } = &self.spec;
        let is_empty = |key: &&String| data.get(*key).is_none_or(value_ext::is_empty);
        let message = match matches.iter().find(is_empty) {
            Some(key) => format!("`matches` names {key}, which has no value: any row would match"),
            None if matches.is_empty() && *mode != Mode::ReadOnly => {
                "`matches` is empty: any row would match".to_owned()
            }
            None => return Ok(()),
        };
        Err(Error::local(message).hint("name keys of data that identify the resource"))
    }

    /// The row that `keys` identify, and its type; `None` if no row does.
    async fn read(
        &self,
        method: &Method,
        keys: Map<String, Value>,
        context: &mut Context<'_>,
    ) -> Result<Option<(Map<String, Value>, Option<MessageDescriptor>)>> {
        let request = self.request(method, keys, &mut context.streams.diagnostics).await?;
        let response = match method.ask(request.bytes).await {
            Ok(response) => response,
            Err(error) if is_not_found(&error, method.verb()) => return Ok(None),
            Err(error) => return Err(error),
        };
        self.remember(method, &response);
        let kind = ResponseKind::new(&method.output());
        let row_type = kind.list_row().cloned();
        if row_type.is_none() && !ROW_VERBS.contains(&method.verb()) {
            let Value::Object(row) = response else { return Ok(None) };
            return Ok((!row.is_empty()).then(|| (row, Some(method.output()))));
        }
        let mut rows = rows_of(response).into_iter();
        let Some(Value::Object(row)) = rows.next() else { return Ok(None) };
        let others = rows.count();
        if others > 0 {
            let (count, matches) = (others + 1, self.spec.matches.join(", "));
            let message = format!("{count} rows match by {matches}");
            if self.spec.mode == Mode::Default {
                return Err(Error::local(format!("{message}, and one would be updated"))
                    .hint("name more keys in matches, or use mode: NO_UPDATE, which takes the first"));
            }
            context.streams.diagnostics.warn(&format!("{}: {message}; the first is taken", self.spec.resource_type));
        }
        Ok(Some((row, row_type)))
    }

    /// Updates what differs from `row`.
    async fn update(
        &self,
        verb: &str,
        row: Map<String, Value>,
        message: Option<MessageDescriptor>,
        session: &mut Session,
        is_writing: &Cell<bool>,
        context: &mut Context<'_>,
    ) -> Result<Done> {
        // The values as the service reads them: by the request that creates, which has all fields.
        let by = self.spec.verb.create.as_deref().unwrap_or(verb);
        let method = self.method(by, session, context).await?;
        let data = self.spec.data.clone();
        if !self.unknown.is_empty() {
            return self.planned(&method, data, context).await;
        }
        let request = self.request(&method, data, &mut context.streams.diagnostics).await?;
        let Value::Object(fields) = method.decode_request(request.bytes)? else {
            return Err(Error::local("the data is not a message"));
        };
        let is_in_row = |name: &&String| {
            let described = message.as_ref().map(|message| message.get_field_by_name(name).is_some());
            described.unwrap_or_else(|| row.contains_key(*name)) && !self.spec.matches.contains(name)
        };
        let compared: Vec<&str> = fields.keys().filter(is_in_row).map(String::as_str).collect();
        let changes = field_change::between(&fields, &row, &compared);
        // A message cannot hold an empty value, so that an update cannot make a field empty.
        let emptied = self.spec.data.iter().filter(|(name, value)| {
            !value.is_null() && !fields.contains_key(*name) && row.get(*name).is_some_and(|value| !is_default(value))
        });
        let emptied: Vec<&str> = emptied.map(|(name, _)| name.as_str()).collect();
        if !emptied.is_empty() {
            let message = format!("{} cannot be made empty by an update", emptied.join(", "));
            return Err(Error::local(message).hint("use mode: NO_UPDATE to leave the resource as it is"));
        }
        // Passwords and the like are in no row.
        let hidden = fields.keys().filter(|name| !is_in_row(name) && !self.spec.matches.contains(name));
        let hidden: Vec<&str> = hidden.map(String::as_str).collect();
        let not_compared =
            if hidden.is_empty() { String::new() } else { format!("; not compared: {}", hidden.join(", ")) };
        if changes.is_empty() {
            return Ok(Done::row(row, message.as_ref(), format!("unchanged{not_compared}")));
        }
        let mut changed: Vec<&str> = changes.iter().map(field_change::FieldChange::field).collect();
        changed.dedup();
        let method = self.method(verb, session, context).await?;
        let takes = |name: &str| method.input().get_field_by_name(name).is_some();
        let fixed: Vec<&str> = changed.iter().copied().filter(|name| !takes(name)).collect();
        if !fixed.is_empty() {
            let message = format!("{} differ and cannot be updated", fixed.join(", "));
            return Err(Error::local(message).hint("use mode: NO_UPDATE to leave the resource as it is"));
        }
        let mut update = Map::new();
        for key in self.spec.matches.iter().map(String::as_str).chain([self.id_field().as_str()]) {
            if let Some(value) = row.get(key).filter(|_| takes(key)) {
                update.insert(key.to_owned(), value.clone());
            }
        }
        update.extend(
            fields.iter().filter(|(name, _)| changed.contains(&name.as_str())).map(|(n, v)| (n.clone(), v.clone())),
        );
        if !update.keys().any(|name| !changed.contains(&name.as_str())) {
            let message = format!("{} takes neither the id nor a key of matches", method.verb());
            return Err(Error::local(message).hint("use mode: NO_UPDATE to leave the resource as it is"));
        }
        if self.mode == RunMode::Dry {
            return self.planned(&method, update, context).await;
        }
        let response = self.write(&method, method.encode_made(&update)?, is_writing).await?;
        self.remember(&method, &response);
        let happened = format!("updated {}{not_compared}", changed.join(", "));
        Ok(match response {
            Value::Object(answer) if !answer.is_empty() => Done::message(answer.into(), &method.output(), happened),
            _ => {
                let row = row.into_iter().chain(update).collect();
                Done::row(row, message.as_ref(), happened)
            }
        })
    }

    /// Shows a request that a dry run does not send; what it would yield is not known.
    async fn planned(&self, method: &Method, data: Map<String, Value>, context: &mut Context<'_>) -> Result<Done> {
        let mut request = Value::Object(data);
        if let (true, Value::Object(data)) = (self.unknown.is_empty(), &request) {
            let request_of = self.request(method, data.clone(), &mut context.streams.diagnostics).await?;
            request = method.decode_request(request_of.bytes)?;
        }
        secret::mask_message(method.resource_name(), &mut request);
        let (service, resource) = method.names();
        let call = format!("{service}.{resource}.{}", method.verb());
        let what = json!({ "call": call, "request": request });
        Ok(Done::planned(what, self.output.clone()))
    }

    /// The request of `method` with `data`, whose templated texts are typed by their fields.
    async fn request(
        &self,
        method: &Method,
        mut data: Map<String, Value>,
        diagnostics: &mut Diagnostics,
    ) -> Result<Request> {
        type_fields(&mut data, &method.input(), &self.templated);
        let draft = Draft::from_value(&self.task.source, data_node(self.task), data);
        let value = method.resolve(draft, false, diagnostics)?;
        method.learn_types(&value).await;
        let bytes = method.encode(&value)?;
        let request = Value::Object(value.value.clone());
        for secret in secret::secrets_in_message(method.resource_name(), request) {
            mask::remember(&secret);
        }
        Ok(Request { value, bytes })
    }

    /// Masks the secrets of a response from now on.
    fn remember(&self, method: &Method, response: &Value) {
        for secret in secret::secrets_in_message(method.resource_name(), response.clone()) {
            mask::remember(&secret);
        }
    }

    fn id_field(&self) -> String {
        let name = self.spec.resource_type.rsplit('.').next().unwrap_or_default();
        format!("{}_id", snake_case(name))
    }

    fn id_in(&self, response: &Value) -> Option<String> {
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

    /// The columns of the output.
    async fn columns(&self, output: &OutputSpec, session: &mut Session, context: &mut Context<'_>) -> Result<Columns> {
        let options = &output.options;
        let texts = match output.template {
            OutputTemplate::Input => options.columns.clone(),
            OutputTemplate::File => {
                let file = options.file.as_deref().ok_or_else(|| Error::local("output.options.file is missing"))?;
                columns_of_file(file)?
            }
            OutputTemplate::Metadata => {
                let name = options.metadata.as_deref();
                let parts: Vec<&str> = name.unwrap_or_default().split('.').collect();
                let [provider, group, name] = parts[..] else {
                    return Err(Error::local("output.options.metadata must be provider.group.type"));
                };
                let method = session.method("inventory.CloudServiceType", LIST, None, context).await?;
                let request = json!({ "provider": provider, "group": group, "name": name });
                let Value::Object(request) = request else { return Err(Error::local("not a request")) };
                let rows = rows_of(method.ask(method.encode_made(&request)?).await?);
                metadata_columns(rows.first().unwrap_or(&Value::Null), options.use_name_alias)
            }
        };
        if texts.is_empty() {
            return Err(Error::local("the output has no columns").hint("name them in output.options.columns"));
        }
        texts.iter().map(|text| Column::parse(text)).collect()
    }
}

impl Request {
    /// The problems of fields that are known before a run; null is not known.
    pub fn check(method: &Method, task: &Task, known: Map<String, Value>) -> Vec<Problem> {
        let draft = Draft::from_value(&task.source, data_node(task), known);
        let checked = method
            .resolve(draft, false, &mut Diagnostics::null())
            .and_then(|request| method.encode_all_incomplete(&[request]));
        checked.err().map(|error| error.problems().to_vec()).unwrap_or_default()
    }
}

/// The node of the task's `data`, for places.
fn data_node(task: &Task) -> Rc<Node> {
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

fn rows_of(response: Value) -> Vec<Value> {
    match response {
        Value::Object(mut response) => match response.remove(RESULTS) {
            Some(Value::Array(rows)) => rows,
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// Whether a read found nothing: `get` says so by other codes, too.
fn is_not_found(error: &Error, verb: &str) -> bool {
    let says_none = |text: &str| text.starts_with("ERROR_NOT_FOUND") || text.starts_with("ERROR_NO_");
    let text = error.sent_text().unwrap_or_default();
    error.kind() == ErrorKind::Status(Code::NotFound)
        || matches!(error.kind(), ErrorKind::Status(_)) && verb == "get" && says_none(text)
}

/// A value that a message does not hold: null, false, 0, or an empty text, list or mapping.
fn is_default(value: &Value) -> bool {
    value_ext::is_empty(value) || value == &Value::Bool(false) || value.as_f64() == Some(0.0)
}

fn selected(output: Value, columns: &Columns) -> Value {
    let select = |row: &Value| -> Value {
        columns.iter().map(|column| (column.header().to_owned(), column.select(row))).collect::<Map<_, _>>().into()
    };
    match &output {
        Value::Array(rows) => rows.iter().map(select).collect(),
        Value::Object(row) if row.is_empty() => output,
        row => select(row),
    }
}

/// The columns of a template file: `template: {list: [...]}`.
fn columns_of_file(file: &str) -> Result<Vec<String>> {
    let text = crate::spec::source::SourceText::of_bytes(file.to_owned(), crate::spec::source::read_file(file)?)?;
    let document = crate::manifest::load::only_document(&text)?;
    let value = value::of(&document).map_err(|fault| fault.into_error(Error::local, file))?;
    let list = value.get("template").and_then(|template| template.get(LIST)).cloned();
    list.and_then(|list| serde_json::from_value(list).ok())
        .ok_or_else(|| Error::local(format!("{file} has no columns")).hint("write template: {list: [column, ...]}"))
}

/// The columns of a cloud service type's table, as its metadata has them.
fn metadata_columns(row: &Value, use_name_alias: bool) -> Vec<String> {
    /// Columns that every table has.
    const ALWAYS: [&str; 6] = ["project_id", "provider", "region_code", "name", "updated_at", "launched_at"];
    let fields = row.pointer("/metadata/view/table/layout/options/fields").and_then(Value::as_array);
    let column = |field: &Value| {
        let key = field.get("key")?.as_str()?;
        let option = |name: &str| field.get("options").and_then(|options| options.get(name));
        if ALWAYS.contains(&key) || option("is_optional").and_then(Value::as_bool) == Some(true) {
            return None;
        }
        let key = match option("sub_key").and_then(Value::as_str) {
            Some(sub_key) => format!("{key}.{sub_key}"),
            None => key.to_owned(),
        };
        let name = field.get("name").and_then(Value::as_str).filter(|_| use_name_alias);
        Some(name.map_or_else(|| key.clone(), |name| format!("{key}|{name}")))
    };
    let own = fields.into_iter().flatten().filter_map(column);
    let named = |key: &str, name: &str| if use_name_alias { format!("{key}|{name}") } else { key.to_owned() };
    let first = ["project_id".to_owned(), named("provider", "Provider"), named("region_code", "Region")];
    let last = named("reference.resource_id", "Resource ID");
    first.into_iter().chain([named("name", "Name")]).chain(own).chain([last]).collect()
}

/// `created` for `create`, `registered` for `register`.
fn past_tense(verb: &str) -> String {
    let first = verb.split('_').next().unwrap_or_default();
    match first {
        "add" | "issue" | "get" | "run" | "sync" | "set" => verb.to_owned(),
        _ if first.len() < verb.len() => verb.to_owned(),
        first if first.ends_with('e') => format!("{first}d"),
        first => format!("{first}ed"),
    }
}
