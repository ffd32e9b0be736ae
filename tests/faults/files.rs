//! The configuration and the local database while their writers, their disk or system calls fail.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use tempfile::TempDir;

use super::Size;
use super::process::{Ended, Hit, run, run_with_failing_call, start};
use super::register::{Documents, check_account};
use super::report::Verdict;
use super::rng::Rng;
use super::support::Spacectl;

/// The commands that write the configuration.
const WRITERS: [&str; 6] = [
    "config set x_domain_id domain-new -e a",
    "config endpoint add identity grpc://127.0.0.1:7 -e a",
    "config environment -s b",
    "config environment -r b",
    REMOVE_CURRENT,
    "config init -e c --service repository=grpc://127.0.0.1:9",
];

const REMOVE_CURRENT: &str = "config environment -r a";

const FILES: [(&str, &str); 3] = [
    ("environment.yml", "environment: a\n"),
    ("environments/a.yml", "endpoints:\n  repository: grpc://127.0.0.1:1\nx_domain_id: domain-old\n"),
    ("environments/b.yml", "endpoints:\n  repository: grpc://127.0.0.1:2\napi_key: secret-key-of-b\n"),
];

type Texts = BTreeMap<PathBuf, String>;

/// A user with the configuration of [`FILES`], and perhaps another home.
fn user(home: Option<&Path>) -> Spacectl {
    let user = Spacectl::new();
    let user = match home {
        Some(home) => user.variable("HOME", home.to_str().unwrap()),
        None => user,
    };
    let folder = home.unwrap_or(user.home()).join(".spaceone");
    std::fs::create_dir_all(folder.join("environments")).unwrap();
    for (name, text) in FILES {
        std::fs::write(folder.join(name), text).unwrap();
    }
    user
}

/// The files of a configuration; what a killed process left without a name is none of them.
fn texts(home: &Path) -> Texts {
    let folder = home.join(".spaceone");
    let mut texts = Texts::new();
    for part in [folder.clone(), folder.join("environments")] {
        for entry in std::fs::read_dir(part).unwrap() {
            let path = entry.unwrap().path();
            let is_unnamed = path.file_name().unwrap().to_str().unwrap().starts_with(".spacectl-");
            if path.is_file() && !is_unnamed {
                let text = std::fs::read_to_string(&path).unwrap();
                texts.insert(path.strip_prefix(&folder).unwrap().to_owned(), text);
            }
        }
    }
    texts
}

/// What a writer makes of [`FILES`].
fn expected(writer: usize) -> &'static (Texts, Texts) {
    static ALL: OnceLock<Vec<(Texts, Texts)>> = OnceLock::new();
    let all = || {
        WRITERS.iter().map(|line| {
            let user = user(None);
            let old = texts(user.home());
            let ended = run(&user, line, &[]);
            assert!(ended.is_ok(), "{ended}");
            (old, texts(user.home()))
        })
    };
    &ALL.get_or_init(|| all().collect())[writer]
}

/// Checks that each file is the old or the new one, and that the next run finishes.
fn check_configuration(user: &Spacectl, home: &Path, writer: usize, ended: &Ended, verdict: &mut Verdict) {
    verdict.program(ended);
    let (old, new) = expected(writer);
    let now = texts(home);
    verdict.log(format!("{now:?}"));
    let names: BTreeSet<&PathBuf> = old.keys().chain(new.keys()).chain(now.keys()).collect();
    for name in names {
        let text = now.get(name);
        verdict.keeps(text == old.get(name) || text == new.get(name), format!("{} is damaged", name.display()));
    }
    verdict.told(!ended.is_ok() || now == *new, "exit code 0, and not all is done");
    // An error, rather than a signal, leaves the old configuration; of two files to remove, one may be gone.
    let has_failed = ended.code.is_some_and(|code| code != 0) && ended.sent.is_empty();
    verdict
        .told(!has_failed || now == *old || WRITERS[writer] == REMOVE_CURRENT, "it failed, and something is changed");
    // Killed between its two files, `init` has created an environment that it does not replace without --force.
    let force = if ended.sent.is_empty() || !WRITERS[writer].starts_with("config init") { "" } else { " --force" };
    let next = run(user, &(WRITERS[writer].to_owned() + force), &[]);
    verdict.program(&next);
    verdict.told(next.is_ok() || now == *new, "the next run failed");
    verdict.keeps(texts(home) == *new, "the configuration after the next run is not the new one");
}

