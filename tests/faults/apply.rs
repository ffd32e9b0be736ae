//! `plugin apply`, with `--replace` and with `--prune`, while something breaks.

use std::time::Duration;

use serde_json::{Value, json};

use super::Size;
use super::process::{Ended, Hit, run, run_with_failing_call};
use super::proxy::{Action, Fault, Place, Proxy};
use super::report::Verdict;
use super::rng::Rng;
use super::support::{Plugins, Spacectl, row};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Update,
    Replace,
    Prune,
}

/// Plugins that are there, and the specs for some of them.
struct Scene {
    service: Plugins,
    user: Spacectl,
    mode: Mode,
    /// A proxy before the service.
    proxy: Proxy,
}

const OTHER: &str = "plugin-other";
/// There before, with a spec.
const OLD: [&str; 3] = ["plugin-a", "plugin-b", "plugin-c"];
/// Not there before, with a spec.
const NEW: [&str; 2] = ["plugin-d", "plugin-e"];
/// There before, without a spec.
const GONE: [&str; 2] = ["plugin-f", "plugin-g"];

impl Scene {
    fn new(rng: &mut Rng) -> Self {
        let mode = rng.pick(&[Mode::Update, Mode::Replace, Mode::Replace, Mode::Prune]);
        let (service, user) = (Plugins::generation2(), Spacectl::new());
        let old_image = |id: &str| if mode == Mode::Replace { format!("old/{id}") } else { format!("acme/{id}") };
        let old = |id: &str| {
            let fields = json!({
                "image": old_image(id), "tags": {"n": "old"}, "labels": ["team"], "resource_type": "notification.Protocol",
                "state": if id == "plugin-b" { "DISABLED" } else { "ENABLED" },
            });
            row(id, fields)
        };
        let other = row(OTHER, json!({"labels": ["others"], "tags": {"n": "old"}}));
        service.reset(OLD.into_iter().chain(GONE).map(old).chain([other]));
        for id in OLD.iter().chain(&NEW) {
            let spec = format!(
                "name: {id}\nimage: acme/{id}\nresource_type: notification.Protocol\nregistry_type: DOCKER_HUB\ntags: {{n: new}}\n"
            );
            user.file(&format!("specs/{id}.yml"), &spec);
        }
        let proxy = Proxy::before(service.server.port());
        if rng.once_in(2) {
            // The service's description is cached.
            run(&user, &format!("list repository.Plugin --endpoint {}", proxy.url()), &[]);
        }
        Self { service, user, mode, proxy }
    }

    fn line(&self, url: &str) -> String {
        let how = match self.mode {
            Mode::Update => "",
            Mode::Replace => " --replace --yes",
            Mode::Prune => " --prune --label team --yes",
        };
        format!("plugin apply -f specs{how} --endpoint {url}")
    }

    /// Whether the plugin is as its spec wants it, and has kept the rest.
    fn is_finished(&self, id: &str, row: Option<&Value>) -> bool {
        let state = if id == "plugin-b" { "DISABLED" } else { "ENABLED" };
        let labels = if OLD.contains(&id) { json!(["team"]) } else { json!([]) };
        row.is_some_and(|row| {
            row["tags"]["n"] == "new"
                && row["image"] == format!("acme/{id}")
                && row["state"] == state
                && row["labels"] == labels
        })
    }

