//! `exec register` of many documents while connections, the client or the service break.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::Value;

use super::Size;
use super::process::{Ended, Hit, Service, run, start};
use super::proxy::{Fault, Place, Proxy};
use super::report::Verdict;
use super::rng::Rng;
use super::support::{Act, Plugins, Proxy as GoAwayProxy, Spacectl};

/// The documents of one run.
pub struct Documents {
    pub ids: Vec<String>,
}

impl Documents {
    pub fn random(rng: &mut Rng, size: Size) -> Self {
        Self::new("plugin-p", 20 + rng.below(size.documents.saturating_sub(19)))
    }

    pub fn new(prefix: &str, count: u64) -> Self {
        Self { ids: (0..count).map(|number| format!("{prefix}{number}")).collect() }
    }

    pub fn yaml(&self) -> String {
        let document = |id| format!("---\nname: {id}\nimage: acme/{id}\nresource_type: notification.Protocol\n");
        self.ids.iter().map(document).collect()
    }
}

/// The arguments of a run that is broken.
fn faulty_line(url: &str, rng: &mut Rng) -> String {
    let parallel = rng.pick(&[1, 2, 16, 16, 64]);
    let keep_going = rng.pick(&["", " --keep-going"]);
    format!("{REGISTER} --error-format json --parallel {parallel}{keep_going} --endpoint {url}")
}

const REGISTER: &str = "exec register repository.Plugin -f documents.yml -c plugin_id -o quiet";

/// What a run said of its documents.
pub struct Account {
    pub done: usize,
    rejected: usize,
    unknown: usize,
    not_sent: usize,
    /// The documents that have an error of their own, with its outcome.
    errors: Vec<(usize, String)>,
}

impl Account {
    /// Reads the diagnostics that `--error-format json` writes; `None` if there is no summary.
    pub fn read(ended: &Ended) -> Option<Self> {
        let told: Value = serde_json::from_str(ended.err.trim()).ok()?;
        let notes = told["notes"].as_array()?;
        let summary = notes.iter().filter_map(Value::as_str).find(|note| note.starts_with("registered "))?;
        let count = |word: &str| {
            let part = summary.split(", ").find_map(|part| part.strip_prefix(word));
            part.map_or(0, |number| number.trim().parse().unwrap())
        };
        let first = &told["error"];
        let all = std::iter::once(first).chain(first["more"].as_array().into_iter().flatten());
        let errors = all.filter_map(|error| {
            let number = error["message"].as_str()?.strip_prefix("document ")?.split(':').next()?;
            Some((number.parse::<usize>().ok()? - 1, error["outcome"].as_str().unwrap_or_default().to_owned()))
        });
        Some(Self {
            done: count("registered"),
            rejected: count("rejected"),
            unknown: count("unknown"),
            not_sent: count("not sent"),
            errors: errors.collect(),
        })
    }
}

/// Checks what a broken run said against the plugins that are there afterwards.
pub fn check_account(ended: &Ended, documents: &Documents, there: &BTreeSet<String>, verdict: &mut Verdict) {
    for id in ended.ids() {
        verdict.keeps(there.contains(id), format!("{id} was registered"));
    }
    let count = documents.ids.len();
    let registered = ended.ids().len();
    verdict.told(!ended.is_ok() || registered == count, "exit code 0, and not all are registered");
    let Some(account) = Account::read(ended) else { return };
    let Account { done, rejected, unknown, not_sent, errors } = account;
    let is_written = !ended.err.contains("cannot write the output");
    let agrees = done == registered || !is_written && done > registered;
    verdict.told(agrees, format!("{done} in the summary, {registered} on stdout"));
    verdict.told(done + rejected + unknown + not_sent == count, format!("the summary is not about {count} documents"));
    verdict.told(ended.is_ok() == (done == count && is_written), "the exit code and the summary differ");
    let range = done..=done + unknown;
    verdict.told(range.contains(&there.len()), format!("{} are there, {range:?} is said", there.len()));
    for (index, outcome) in errors.iter().filter(|(_, outcome)| outcome != "unknown") {
        let id = &documents.ids[*index];
        verdict.told(!there.contains(id), format!("{id} is said to be {outcome}, and is there"));
    }
}

/// Runs it once more without faults: afterwards everything must be there.
fn check_next_run(
    user: &Spacectl,
    url: &str,
    documents: &Documents,
    there: impl Fn() -> BTreeSet<String>,
    verdict: &mut Verdict,
) {
    let ended = run(user, &format!("{REGISTER} --error-format json --keep-going --endpoint {url}"), &[]);
    verdict.program(&ended);
    let there = there();
    for id in &documents.ids {
        verdict.keeps(there.contains(id), format!("{id} after the next run"));
    }
    if let Some(account) = Account::read(&ended) {
        let sum = account.done + account.rejected;
        verdict.told(sum == documents.ids.len(), format!("the next run registered or rejected {sum}"));
    } else {
        let all = ended.is_ok() && ended.ids().len() == documents.ids.len();
        verdict.told(all, "the next run has no summary");
    }
}

/// A recording service, a user, and their documents.
struct Scene {
    service: Plugins,
    user: Spacectl,
    documents: Documents,
}

impl Scene {
    fn new(rng: &mut Rng, size: Size) -> Self {
        let (service, user) = (Plugins::generation2(), Spacectl::new());
        let documents = Documents::random(rng, size);
        user.file("documents.yml", &documents.yaml());
        Self { service, user, documents }
    }

    fn there(&self) -> BTreeSet<String> {
        self.service.rows().into_keys().collect()
    }

