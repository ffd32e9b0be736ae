//! A Repository service in memory, of either generation, with failures.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tonic::Status;

use super::server::{Api, Call, Server};

/// What becomes of a call, counted from 1, and of those after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    None,
    /// From this call on, all are answered UNAVAILABLE; the first has been `done` nevertheless.
    Away {
        from: usize,
        done: bool,
    },
    /// Only this call is.
    Once {
        at: usize,
        done: bool,
    },
    /// This call is never answered.
    Silent {
        at: usize,
        done: bool,
    },
}

type Answering = UnboundedSender<Result<Value, Status>>;

#[derive(Default)]
struct State {
    rows: BTreeMap<String, Value>,
    calls: usize,
    trouble: Option<Trouble>,
    /// Calls that are never answered, kept open.
    unanswered: Vec<Answering>,
    /// So many calls that read wait for each other; those that wait.
    together: usize,
    waiting: Vec<(Answering, Result<Value, Status>)>,
    /// Plugins that are gone as soon as somebody writes to them, once.
    vanishing: Vec<String>,
    /// Images that are refused.
    refused: Vec<String>,
    /// Plugins that the caller may not deregister.
    locked: Vec<String>,
    /// How `list` is refused.
    unlisted: Option<Status>,
    /// `list` lists all, whatever its filter is.
    ignores_filters: bool,
}

/// A service and what it has.
pub struct Plugins {
    pub server: Server,
    state: Arc<Mutex<State>>,
}

impl Plugins {
    pub fn generation1() -> Self {
        Self::start(Api::generation1())
    }

    pub fn generation2() -> Self {
        Self::start(Api::generation2())
    }

    fn start(api: Api) -> Self {
        let state = Arc::<Mutex<State>>::default();
        let answering = Arc::clone(&state);
        let server = Server::arriving(api, move |call| answering.lock().unwrap().answer(call));
        Self { server, state }
    }

    /// What it has, by id.
    pub fn rows(&self) -> BTreeMap<String, Value> {
        self.state.lock().unwrap().rows.clone()
    }

    /// Has `rows` and nothing else, and counts calls anew.
    pub fn reset(&self, rows: impl IntoIterator<Item = Value>) {
        let mut state = self.state.lock().unwrap();
        *state = State::default();
        for row in rows {
            state.rows.insert(row["plugin_id"].as_str().unwrap().to_owned(), row);
        }
    }

    pub fn trouble(&self, trouble: Trouble) {
        let mut state = self.state.lock().unwrap();
        (state.calls, state.trouble) = (0, Some(trouble));
        state.unanswered.clear();
    }

    /// Whether a call waits for its answer in vain.
    pub fn is_silent(&self) -> bool {
        !self.state.lock().unwrap().unanswered.is_empty()
    }

    /// How many calls came since the last trouble was made.
    pub fn calls(&self) -> usize {
        self.state.lock().unwrap().calls
    }

    /// The next `count` calls of `get` and `list` are answered together.
    pub fn answer_together(&self, count: usize) {
        self.state.lock().unwrap().together = count;
    }

    /// The plugin is gone when it is written to next.
    pub fn vanish(&self, id: &str) {
        self.state.lock().unwrap().vanishing.push(id.to_owned());
    }

    /// The plugin cannot be deregistered.
    pub fn lock(&self, id: &str) {
        self.state.lock().unwrap().locked.push(id.to_owned());
    }

    /// Every `list` is refused so.
    pub fn refuse_lists(&self, status: Status) {
        self.state.lock().unwrap().unlisted = Some(status);
    }

    /// Every `list` lists all.
    pub fn ignore_filters(&self) {
        self.state.lock().unwrap().ignores_filters = true;
    }

    /// An image that no registry has.
    pub fn refuse(&self, image: &str) {
        self.state.lock().unwrap().refused.push(image.to_owned());
    }

    /// How many calls of `list` and of `get` came in all.
    pub fn reads(&self) -> (usize, usize) {
        let count = |method: &str| self.server.calls().iter().filter(|call| call.method == method).count();
        (count("list"), count("get"))
    }

    /// The verbs that wrote, with their plugins.
    pub fn written(&self) -> Vec<String> {
        let reads = |call: &Call| matches!(call.method.as_str(), "get" | "list");
        let told = |call: &Call| format!("{} {}", call.method, id(&call.request));
        self.server.calls().iter().filter(|call| !reads(call)).map(told).collect()
    }
}

/// A plugin as it stands there; `fields` over what all have.
pub fn row(id: &str, fields: Value) -> Value {
    let mut row = json!({
        "plugin_id": id, "name": id, "state": "ENABLED", "image": format!("x/{id}"), "registry_type": "DOCKER_HUB",
        "registry_url": "registry.hub.docker.com", "registry_config": {"url": "registry.hub.docker.com"},
        "labels": [], "tags": {}, "repository_info": {"repository_id": "repo-local", "repository_type": "LOCAL"},
    });
    row.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    row
}

fn id(request: &Value) -> String {
    let text = |name: &str| request[name].as_str().unwrap_or_default().to_owned();
    let id = text("plugin_id");
    if id.is_empty() { text("image").rsplit('/').next().unwrap_or_default().to_owned() } else { id }
}