    /// Checks the broken run and the one after it.
    fn check(&self, ended: &Ended, verdict: &mut Verdict) {
        std::thread::sleep(Duration::from_millis(15));
        verdict.program(ended);
        let rows = self.service.rows();
        verdict.log(json!(rows));
        let is_old = |id: &str| rows.get(id).is_some_and(|row| row["tags"]["n"] == "old");
        verdict.keeps(is_old(OTHER), "a plugin of others");
        let mut finished = 0;
        for id in OLD {
            let backups = ["replacing", "replaced"].map(|end| self.user.path(&format!("specs/{id}.yml.{end}")));
            let has_backup = self.mode == Mode::Replace && backups.iter().any(|path| path.exists());
            verdict.keeps(rows.contains_key(id) || has_backup, format!("{id}, and it has no backup"));
        }
        for id in OLD.iter().chain(&NEW) {
            let is_finished = self.is_finished(id, rows.get(*id));
            finished += usize::from(is_finished);
            let said = ["registered", "updated", "replaced"].map(|word| format!("{id} {word}"));
            let is_said = ended.out.lines().any(|line| said.iter().any(|said| line.starts_with(said)));
            verdict.keeps(is_finished || !is_said, format!("{id}, which is said to be done"));
        }
        for id in GONE {
            let is_said = ended.out.contains(&format!("{id} deregistered"));
            verdict.told(!is_said || !rows.contains_key(id), format!("{id} is said to be deregistered, and is there"));
            verdict.keeps(self.mode == Mode::Prune || is_old(id), format!("{id}, which has no spec"));
        }
        let is_pruned = self.mode != Mode::Prune || GONE.iter().all(|id| !rows.contains_key(*id));
        let is_whole = finished == OLD.len() + NEW.len() && is_pruned;
        verdict.told(!ended.is_ok() || is_whole, "exit code 0, and not all is done");

        // A backup is for one endpoint: the same command, now without faults.
        self.proxy.arm(Vec::new());
        let next = run(&self.user, &self.line(&self.proxy.url()), &[]);
        verdict.program(&next);
        verdict.told(next.is_ok(), "the next run failed");
        let rows = self.service.rows();
        verdict.log(json!(rows));
        for id in OLD.iter().chain(&NEW) {
            verdict.keeps(self.is_finished(id, rows.get(*id)), format!("{id} after the next run"));
        }
        let are_gone = GONE.iter().all(|id| !rows.contains_key(*id));
        verdict.told(self.mode != Mode::Prune || are_gone, "the next run did not deregister all");
    }
}

pub fn connection(rng: &mut Rng, _: Size) -> Verdict {
    let scene = Scene::new(rng);
    let mut verdict = Verdict::default();
    let mut faults = Vec::new();
    for connection in 0..4 {
        // Most often after the plugins are read.
        let place = match rng.below(4) {
            0 => Place::Bytes(rng.below(12_000)),
            1 => Place::Frames(rng.below(60)),
            _ => Place::Frames(20 + rng.below(40)),
        };
        faults.push(Fault::random(rng, connection, place));
    }
    let timeout = if faults.iter().any(Fault::is_stall) { " --timeout 300ms" } else { "" };
    verdict.log(format!("{faults:?}"));
    scene.proxy.arm(faults);
    let ended = run(&scene.user, &(scene.line(&scene.proxy.url()) + timeout), &[]);
    scene.proxy.drain();
    verdict.faults = scene.proxy.fired();
    scene.check(&ended, &mut verdict);
    verdict
}

pub fn client_ended(rng: &mut Rng, _: Size) -> Verdict {
    let scene = Scene::new(rng);
    let mut verdict = Verdict::default();
    // Delays make room for signals between two calls. They are not counted.
    let delay = Action::Delay(Duration::from_millis(15));
    let delayed = (0..8).map(|_| Place::Frames(20 + rng.below(40)));
    let delayed = delayed.map(|place| Fault { connection: 0, to_service: false, place, action: delay });
    scene.proxy.arm(delayed.collect());
    let hits = Hit::random(rng, Duration::from_millis(180));
    let ended = run(&scene.user, &scene.line(&scene.proxy.url()), &hits);
    scene.proxy.drain();
    verdict.faults = ended.sent.len();
    scene.check(&ended, &mut verdict);
    verdict
}

/// The system calls that write, with how often they are made at most.
const CALLS: [(&str, u64); 6] =
    [("openat", 30), ("write", 12), ("fsync", 12), ("linkat,link,rename,renameat", 8), ("unlink", 4), ("fchmod", 4)];

pub fn system_call(rng: &mut Rng, _: Size) -> Verdict {
    let scene = Scene::new(rng);
    let mut verdict = Verdict::default();
    let line = scene.line(&scene.proxy.url());
    let Some(ended) = run_with_failing_call(&scene.user, &line, &CALLS, rng, &mut verdict) else { return verdict };
    scene.proxy.drain();
    scene.check(&ended, &mut verdict);
    verdict
}