fn writer(rng: &mut Rng) -> usize {
    rng.below(WRITERS.len() as u64) as usize
}

pub fn configuration_ended(rng: &mut Rng, _: Size) -> Verdict {
    let (user, writer) = (user(None), writer(rng));
    let mut verdict = Verdict::default();
    let ended = run(&user, WRITERS[writer], &Hit::random(rng, Duration::from_millis(12)));
    verdict.faults = ended.sent.len();
    check_configuration(&user, user.home(), writer, &ended, &mut verdict);
    verdict
}

pub fn configuration_call(rng: &mut Rng, _: Size) -> Verdict {
    let (user, writer) = (user(None), writer(rng));
    let mut verdict = Verdict::default();
    let calls = [
        ("openat", 16),
        ("write", 4),
        ("fsync", 4),
        ("rename,renameat,renameat2", 2),
        ("linkat,link", 1),
        ("unlink", 2),
        ("flock", 1),
    ];
    let Some(ended) = run_with_failing_call(&user, WRITERS[writer], &calls, rng, &mut verdict) else { return verdict };
    check_configuration(&user, user.home(), writer, &ended, &mut verdict);
    verdict
}

/// A small file system in memory; unmounted when dropped.
struct Disk(TempDir);

impl Disk {
    fn new() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=2m", "none"]).arg(folder.path()).output();
        mount.ok()?.status.success().then(|| Self(folder))
    }

    /// Leaves so many pages free.
    fn fill(&self, pages: u64) {
        let status = rustix::fs::statvfs(self.0.path()).unwrap();
        let length = (status.f_bavail * status.f_frsize).saturating_sub(pages * 4096);
        std::fs::write(self.0.path().join("filler"), vec![0; length as usize]).unwrap();
    }

    fn make_room(&self) {
        std::fs::remove_file(self.0.path().join("filler")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).output();
    }
}

pub fn no_tmpfs() -> Option<&'static str> {
    if Disk::new().is_some() { None } else { Some("needs root, to mount a tmpfs") }
}

pub fn configuration_full(rng: &mut Rng, _: Size) -> Verdict {
    let disk = Disk::new().unwrap();
    let (user, writer) = (user(Some(disk.0.path())), writer(rng));
    let mut verdict = Verdict::default();
    disk.fill(rng.below(3));
    let ended = run(&user, WRITERS[writer], &[]);
    verdict.faults = usize::from(!ended.is_ok());
    disk.make_room();
    check_configuration(&user, disk.0.path(), writer, &ended, &mut verdict);
    verdict
}

const REGISTER: &str =
    "exec register plugin -e local -f documents.yml -c plugin_id -o quiet --error-format json --keep-going";
const BEFORE: [&str; 2] = ["plugin-before0", "plugin-before1"];

/// A user whose local database has the plugins of [`BEFORE`], with documents to register.
fn local_user(home: Option<&Path>, documents: &Documents) -> Spacectl {
    let user = user(home);
    user.file("documents.yml", &Documents::new("plugin-before", 2).yaml());
    let ended = run(&user, REGISTER, &[]);
    assert!(ended.is_ok(), "{ended}");
    user.file("documents.yml", &documents.yaml());
    user
}

/// The plugins of the local database, without those of [`BEFORE`], which must be there.
fn registered(user: &Spacectl, verdict: &mut Verdict) -> BTreeSet<String> {
    let listed = run(user, "list plugin -e local -c plugin_id -o quiet", &[]);
    verdict.program(&listed);
    let mut there = BTreeSet::new();
    for id in listed.ids() {
        verdict.single(there.insert(id.to_owned()), format!("{id} in the list"));
    }
    for id in BEFORE {
        verdict.keeps(there.remove(id), format!("{id}, which was there before"));
    }
    there
}

/// Checks the database after a broken run, and the run after it.
fn check_database(user: &Spacectl, documents: &Documents, ended: &Ended, verdict: &mut Verdict) {
    verdict.program(ended);
    let there = registered(user, verdict);
    check_account(ended, documents, &there, verdict);
    verdict.program(&run(user, REGISTER, &[]));
    let all = documents.ids.iter().cloned().collect();
    let there = registered(user, verdict);
    verdict.keeps(there == all, "not all are there after the next run");
}

