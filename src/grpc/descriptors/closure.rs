//! The part of a description that a call of one method needs.
//!
//! A service describes everything that it and its imports have, and a pool of that takes longer to make than the call.
//! The part has the types that the fields of the request and the response reach, without comments and without options
//! that do not change the wire format.

use std::collections::{BTreeSet, HashMap, HashSet};

use prost_types::{
    DescriptorProto, EnumDescriptorProto, EnumOptions, EnumValueDescriptorProto, FieldDescriptorProto, FieldOptions,
    FileDescriptorProto, FileDescriptorSet, MessageOptions, MethodDescriptorProto, OneofDescriptorProto,
    ServiceDescriptorProto,
};

use super::file_header::join_name;
use super::pool::Repaired;
use super::well_known_files::{DESCRIPTOR_FILE, common_files};

/// Can hold a message of any type.
const ANY: &str = "google.protobuf.Any";

/// What `method` of `service` needs of the files; `None` if it is all of them, or if something that it needs is
/// missing.
pub(super) fn of_method(repaired: &Repaired, service: &str, method: &str) -> Option<FileDescriptorSet> {
    let files: Vec<&FileDescriptorProto> = repaired.files.iter().chain(common_files()).collect();
    let (home, service, method) = find_method(&repaired.files, service, method)?;
    let needed = Needed::by(method, &files, repaired)?;
    let mut set: Vec<FileDescriptorProto> = Vec::new();
    for file in &files {
        let mut part = needed.part_of(file);
        if file.name == home.name {
            let method = MethodDescriptorProto { options: None, ..method.clone() };
            part.service =
                vec![ServiceDescriptorProto { name: service.name.clone(), method: vec![method], options: None }];
        }
        if !(part.message_type.is_empty() && part.enum_type.is_empty() && part.service.is_empty()) {
            set.push(part);
        }
    }
    let names: HashSet<String> = set.iter().map(|file| file.name().to_owned()).collect();
    set.iter_mut().for_each(|file| file.dependency.retain(|name| names.contains(name)));
    set.push(option_types());
    Some(FileDescriptorSet { file: set })
}

fn find_method<'a>(
    files: &'a [FileDescriptorProto],
    service: &str,
    method: &str,
) -> Option<(&'a FileDescriptorProto, &'a ServiceDescriptorProto, &'a MethodDescriptorProto)> {
    let services = files.iter().flat_map(|file| file.service.iter().map(move |described| (file, described)));
    let (file, described) =
        services.into_iter().find(|(file, described)| join_name(file.package(), described.name()) == service)?;
    Some((file, described, described.method.iter().find(|described| described.name() == method)?))
}

/// The full names of the types that are needed.
struct Needed<'a>(BTreeSet<&'a str>);

