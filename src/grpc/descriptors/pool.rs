//! Builds a descriptor pool, also where parts of a description do not fit.
//!
//! prost-reflect refuses all files over one import that is missing, one type that is defined twice, or two fields with
//! one JSON name. So each file is made to import what it uses and nothing else, JSON names are the fields' own, and
//! fields and methods whose types are not defined are left out, with the reason noted for commands that need them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use bytes::Bytes;
use prost::Message as _;
use prost_reflect::{DescriptorPool, Kind, MessageDescriptor, MethodDescriptor};
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorProto};

use super::file_header::{FileHeader, is_known_syntax, join_name};
use super::well_known_files::is_well_known_file;
use super::{editions, name_clash, well_known_files};

/// The most levels of files that are added one after the other, and the most that are refused then.
const MAX_ROUNDS: usize = 100;
const MAX_REFUSED: usize = 100;
/// The most imports that are named.
const MAX_NAMED: usize = 3;

/// The missing parts of a description: the full names of messages, services and methods, each with the reason.
#[derive(Clone, Debug, Default)]
pub struct Gaps(BTreeMap<String, String>);

impl Gaps {
    /// Says why `name` is not described, unless that is known.
    pub(in crate::grpc) fn add(&mut self, name: &str, why: impl FnOnce() -> String) {
        if !self.0.contains_key(name) {
            self.0.insert(name.to_owned(), why());
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Adds all that `file` defines.
    fn add_file(&mut self, file: &FileDescriptorProto, why: &str) {
        let messages = file.message_type.iter().map(|message| message.name());
        let services = file.service.iter().map(|service| service.name());
        let enums = file.enum_type.iter().map(|described| described.name());
        for name in messages.chain(services).chain(enums) {
            self.add(&join_name(file.package(), name), || why.to_owned());
        }
    }

    /// Why the service of that name, or one of its methods, is not described whole.
    pub fn of_service(&self, name: &str, pool: &DescriptorPool) -> Option<&str> {
        if self.0.is_empty() {
            return None;
        }
        let of_methods = || {
            let prefix = format!("{name}.");
            self.0.iter().find(|(gap, _)| gap.starts_with(&prefix)).map(|(_, why)| why.as_str())
        };
        let of_types = || {
            let methods = pool.get_service_by_name(name)?.methods().collect::<Vec<_>>();
            self.of_messages(methods.iter().flat_map(|method| [method.input(), method.output()]).collect())
        };
        self.0.get(name).map(String::as_str).or_else(of_types).or_else(of_methods)
    }

    /// Why the messages of `method` are not described whole.
    pub fn of_method(&self, method: &MethodDescriptor) -> Option<&str> {
        if self.0.is_empty() { None } else { self.of_messages(vec![method.input(), method.output()]) }
    }

    /// Why one of these messages, or of those that their fields reach, is not described whole.
    fn of_messages(&self, mut open: Vec<MessageDescriptor>) -> Option<&str> {
        let mut seen = HashSet::new();
        while let Some(message) = open.pop() {
            if let Some(why) = self.0.get(message.full_name()) {
                return Some(why);
            }
            if seen.insert(message.full_name().to_owned()) {
                let inner = |kind: Kind| kind.as_message().cloned();
                open.extend(message.fields().filter_map(|field| inner(field.kind())));
            }
        }
        None
    }
}

/// The full names of types that `files` use and do not define.
pub(in crate::grpc) fn undefined_types(files: &[Bytes]) -> BTreeSet<String> {
    Repaired::new(files).undefined
}

/// Adds what can be added of files that the library refuses together.
fn add_one_by_one(pool: &mut DescriptorPool, mut waiting: Vec<FileDescriptorProto>, gaps: &mut Gaps) {
    let mut refused = 0;
    for _ in 0..MAX_ROUNDS {
        let before = waiting.len();
        waiting.retain(|file| {
            let is_ready =
                refused < MAX_REFUSED && file.dependency.iter().all(|name| pool.get_file_by_name(name).is_some());
            if is_ready && let Err(error) = pool.add_file_descriptor_proto(file.clone()) {
                gaps.add_file(file, &error.to_string());
                refused += 1;
            }
            !is_ready
        });
        if waiting.len() == before {
            break;
        }
    }
    for file in waiting {
        gaps.add_file(&file, &format!("{} uses files that do not fit together", file.name()));
    }
}

/// Files that fit together, as far as a server's do.
pub(super) struct Repaired {
    pub files: Vec<FileDescriptorProto>,
    pub gaps: Gaps,
    undefined: BTreeSet<String>,
}

impl Repaired {
    pub fn new(raw: &[Bytes]) -> Self {
        let mut builder =
            Self { files: Vec::with_capacity(raw.len()), gaps: Gaps::default(), undefined: BTreeSet::new() };
        for file in raw {
            builder.read(file);
        }
        let mut types = Types::default();
        for file in &mut builder.files {
            types.define(file);
        }
        for file in &mut builder.files {
            for message in &mut file.message_type {
                check_entries(message, file.package.as_deref().unwrap_or_default(), &mut types, &mut builder.gaps);
            }
        }
        let names: HashSet<String> = builder.files.iter().map(|file| file.name().to_owned()).collect();
        let Self { files, gaps, undefined } = &mut builder;
        for file in files {
            Resolving { types: &types, gaps, undefined, unsent: unsent(file, &names), imports: BTreeSet::new() }
                .file(file);
        }
        builder
    }

    /// The pool of the files, with protobuf's own types.
    pub fn into_pool(self) -> (DescriptorPool, Gaps) {
        let Self { files, mut gaps, .. } = self;
        let mut pool = DescriptorPool::global();
        if pool.add_file_descriptor_protos(files.clone()).is_err() {
            pool = DescriptorPool::global();
            add_one_by_one(&mut pool, files, &mut gaps);
        }
        (pool, gaps)
    }

    fn read(&mut self, raw: &Bytes) {
        match FileDescriptorProto::decode(raw.clone()) {
            Ok(mut file) => {
                if !is_known_syntax(file.syntax.as_deref()) {
                    let header = FileHeader::decode(raw.as_ref()).unwrap_or_default();
                    if !header.is_of_edition() || editions::resolve(&mut file, raw).is_err() {
                        return self.gaps.add_file(&file, &header.unknown_syntax());
                    }
                }
                // An empty syntax means proto2, as a missing one does; the library panics over it.
                file.syntax = file.syntax.filter(|syntax| !syntax.is_empty());
                name_clash::allow(&mut file);
                self.files.push(file);
            }
            Err(error) => {
                for (name, _) in FileHeader::decode(raw.as_ref()).into_iter().flat_map(FileHeader::into_services) {
                    self.gaps.add(&name, || error.to_string());
                }
            }
        }
    }
}

/// Imports of `file` that the server has not sent, as far as they are named.
fn unsent(file: &FileDescriptorProto, names: &HashSet<String>) -> Vec<String> {
    let unsent = file.dependency.iter().filter(|name| !is_well_known_file(name) && !names.contains(*name));
    unsent.take(MAX_NAMED).cloned().collect()
}

/// The types of all files.
#[derive(Default)]
struct Types {
    /// Each with the name of its file.
    by_name: HashMap<String, String>,
    services: HashSet<String>,
    files: HashSet<String>,
}

impl Types {
    /// Adds the definitions of `file`, and removes from it those that an earlier file has.
    fn define(&mut self, file: &mut FileDescriptorProto) {
        // Python's pool and others refuse two files of one name; behind a proxy each server has its own.
        if !self.files.insert(file.name().to_owned()) {
            file.name = Some(format!("{}#{}", file.name(), self.files.len()));
            self.files.insert(file.name().to_owned());
        }
        let (name, package) = (file.name().to_owned(), file.package().to_owned());
        let before = file.message_type.len() + file.enum_type.len() + file.service.len();
        file.message_type.retain(|message| self.define_message(message, &package, &name));
        file.enum_type.retain(|described| self.define_type(join_name(&package, described.name()), &name));
        file.service.retain(|service| self.services.insert(join_name(&package, service.name())));
        if before > file.message_type.len() + file.enum_type.len() + file.service.len() {
            // Comments refer to definitions by their positions.
            file.source_code_info = None;
        }
    }

    fn define_message(&mut self, message: &DescriptorProto, scope: &str, file: &str) -> bool {
        let name = join_name(scope, message.name());
        for nested in &message.nested_type {
            self.define_message(nested, &name, file);
        }
        for nested in &message.enum_type {
            self.define_type(join_name(&name, nested.name()), file);
        }
        self.define_type(name, file)
    }

    fn define_type(&mut self, name: String, file: &str) -> bool {
        if self.by_name.contains_key(&name) || well_known_files::file_of(&name).is_some() {
            return false;
        }
        self.by_name.insert(name, file.to_owned());
        true
    }

    /// The full name of the type that is `written` in a scope, and its file.
    fn find(&self, written: &str, scope: &str) -> Option<(String, String)> {
        let at = |name: &str| {
            Some((name.to_owned(), self.by_name.get(name).cloned().or_else(|| well_known_files::file_of(name))?))
        };
        if let Some(full_name) = written.strip_prefix('.') {
            return at(full_name);
        }
        let mut scope = scope;
        loop {
            if let Some(found) = at(&join_name(scope, written)) {
                return Some(found);
            }
            if scope.is_empty() {
                return None;
            }
            scope = scope.rsplit_once('.').map_or("", |(outer, _)| outer);
        }
    }
}

/// Makes plain messages of map entries that lack a key or a value: the library panics over them. Fields of their types
/// are left out.
fn check_entries(message: &mut DescriptorProto, scope: &str, types: &mut Types, gaps: &mut Gaps) {
    let name = join_name(scope, message.name());
    let is_entry = message.options.as_ref().is_some_and(|options| options.map_entry());
    let has = |number| {
        let field = message.field.iter().find(|field| field.number() == number);
        field.is_some_and(|field| field.type_name().is_empty() || types.find(field.type_name(), &name).is_some())
    };
    if is_entry && !(has(1) && has(2)) {
        gaps.add(&name, || format!("{name} is a map's entry without a key or a value"));
        types.by_name.remove(&name);
        message.options = None;
    }
    message.nested_type.iter_mut().for_each(|nested| check_entries(nested, &name, types, gaps));
}

/// Resolves the type names of one file.
struct Resolving<'a> {
    types: &'a Types,
    gaps: &'a mut Gaps,
    undefined: &'a mut BTreeSet<String>,
    unsent: Vec<String>,
    imports: BTreeSet<String>,
}

impl Resolving<'_> {
    fn file(mut self, file: &mut FileDescriptorProto) {
        let package = file.package().to_owned();
        for message in &mut file.message_type {
            self.message(message, &package);
        }
        file.extension.retain_mut(|field| self.extension(field, &package));
        for service in &mut file.service {
            let name = join_name(&package, service.name());
            service.method.retain_mut(|method| {
                let full_name = join_name(&name, method.name());
                let input = self.name(&mut method.input_type, &name, || format!("the request of {full_name}"));
                let output = self.name(&mut method.output_type, &name, || format!("the response of {full_name}"));
                match input.and(output) {
                    Ok(()) => true,
                    Err(why) => {
                        self.gaps.add(&full_name, || why);
                        false
                    }
                }
            });
        }
        self.imports.remove(file.name());
        file.dependency = self.imports.into_iter().collect();
        file.public_dependency.clear();
        file.weak_dependency.clear();
    }

