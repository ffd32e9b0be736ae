//! Bounded reads of files, directories and standard input, and their documents.

use std::fs;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::rc::Rc;

use crate::error::{Error, Result};
use crate::fs::{open_file, read_limited};
use crate::yaml::{self, Limits, Node, YamlDocuments, YamlError};

/// The largest file or standard input.
pub const MAX_BYTES: u64 = 32 << 20;

/// The deepest nesting of a request, itself counted. protobuf decoders (prost, and Python's in C) stop at 100 nested
/// messages, each level of a Struct is three, and what is registered comes back one deeper, in a list: the 33 Structs
/// in a request of 34 levels reach 99, and 100 in the list.
pub(super) const MAX_DEPTH: usize = 34;

/// The most memory that reading takes: for each byte of a text, for a small text, and in all.
const MAX_MEMORY_PER_BYTE: usize = 64;
const MIN_MEMORY: usize = 32 << 20;
const MAX_MEMORY: usize = 200 << 20;

/// The limits for a text of `length` bytes.
pub fn limits(length: usize) -> Limits {
    let weight = length.saturating_mul(MAX_MEMORY_PER_BYTE).clamp(MIN_MEMORY, MAX_MEMORY);
    Limits { depth: MAX_DEPTH, weight }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    Yaml,
    Json,
}

impl Syntax {
    /// By the file name's extension.
    pub fn of_file(name: &str) -> Option<Self> {
        let extension = Path::new(name).extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "json" => Some(Self::Json),
            "yml" | "yaml" => Some(Self::Yaml),
            _ => None,
        }
    }
}

/// The text of a file or of standard input.
#[derive(Debug)]
pub struct SourceText {
    /// The file as given, or `stdin`.
    pub name: String,
    pub content: String,
}

impl SourceText {
    pub fn of_bytes(name: String, bytes: Vec<u8>) -> Result<Self> {
        let content = yaml::decode(bytes).map_err(|fault| fault.into_error(Error::local, &name))?;
        Ok(Self { name, content })
    }

    pub fn documents(&self) -> impl Iterator<Item = Result<Rc<Node>, YamlError>> + '_ {
        documents(&self.name, &self.content)
    }
}

/// The documents of a text that are not empty, up to the first fault; JSON if its name ends so.
pub fn documents<'a>(name: &str, content: &'a str) -> Box<dyn Iterator<Item = Result<Rc<Node>, YamlError>> + 'a> {
    if Syntax::of_file(name) == Some(Syntax::Json) {
        return Box::new(std::iter::once(yaml::parse_json(content, limits(content.len()))));
    }
    match YamlDocuments::new(content, limits(content.len())) {
        Ok(documents) => Box::new(documents),
        Err(fault) => Box::new(std::iter::once(Err(fault))),
    }
}

/// Standard input, which can be read once.
pub struct Stdin<'a> {
    stream: &'a mut dyn Read,
    is_read: bool,
}

impl<'a> Stdin<'a> {
    pub fn new(stream: &'a mut dyn Read) -> Self {
        Self { stream, is_read: false }
    }

    pub fn read(&mut self) -> Result<Vec<u8>> {
        if self.is_read {
            return Err(Error::usage("standard input can be read only once").hint("use - once, in -f or in -p KEY=@-"));
        }
        self.is_read = true;
        read_capped(&mut self.stream, "stdin")
    }

    /// The name and the bytes of the file `argument`; of standard input for `-`.
    pub fn read_or_file(&mut self, argument: &str) -> Result<(String, Vec<u8>)> {
        match argument {
            "-" => Ok(("stdin".to_owned(), self.read()?)),
            file => Ok((file.to_owned(), read_file(file)?)),
        }
    }
}

/// The file of a plugin in its own folder.
const PLUGIN_FILE: &str = "plugin.yml";