impl<'a> Needed<'a> {
    /// The types that the messages of `method` reach.
    fn by(method: &'a MethodDescriptorProto, files: &[&'a FileDescriptorProto], repaired: &Repaired) -> Option<Self> {
        let mut types = HashMap::new();
        for file in files {
            file.message_type.iter().for_each(|message| index(message, file.package(), &mut types));
            index_enums(&file.enum_type, file.package(), &mut types);
        }
        let mut needed = BTreeSet::new();
        let mut open = vec![method.input_type(), method.output_type()];
        while let Some(written) = open.pop() {
            let name = written.strip_prefix('.')?;
            if name == ANY || repaired.gaps.has(name) {
                return None;
            }
            if needed.insert(name)
                && let Some(message) = types.get(name)?
            {
                open.extend(message.field.iter().map(FieldDescriptorProto::type_name).filter(|name| !name.is_empty()));
            }
        }
        Some(Self(needed))
    }

    fn part_of(&self, file: &FileDescriptorProto) -> FileDescriptorProto {
        let FileDescriptorProto { name, package, syntax, dependency, .. } = file.clone();
        let message_type = self.messages(&file.message_type, file.package());
        let enum_type = self.enums(&file.enum_type, file.package());
        FileDescriptorProto { name, package, syntax, dependency, message_type, enum_type, ..Default::default() }
    }

    fn messages(&self, messages: &[DescriptorProto], scope: &str) -> Vec<DescriptorProto> {
        messages.iter().filter_map(|message| self.message(message, scope)).collect()
    }

    /// What is needed of a message: all, or only its name around the types in it.
    fn message(&self, message: &DescriptorProto, scope: &str) -> Option<DescriptorProto> {
        let full_name = join_name(scope, message.name());
        let mut part = DescriptorProto {
            name: message.name.clone(),
            nested_type: self.messages(&message.nested_type, &full_name),
            enum_type: self.enums(&message.enum_type, &full_name),
            ..DescriptorProto::default()
        };
        if self.0.contains(full_name.as_str()) {
            let is_entry = message.options.as_ref().is_some_and(MessageOptions::map_entry);
            part.options = is_entry.then(|| MessageOptions { map_entry: Some(true), ..Default::default() });
            part.field = message.field.iter().map(without_options).collect();
            let oneof = |name: &Option<String>| OneofDescriptorProto { name: name.clone(), options: None };
            part.oneof_decl = message.oneof_decl.iter().map(|described| oneof(&described.name)).collect();
        } else if part.nested_type.is_empty() && part.enum_type.is_empty() {
            return None;
        }
        Some(part)
    }

    fn enums(&self, enums: &[EnumDescriptorProto], scope: &str) -> Vec<EnumDescriptorProto> {
        let is_needed = |described: &&EnumDescriptorProto| self.0.contains(join_name(scope, described.name()).as_str());
        let value = |value: &EnumValueDescriptorProto| EnumValueDescriptorProto { options: None, ..value.clone() };
        let part = |described: &EnumDescriptorProto| {
            let allow_alias = described.options.as_ref().and_then(|options| options.allow_alias);
            EnumDescriptorProto {
                name: described.name.clone(),
                value: described.value.iter().map(value).collect(),
                options: allow_alias.map(|_| EnumOptions { allow_alias, ..EnumOptions::default() }),
                ..EnumDescriptorProto::default()
            }
        };
        enums.iter().filter(is_needed).map(part).collect()
    }
}

/// Messages by full name; enums, which need nothing else, are `None`.
type Types<'a> = HashMap<String, Option<&'a DescriptorProto>>;

fn index<'a>(message: &'a DescriptorProto, scope: &str, types: &mut Types<'a>) {
    let full_name = join_name(scope, message.name());
    message.nested_type.iter().for_each(|nested| index(nested, &full_name, types));
    index_enums(&message.enum_type, &full_name, types);
    types.insert(full_name, Some(message));
}

fn index_enums(enums: &[EnumDescriptorProto], scope: &str, types: &mut Types<'_>) {
    types.extend(enums.iter().map(|described| (join_name(scope, described.name()), None)));
}

fn without_options(field: &FieldDescriptorProto) -> FieldDescriptorProto {
    let packed = field.options.as_ref().and_then(|options| options.packed);
    let options = packed.map(|_| FieldOptions { packed, ..FieldOptions::default() });
    FieldDescriptorProto { options, ..field.clone() }
}

/// Replaces `google/protobuf/descriptor.proto`: prost-reflect looks up the types of options in the pool, and
/// without them builds its pool of all well-known types first, which takes longer (0.7 ms) than all else here.
fn option_types() -> FileDescriptorProto {
    let types = ["MessageOptions", "FieldOptions", "EnumOptions"];
    FileDescriptorProto {
        name: Some(DESCRIPTOR_FILE.into()),
        package: Some("google.protobuf".into()),
        message_type: types.map(|name| DescriptorProto { name: Some(name.into()), ..Default::default() }).to_vec(),
        ..FileDescriptorProto::default()
    }
}