pub fn database_ended(rng: &mut Rng, size: Size) -> Verdict {
    let documents = Documents::random(rng, size);
    let user = local_user(None, &documents);
    let mut verdict = Verdict::default();
    let hits = Hit::random(rng, Duration::from_millis(20 + documents.ids.len() as u64));
    let ended = run(&user, REGISTER, &hits);
    verdict.faults = ended.sent.len();
    check_database(&user, &documents, &ended, &mut verdict);
    verdict
}

pub fn database_call(rng: &mut Rng, _: Size) -> Verdict {
    let documents = Documents::random(rng, Size { documents: 25 });
    let user = local_user(None, &documents);
    let mut verdict = Verdict::default();
    let calls = [
        ("pwrite64", 150),
        ("pread64", 10),
        ("fsync,fdatasync", 12),
        ("openat", 20),
        ("unlink", 3),
        ("ftruncate", 2),
        ("write", 4),
    ];
    let Some(ended) = run_with_failing_call(&user, REGISTER, &calls, rng, &mut verdict) else { return verdict };
    check_database(&user, &documents, &ended, &mut verdict);
    verdict
}

pub fn database_full(rng: &mut Rng, _: Size) -> Verdict {
    let disk = Disk::new().unwrap();
    let documents = Documents::random(rng, Size { documents: 60 });
    let user = local_user(Some(disk.0.path()), &documents);
    let mut verdict = Verdict::default();
    disk.fill(rng.below(14));
    let ended = run(&user, REGISTER, &[]);
    verdict.faults = usize::from(!ended.is_ok());
    disk.make_room();
    check_database(&user, &documents, &ended, &mut verdict);
    verdict
}

/// Ten processes write one configuration and ten one database at the same time; some are killed.
pub fn twenty_processes(rng: &mut Rng, _: Size) -> Verdict {
    let documents = Documents::new("plugin-p", 5);
    let user = local_user(None, &documents);
    let mut verdict = Verdict::default();
    let writer = |number: u64| format!("config set endpoints.s{number} grpc://127.0.0.1:{} -e a", 1000 + number);
    let mut runs = Vec::new();
    for number in 0..20 {
        let line = if number < 10 { writer(number) } else { REGISTER.to_owned() };
        let hits = if rng.once_in(5) { Hit::kill(rng, Duration::from_millis(80)) } else { Vec::new() };
        runs.push((start(&user, &line), hits));
    }
    let ended: Vec<Ended> = std::thread::scope(|scope| {
        let ends: Vec<_> = runs.into_iter().map(|(run, hits)| scope.spawn(move || run.end(&hits))).collect();
        ends.into_iter().map(|end| end.join().unwrap()).collect()
    });
    let there = registered(&user, &mut verdict);
    let now = texts(user.home());
    let text = &now[Path::new("environments/a.yml")];
    verdict.log(text);
    let mut by = BTreeMap::<&str, usize>::new();
    for (number, ended) in ended.iter().enumerate() {
        verdict.faults += ended.sent.len();
        verdict.program(ended);
        if number < 10 {
            let is_there = text.contains(&format!("s{number}: grpc://127.0.0.1:{}\n", 1000 + number));
            verdict.keeps(is_there || !ended.is_ok(), format!("the endpoint s{number} was set"));
            verdict.told(ended.is_ok() || !ended.sent.is_empty(), "a writer of the configuration failed");
            continue;
        }
        for id in ended.ids() {
            verdict.keeps(there.contains(id), format!("{id} was registered"));
            *by.entry(id).or_default() += 1;
        }
    }
    by.iter().for_each(|(id, count)| verdict.single(*count == 1, format!("{id} was registered {count} times")));
    let was_killed = ended.iter().skip(10).any(|ended| !ended.sent.is_empty());
    verdict.keeps(there.len() == documents.ids.len() || was_killed, "no process registered all");
    let is_whole = FILES[1].1.lines().all(|line| text.contains(line));
    verdict.keeps(is_whole, "the configuration lost what was there before");
    verdict.program(&run(&user, REGISTER, &[]));
    let there = registered(&user, &mut verdict);
    verdict.keeps(there.len() == documents.ids.len(), "not all are there after the next run");
    verdict
}