/// Whether a row meets the conditions of a query.
fn is_wanted(filter: &Value, row: &Value) -> bool {
    filter.as_array().into_iter().flatten().all(|condition| {
        let (value, wanted) = (&row[condition["k"].as_str().unwrap()], &condition["v"]);
        let lower = |value: &Value| value.as_str().unwrap_or_default().to_lowercase();
        match condition["o"].as_str() {
            Some("in") => wanted.as_array().unwrap().contains(value),
            Some("eq") => value == wanted,
            Some("not") => value != wanted,
            Some("contain") => lower(value).contains(&lower(wanted)),
            _ => panic!("{condition}"),
        }
    })
}

impl State {
    fn answer(&mut self, call: &Call) -> UnboundedReceiver<Result<Value, Status>> {
        let (sender, receiver) = unbounded_channel();
        self.calls += 1;
        let away = || Err(Status::unavailable("gone"));
        let (answered, done) = match self.trouble.unwrap_or(Trouble::None) {
            Trouble::Away { from, done } => (self.calls < from, self.calls == from && done),
            Trouble::Once { at, done } => (self.calls != at, self.calls == at && done),
            Trouble::Silent { at, .. } if self.calls != at => (true, true),
            Trouble::Silent { done, .. } => {
                if done {
                    let _ = self.act(call);
                }
                self.unanswered.push(sender);
                return receiver;
            }
            Trouble::None => (true, true),
        };
        let answer = if answered || done { self.act(call) } else { away() };
        let answer = if answered { answer } else { away() };
        let reads = call.method == "get" || (call.method == "list" && self.unlisted.is_none());
        if reads && self.together > 0 {
            self.waiting.push((sender, answer));
            if self.waiting.len() == self.together {
                self.together = 0;
                for (sender, answer) in self.waiting.drain(..) {
                    let _ = sender.send(answer);
                }
            }
        } else {
            let _ = sender.send(answer);
        }
        receiver
    }

    fn act(&mut self, call: &Call) -> Result<Value, Status> {
        let id = id(&call.request);
        let writes_to_one = !matches!(call.method.as_str(), "get" | "list" | "register");
        if writes_to_one && self.vanishing.contains(&id) {
            self.vanishing.retain(|vanishing| *vanishing != id);
            self.rows.remove(&id);
        }
        let no_such = || Status::not_found(format!("ERROR_NOT_FOUND: Resource cannot be found ({id})"));
        match call.method.as_str() {
            "list" if self.unlisted.is_some() => Err(self.unlisted.clone().unwrap()),
            "list" => {
                let managed = row(
                    "plugin-managed",
                    json!({"labels": ["team"], "repository_info": {"repository_type": "MANAGED"}}),
                );
                let page = &call.request["query"]["page"];
                let number = |name: &str| page[name].as_u64().and_then(|number| usize::try_from(number).ok());
                let (start, limit) = (number("start").unwrap_or(1), number("limit").filter(|limit| *limit > 0));
                // As in the real service, the managed ones are listed whatever the filter is.
                let wanted = |row: &&Value| self.ignores_filters || is_wanted(&call.request["query"]["filter"], row);
                let rows: Vec<Value> = self.rows.values().filter(wanted).cloned().chain([managed]).collect();
                let page = rows.iter().skip(start.saturating_sub(1)).take(limit.unwrap_or(usize::MAX));
                Ok(json!({"total_count": rows.len(), "results": page.collect::<Vec<_>>()}))
            }
            "get" if id == "plugin-managed" => {
                Ok(row("plugin-managed", json!({"repository_info": {"repository_type": "MANAGED"}})))
            }
            "get" => {
                let gone = || Status::invalid_argument("ERROR_NO_PLUGIN: Plugin does not exists.");
                self.rows.get(&id).cloned().ok_or_else(gone)
            }
            "register" if self.rows.contains_key(&id) => {
                Err(Status::already_exists("ERROR_SAVE_UNIQUE_VALUES: Tried to save duplicate unique values."))
            }
            "register" if self.refused.iter().any(|image| call.request["image"] == **image) => {
                Err(Status::internal("ERROR_NO_IMAGE_IN_REGISTRY: Image does not found."))
            }
            "register" => {
                let mut new = row(&id, json!({}));
                new.as_object_mut().unwrap().extend(call.request.as_object().cloned().unwrap_or_default());
                self.rows.insert(id, new.clone());
                Ok(new)
            }
            "deregister" if self.locked.contains(&id) => {
                Err(Status::permission_denied("ERROR_PERMISSION_DENIED: Permission denied."))
            }
            "deregister" => self.rows.remove(&id).map(|_| json!({})).ok_or_else(no_such),
            verb => {
                let row = self.rows.get_mut(&id).ok_or_else(no_such)?;
                let state = |state: &str| json!({"state": state}).as_object().cloned().unwrap_or_default();
                let change: Map<String, Value> = match verb {
                    "disable" => state("DISABLED"),
                    "enable" => state("ENABLED"),
                    _ => call.request.as_object().cloned().unwrap_or_default(),
                };
                row.as_object_mut().unwrap().extend(change);
                Ok(row.clone())
            }
        }
    }
}