    fn message(&mut self, message: &mut DescriptorProto, scope: &str) {
        let name = join_name(scope, message.name());
        message.field.retain_mut(|field| {
            let what = format!("{name}.{}", field.name());
            match self.name(&mut field.type_name, &name, || what) {
                Ok(()) => true,
                Err(why) => {
                    self.gaps.add(&name, || why);
                    false
                }
            }
        });
        message.extension.retain_mut(|field| self.extension(field, &name));
        for nested in &mut message.nested_type {
            self.message(nested, &name);
        }
    }

    fn extension(&mut self, field: &mut FieldDescriptorProto, scope: &str) -> bool {
        let extendee = self.name(&mut field.extendee, scope, String::new);
        extendee.and(self.name(&mut field.type_name, scope, String::new)).is_ok()
    }

    /// Writes the name of a type, if there is one, in full.
    ///
    /// # Errors
    /// It is not defined. `what` is of that type.
    fn name(&mut self, written: &mut Option<String>, scope: &str, what: impl FnOnce() -> String) -> Result<(), String> {
        let Some(name) = written.as_ref().filter(|name| !name.is_empty()) else { return Ok(()) };
        if let Some((full_name, file)) = self.types.find(name, scope) {
            self.imports.insert(file);
            *written = Some(format!(".{full_name}"));
            return Ok(());
        }
        let name = name.strip_prefix('.').unwrap_or(name);
        // Of a type inside another, the outer one's file is missing too.
        let why = std::iter::successors(Some(name), |name| Some(name.rsplit_once('.')?.0))
            .find_map(|name| self.gaps.0.get(name));
        if let Some(why) = why {
            return Err(why.clone());
        }
        self.undefined.insert(name.to_owned());
        let mut why = format!("{} is of the type {name}, which is not described", what());
        if !self.unsent.is_empty() {
            why += &format!(" (the server does not send {})", self.unsent.join(", "));
        }
        Err(why)
    }
}