    /// Checks the broken run and the one after it.
    fn check(&self, ended: &Ended, verdict: &mut Verdict) {
        // What has reached the service's socket is processed within this time.
        std::thread::sleep(Duration::from_millis(15));
        verdict.program(ended);
        let mut calls = BTreeMap::<String, usize>::new();
        for call in self.service.written() {
            *calls.entry(call).or_default() += 1;
        }
        for (call, count) in &calls {
            verdict.single(*count == 1, format!("{count} calls of {call}"));
        }
        if ended.code.is_some() && Account::read(ended).is_none() {
            verdict.told(calls.is_empty() || ended.is_ok(), "no summary, and something was sent");
        }
        check_account(ended, &self.documents, &self.there(), verdict);
        check_next_run(&self.user, &self.service.server.url(), &self.documents, || self.there(), verdict);
    }
}

/// Breaks a connection at one frame after the other, run by run.
pub fn frame_boundary(rng: &mut Rng, size: Size) -> Verdict {
    // Each document is two frames of the client and three of the service, among others.
    let place = |rng: &mut Rng, documents: u64| Place::Frames(rng.run % (3 * documents + 12));
    break_connections(rng, size, place)
}

pub fn byte_offset(rng: &mut Rng, size: Size) -> Verdict {
    // Of the service's description, then of the documents.
    break_connections(rng, size, |rng, documents| {
        let most = if rng.once_in(2) { 20_000 } else { 400 + 90 * documents };
        Place::Bytes(rng.below(most))
    })
}

fn break_connections(rng: &mut Rng, size: Size, place: impl Fn(&mut Rng, u64) -> Place) -> Verdict {
    let scene = Scene::new(rng, size);
    let mut verdict = Verdict::default();
    let proxy = Proxy::before(scene.service.server.port());
    if rng.once_in(2) {
        // The service's description is cached.
        run(&scene.user, &format!("list repository.Plugin --endpoint {}", proxy.url()), &[]);
    }
    let count = scene.documents.ids.len() as u64;
    let mut faults = Vec::new();
    for connection in 0..4 {
        for _ in 0..1 + rng.below(3) {
            let place = place(rng, count);
            faults.push(Fault::random(rng, connection, place));
        }
    }
    let timeout = if faults.iter().any(Fault::is_stall) { " --timeout 300ms" } else { "" };
    verdict.log(format!("{faults:?}"));
    proxy.arm(faults);
    let ended = run(&scene.user, &(faulty_line(&proxy.url(), rng) + timeout), &[]);
    proxy.drain();
    verdict.faults = proxy.fired();
    scene.check(&ended, &mut verdict);
    verdict
}

/// Ends connections by GOAWAY, or after a request without one.
pub fn go_away(rng: &mut Rng, size: Size) -> Verdict {
    let scene = Scene::new(rng, size);
    let mut verdict = Verdict::default();
    let most = 2 + rng.below(30);
    let acts = Arc::new(Mutex::new((rng.clone(), 0, Vec::new())));
    let shared = Arc::clone(&acts);
    let proxy = GoAwayProxy::before(scene.service.server.port(), move |number| {
        let (rng, next, given) = &mut *shared.lock().unwrap();
        if number == 1 {
            *next = 2 + rng.below(most) as usize;
        }
        if number != *next {
            return Act::Pass;
        }
        let act = match rng.below(13) {
            0..3 => Act::LastByGoAway,
            3..6 => Act::LastByTwoGoAways,
            6..9 => Act::Last,
            9..12 => Act::NotProcessed(rng.pick(&[0, 11])),
            _ => Act::Cut,
        };
        given.push(act);
        act
    });
    let ended = run(&scene.user, &faulty_line(&proxy.url(), rng), &[]);
    let given = acts.lock().unwrap().2.clone();
    verdict.faults = given.len();
    verdict.log(format!("{given:?}"));
    let is_cut = given.iter().any(|act| matches!(act, Act::Cut | Act::Last));
    verdict.told(is_cut || ended.is_ok(), "requests that were not processed were not sent again");
    scene.check(&ended, &mut verdict);
    verdict
}

/// Ends the client by one or two signals.
pub fn client_ended(rng: &mut Rng, size: Size) -> Verdict {
    let scene = Scene::new(rng, size);
    let mut verdict = Verdict::default();
    let proxy = Proxy::before(scene.service.server.port());
    let line = faulty_line(&proxy.url(), rng);
    let hits = Hit::random(rng, Duration::from_millis(30 + scene.documents.ids.len() as u64));
    let ended = run(&scene.user, &line, &hits);
    proxy.drain();
    verdict.faults = ended.sent.len();
    scene.check(&ended, &mut verdict);
    verdict
}

/// Kills the service once or more, and starts it again on its port.
pub fn service_killed(rng: &mut Rng, size: Size) -> Verdict {
    let (user, documents) = (Spacectl::new(), Documents::random(rng, size));
    let mut verdict = Verdict::default();
    user.file("documents.yml", &documents.yaml());
    let data = user.home().join("repository.db");
    let mut service = Service::start(&user, &data);
    let url = format!("grpc://127.0.0.1:{}", service.port);
    let there = || -> BTreeSet<String> {
        let listed = run(&user, &format!("list repository.Plugin -c plugin_id -o quiet --endpoint {url}"), &[]);
        assert!(listed.is_ok(), "{listed}");
        listed.ids().into_iter().map(str::to_owned).collect()
    };
    let client = start(&user, &faulty_line(&url, rng));
    for _ in 0..1 + rng.below(3) {
        std::thread::sleep(rng.moment(Duration::from_millis(20 + 2 * documents.ids.len() as u64)));
        service.restart(&user, &data);
        verdict.faults += 1;
    }
    let ended = client.end(&[]);
    verdict.program(&ended);
    check_account(&ended, &documents, &there(), &mut verdict);
    check_next_run(&user, &url, &documents, there, &mut verdict);
    verdict
}