/// The files of one `-f`: itself, or a directory's YAML files, sorted, without hidden files; of a directory without
/// any, the `plugin.yml` of each of its folders. A directory with both is refused: files that are left out would be
/// pruned.
pub fn files(argument: &str) -> Result<Vec<String>> {
    let path = Path::new(argument);
    if argument == "-" || !path.is_dir() {
        return Ok(vec![argument.to_owned()]);
    }
    let failed = |error: std::io::Error| Error::local(format!("cannot list {argument}")).cause(error);
    let (mut files, mut plugins) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        // Names that are not Unicode have no known extension.
        let Ok(name) = entry.file_name().into_string() else { continue };
        let full = path.join(&name);
        if name.starts_with('.') {
            continue;
        }
        if full.is_dir() {
            plugins.extend(Some(full.join(PLUGIN_FILE)).filter(|file| file.exists()));
        } else if Syntax::of_file(&name) == Some(Syntax::Yaml) {
            files.push(full);
        }
    }
    if let (Some(file), Some(plugin)) = (files.first(), plugins.first()) {
        let message =
            format!("{argument} has specs ({}) and folders with specs ({})", file.display(), plugin.display());
        return Err(Error::local(message).hint("keep one of the two there, or name each file with -f"));
    }
    let mut files: Vec<String> = files.iter().chain(&plugins).map(|file| file.to_string_lossy().into_owned()).collect();
    if files.is_empty() {
        return Err(Error::local(format!("{argument} is a directory without .yml or .yaml files"))
            .hint(format!("folders below it are read only if they have a {PLUGIN_FILE}")));
    }
    files.sort();
    Ok(files)
}

pub fn read_file(name: &str) -> Result<Vec<u8>> {
    let file = open_file(Path::new(name)).map_err(|error| Error::local(format!("cannot read {name}")).cause(error))?;
    read_capped(file, name)
}

/// Reads to the end or the limit; devices, pipes and growing files end, too.
fn read_capped(stream: impl Read, name: &str) -> Result<Vec<u8>> {
    read_limited(stream, MAX_BYTES).map_err(|error| match error.kind() {
        ErrorKind::FileTooLarge => {
            Error::local(format!("{name} is larger than {} MiB", MAX_BYTES >> 20)).hint("split it into several files")
        }
        _ => Error::local(format!("cannot read {name}")).cause(error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_takes_at_most_64_times_its_bytes_and_200_mib_or_is_refused() {
        let list = |item: &str, length: usize| format!("a: [{}]", item.repeat(length / item.len()));
        let block = |item: &str, length: usize| format!("a:\n{}", item.repeat(length / item.len()));
        let keys = |length: usize| (0..length / 9).map(|index| format!("a{index:05}: \n")).collect::<String>();
        let length = 600_000;
        for text in [
            list("~,", length),
            list("~,", 4_000_000),
            list("{},", length),
            list("[],", length),
            list("1,", length),
            list("{a: 1},", length),
            block("- ~\n", length),
            block("- abc\n", length),
            block("- a:\n", length),
            keys(length),
            format!("a: {}", "x".repeat(length)),
            format!("a: &a {}\nb: [{}]", "x".repeat(length / 2), "*a,".repeat(length / 6)),
        ] {
            let mut refused = None;
            let bytes = text.clone().into_bytes();
            let most = allocation_counter::measure(|| {
                let source = SourceText::of_bytes("x.yml".to_owned(), bytes).unwrap();
                let trees: Result<Vec<_>, _> = source.documents().collect();
                match trees {
                    Ok(trees) => drop(trees.iter().map(|tree| yaml::value::of(tree).unwrap()).collect::<Vec<_>>()),
                    Err(error) => refused = Some(error.message),
                }
            });
            let most = usize::try_from(most.bytes_max).unwrap();
            let max = (64 * text.len()).min(200 << 20);
            let head = text.get(..20).unwrap();
            assert!(most <= max, "{head}: {most} bytes for {}, {refused:?}", text.len());
            assert!(refused.is_none_or(|message| message.contains("MiB")), "{head}");
        }
    }
}
