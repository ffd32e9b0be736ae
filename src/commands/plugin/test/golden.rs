//! Recorded answers, a line each, and what differs from an earlier run.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fs;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use tempfile::TempDir;

use super::show::{self, counted};
use crate::error::{Error, Result};
use crate::fs::{AtomicFile, OpenAtomicFile, Readers, open_file, read_limited};
use crate::schema::field_path::{FieldPath, Segment};
use crate::text::{json, truncated};

/// The largest file that is compared: it is read into memory.
const MAX_BYTES: u64 = 256 << 20;

/// The most answers without a name that are compared field by field: each with each.
const MAX_PAIRED: usize = 50;

/// The most differences that are shown of a file.
const MAX_SHOWN: usize = 20;

/// The most resources that a line names.
const MAX_NAMED: usize = 5;

/// Writes answers into files that get their names at the end.
pub struct Recorder {
    dir: PathBuf,
    /// The file that is written, by its name.
    open: Option<(String, BufWriter<OpenAtomicFile>)>,
    closed: Vec<(String, AtomicFile)>,
    /// The files that are not written, since a call failed.
    incomplete: Vec<String>,
    /// Holds the answers of a run that is compared only.
    temporary: Option<TempDir>,
}

/// Names of files.
pub struct Recorded {
    pub written: Vec<String>,
    /// Not written, as their calls failed: a good file of an earlier run stays.
    pub incomplete: Vec<String>,
}

impl Recorder {
    pub fn new(dir: &Path) -> Result<Self> {
        fs::create_dir_all(dir).map_err(|error| cannot_write(dir, &error))?;
        Ok(Self { dir: dir.to_owned(), open: None, closed: Vec::new(), incomplete: Vec::new(), temporary: None })
    }

    pub fn temporary() -> Result<Self> {
        let dir = tempfile::tempdir().map_err(|error| cannot_write(&std::env::temp_dir(), &error))?;
        let path = dir.path().to_owned();
        Ok(Self { temporary: Some(dir), ..Self::new(&path)? })
    }

    /// Adds an answer to the file `name` until that is ended, with secrets masked and keys sorted.
    pub fn add(&mut self, name: &str, answer: &Value) -> Result<()> {
        let path = self.dir.join(file_name(name));
        let failed = |error: std::io::Error| cannot_write(&path, &error);
        let mut answer = sorted(answer);
        show::mask_answer(&mut answer);
        let (_, file) = match &mut self.open {
            Some(open) => open,
            None => {
                let file = OpenAtomicFile::beside(&path, Readers::ByUmask).map_err(failed)?;
                self.open.insert((file_name(name), BufWriter::new(file)))
            }
        };
        json::line(file, &answer).map_err(failed)
    }

    /// Ends the file that is written. An incomplete one is dropped unless it is only compared.
    pub fn end(&mut self, is_complete: bool) -> Result<()> {
        let Some((name, writer)) = self.open.take() else { return Ok(()) };
        if !is_complete && self.temporary.is_none() {
            self.incomplete.push(name);
            return Ok(());
        }
        let path = self.dir.join(&name);
        let failed = |error: std::io::Error| cannot_write(&path, &error);
        let file = writer.into_inner().map_err(|error| failed(error.into_error()))?;
        self.closed.push((name, file.close().map_err(failed)?));
        Ok(())
    }

    /// Gives the files their names.
    pub fn finish(&mut self) -> Result<Recorded> {
        let mut written = Vec::new();
        for (name, file) in std::mem::take(&mut self.closed) {
            file.replace().map_err(|error| cannot_write(&self.dir.join(&name), &error))?;
            written.push(name);
        }
        Ok(Recorded { written, incomplete: std::mem::take(&mut self.incomplete) })
    }

    /// The differences from the files in `dir`; `names` are those of this run.
    pub fn compare(&self, dir: &Path, names: &[String], ignored: &[String]) -> Result<Vec<String>> {
        let failed = |error| Error::local(format!("cannot read {}", dir.display())).cause(error);
        let mut all: Vec<String> = names.to_vec();
        for entry in fs::read_dir(dir).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name().to_string_lossy().into_owned();
            if name.ends_with(SUFFIX) && !name.starts_with('.') && !all.contains(&name) {
                all.push(name);
            }
        }
        all.sort();
        let mut lines = Vec::new();
        for name in &all {
            let (old, new) = (dir.join(name), self.dir.join(name));
            match (old.exists(), new.exists()) {
                (true, false) => lines.push(format!("{name}: not answered any more")),
                (false, _) => lines.push(format!("{name}: not recorded yet")),
                (true, true) => {
                    let (old, new) = (read(&old, ignored)?, read(&new, ignored)?);
                    lines.extend(differences(old, new).into_iter().map(|line| format!("{name}: {line}")));
                }
            }
        }
        Ok(lines)
    }
}

