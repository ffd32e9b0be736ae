//! `@modules/resource` outside of EXEC: reads, creates or updates a resource.

use std::cell::Cell;

use prost_reflect::MessageDescriptor;
use serde_json::{Map, Value};
use tonic::Code;

use super::resource::{ROW_VERBS, ResourceCall, past_tense, rows_of};
use super::runner::{Done, RunMode};
use super::session::Session;
use crate::commands::Context;
use crate::commands::method::Method;
use crate::error::{Error, ErrorKind, Result};
use crate::manifest::resource_spec::{Mode, ResourceSpec};
use crate::output::view::ResponseKind;
use crate::plugin::field_change;
use crate::text::value_ext;

impl ResourceCall<'_> {
    /// Reads the resource, and creates or updates it as the mode says.
    pub(super) async fn ensure(
        &self,
        session: &mut Session,
        is_writing: &Cell<bool>,
        context: &mut Context<'_>,
    ) -> Result<Done> {
        let ResourceSpec { mode, verb, .. } = &self.spec;
        let mut row_type = None;
        if let Some(read) = &verb.read {
            self.check_matches()?;
            let method = self.method(read, session, context).await?;
            let keys = self.spec.data.iter().filter(|(name, _)| self.spec.matches.contains(name));
            let keys: Map<String, Value> = keys.map(|(name, value)| (name.clone(), value.clone())).collect();
            if keys.keys().any(|name| self.unknown.contains(name)) {
                return self.planned(&method, keys, context).await;
            }
            row_type = row_type_of(&method);
            if let Some(row) = self.read(&method, keys, context).await? {
                return match (mode, &verb.update) {
                    (Mode::Default, Some(update)) => {
                        self.update(update, row, row_type, session, is_writing, context).await
                    }
                    _ => Ok(Done::row(row, row_type.as_ref(), "found".to_owned())),
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
                let request = self.request(&method, data, &context.streams.diagnostics).await?;
                let response = self.write(&method, request.bytes, is_writing).await?;
                self.remember(&method, &response);
                let happened = match self.id_in(&response) {
                    Some(id) => format!("{} {id}", past_tense(create)),
                    None => past_tense(create),
                };
                Ok(Done::message(response, &method.output(), happened))
            }
            // Its fields are empty, as those that a response leaves out.
            _ => Ok(Done::row(Map::new(), row_type.as_ref(), "not found".to_owned())),
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

    /// The row that `keys` identify; `None` if no row does.
    async fn read(
        &self,
        method: &Method,
        keys: Map<String, Value>,
        context: &mut Context<'_>,
    ) -> Result<Option<Map<String, Value>>> {
        let request = self.request(method, keys, &context.streams.diagnostics).await?;
        let response = match method.ask(request.bytes).await {
            Ok(response) => response,
            Err(error) if is_not_found(&error, method.verb()) => return Ok(None),
            Err(error) => return Err(error),
        };
        self.remember(method, &response);
        if !is_list(method) {
            let Value::Object(row) = response else { return Ok(None) };
            return Ok(Some(row).filter(|row| !row.is_empty()));
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
        Ok(Some(row))
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
        let request = self.request(&method, data, &context.streams.diagnostics).await?;
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
}

/// Whether a method that reads responds with rows.
fn is_list(method: &Method) -> bool {
    ResponseKind::new(&method.output()).list_row().is_some() || ROW_VERBS.contains(&method.verb())
}

/// The type of what a method that reads finds; `None` if it is not described.
pub(super) fn row_type_of(method: &Method) -> Option<MessageDescriptor> {
    match is_list(method) {
        true => ResponseKind::new(&method.output()).list_row().cloned(),
        false => Some(method.output()),
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