/// Refuses a directory that cannot be compared with.
pub fn check_recorded(dir: &Path) -> Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    Err(Error::local(format!("{} is not a directory", dir.display()))
        .hint("record one first: spacectl plugin test --record DIR"))
}

const SUFFIX: &str = ".jsonl";

/// A data case may have any name.
pub fn file_name(name: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect::<String>() + SUFFIX
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Error {
    Error::local(format!("cannot write {}", path.display())).cause(error.kind())
}

/// A value with its keys in their order.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields: BTreeMap<&String, &Value> = fields.iter().collect();
            Value::Object(fields.into_iter().map(|(key, value)| (key.clone(), sorted(value))).collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

fn read(path: &Path, ignored: &[String]) -> Result<Vec<Value>> {
    let failed = |error: &dyn std::fmt::Display| Error::local(format!("cannot read {}", path.display())).cause(error);
    let bytes = open_file(path).and_then(|file| read_limited(file, MAX_BYTES)).map_err(|error| failed(&error))?;
    let mut values = Vec::new();
    for (index, line) in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).enumerate() {
        let value: Value =
            serde_json::from_slice(line).map_err(|error| failed(&format!("line {}: {error}", index + 1)))?;
        let mut value = sorted(&value);
        ignored.iter().for_each(|path| remove(&mut value, path));
        values.push(value);
    }
    Ok(values)
}

/// Removes what is at `path`, in which `[]` is every item of a list.
fn remove(value: &mut Value, path: &str) {
    let (key, rest) = path.split_once('.').map_or((path, None), |(key, rest)| (key, Some(rest)));
    let (key, is_list) = key.strip_suffix("[]").map_or((key, false), |key| (key, true));
    let Value::Object(fields) = value else { return };
    match (rest, is_list, fields.get_mut(key)) {
        (None, ..) => drop(fields.remove(key)),
        (Some(rest), true, Some(Value::Array(items))) => items.iter_mut().for_each(|item| remove(item, rest)),
        (Some(rest), false, Some(value)) => remove(value, rest),
        _ => {}
    }
}

/// The differences between two lists of answers, whatever their order. Resources are compared by their names.
fn differences(old: Vec<Value>, new: Vec<Value>) -> Vec<String> {
    let mut counts: HashMap<String, isize> = HashMap::new();
    old.iter().for_each(|value| *counts.entry(json::compact(value)).or_default() += 1);
    new.iter().for_each(|value| *counts.entry(json::compact(value)).or_default() -= 1);
    let mut left = |values: Vec<Value>, sign: isize| -> Vec<Value> {
        let is_left = |value: &Value| {
            let count = counts.entry(json::compact(value)).or_default();
            let is_left = *count * sign > 0;
            *count -= if is_left { sign } else { 0 };
            is_left
        };
        values.into_iter().filter(is_left).collect()
    };
    let (old, new) = (left(old, 1), left(new, -1));
    let (mut named, mut unnamed) = (BTreeMap::<String, VecDeque<Value>>::new(), Vec::new());
    for value in old {
        match resource_name(&value) {
            Some(name) => named.entry(name).or_default().push_back(value),
            None => unnamed.push(value),
        }
    }
    let (mut changed, mut added) = (Vec::new(), Vec::new());
    for value in new {
        let name = resource_name(&value);
        let earlier = match &name {
            Some(name) => named.get_mut(name).and_then(VecDeque::pop_front),
            None if unnamed.len() > MAX_PAIRED => None,
            // The answer that is most like it is taken for the one that it was.
            None => (0..unnamed.len())
                .min_by_key(|at| changes(&unnamed[*at], &value).len())
                .map(|at| unnamed.swap_remove(at)),
        };
        match earlier {
            Some(earlier) => changed.extend(changes(&earlier, &value).into_iter().map(|line| (name.clone(), line))),
            None => added.push(name),
        }
    }
    // A stream may have another order each time.
    changed.sort_by(|(one, _), (other, _)| one.cmp(other));
    added.sort();
    let removed = named.into_iter().flat_map(|(name, values)| vec![Some(name); values.len()]);
    let removed: Vec<Option<String>> = removed.chain(vec![None; unnamed.len()]).collect();
    let mut hidden: Vec<Option<String>> = changed.iter().skip(MAX_SHOWN).map(|(name, _)| name.clone()).collect();
    let hidden_fields = hidden.len();
    hidden.dedup();
    let with_name = |(name, line): (Option<String>, String)| match name {
        Some(name) => format!("{name}: {line}"),
        None => line,
    };
    let mut lines: Vec<String> = changed.into_iter().take(MAX_SHOWN).map(with_name).collect();
    for (count, word, end, names) in [
        (hidden_fields, "more field", "changed", hidden),
        (added.len(), "answer", "added", added),
        (removed.len(), "answer", "removed", removed),
    ] {
        lines.extend((count > 0).then(|| format!("{} {end}{}", counted(count, word), listed(&names))));
    }
    lines
}

/// The first of the names: `: inventory.Region a, inventory.Region b and 3 more`; nothing without any.
fn listed(names: &[Option<String>]) -> String {
    let first: Vec<&str> = names.iter().flatten().map(String::as_str).take(MAX_NAMED).collect();
    match names.len() - first.len() {
        _ if first.is_empty() => String::new(),
        0 => format!(": {}", first.join(", ")),
        more => format!(": {} and {more} more", first.join(", ")),
    }
}

/// The type of a collected resource, and the id or the name that a person knows.
fn resource_name(answer: &Value) -> Option<String> {
    let text = |path: &str| answer.pointer(path).and_then(Value::as_str).filter(|text| !text.is_empty());
    let of_resource = |field: &&str| text(&format!("/resource/{field}"));
    let resource_type = text("/resource_type")?;
    let id = ["reference/resource_id", "resource_id", "region_code", "metric_id", "namespace_id"];
    let name = ["group", "cloud_service_group", "cloud_service_type", "name", "title"];
    let id = id.iter().find_map(of_resource).map(str::to_owned);
    let id = id.unwrap_or_else(|| name.iter().filter_map(of_resource).collect::<Vec<_>>().join("/"));
    if id.is_empty() { None } else { Some(format!("{resource_type} {}", cut(&id))) }
}

/// The changes of one answer, a line each: `metadata.currency: "USD" -> "KRW"`.
fn changes(old: &Value, new: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    descend(&mut FieldPath::default(), Some(old), Some(new), &mut lines);
    lines
}

fn descend(path: &mut FieldPath, old: Option<&Value>, new: Option<&Value>, lines: &mut Vec<String>) {
    match (old, new) {
        (old, new) if old == new => {}
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let added = new.keys().filter(|key| !old.contains_key(*key));
            for key in old.keys().chain(added) {
                path.push_key(key);
                descend(path, old.get(key), new.get(key), lines);
                path.pop();
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) => {
            for index in 0..old.len().max(new.len()) {
                path.0.push(Segment::Index(index));
                descend(path, old.get(index), new.get(index), lines);
                path.pop();
            }
        }
        (Some(old), Some(new)) => lines.push(format!("{path}: {} -> {}", shortened(old), shortened(new))),
        (Some(old), None) => lines.push(format!("{path}: removed {}", shortened(old))),
        (None, Some(new)) => lines.push(format!("{path}: added {}", shortened(new))),
        (None, None) => {}
    }
}

/// The most of a value that is shown, in characters.
const MAX_VALUE: usize = 80;

fn shortened(value: &Value) -> String {
    cut(&json::compact(value))
}

fn cut(text: &str) -> String {
    truncated(text, MAX_VALUE).map_or_else(|| text.to_owned(), |text| format!("{text}…"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_are_compared_whatever_their_order_and_paired_by_likeness() {
        let old = vec![json!({"a": 1, "b": [1, 2]}), json!({"c": {"d": "x"}, "e": 1}), json!({"f": 1})];
        let new = vec![json!({"f": 1}), json!({"c": {"d": "y"}, "e": 1}), json!({"a": 1, "b": [1]})];
        assert_eq!(differences(old.clone(), old.iter().rev().cloned().collect()), [""; 0]);
        assert_eq!(differences(old.clone(), new), [r#"c.d: "x" -> "y""#, "b[1]: removed 2"]);
        assert_eq!(differences(old, vec![]), ["3 answers removed"]);
        assert_eq!(differences(vec![json!(1); 2], vec![json!(1); 3]), ["1 answer added"]);
    }

    #[test]
    fn ignored_paths_are_removed_from_every_item() {
        let mut value = json!({"results": [{"at": 1, "k": 1}, {"at": 2}], "metadata": {"x": 1}});
        ["results[].at", "metadata.x", "no.such", "results.at"].iter().for_each(|path| remove(&mut value, path));
        assert_eq!(value, json!({"results": [{"k": 1}, {}], "metadata": {}}));
    }
}
