//! The files that a server has sent, and what is still missing of them.

use std::collections::{BTreeSet, HashSet};

use bytes::Bytes;
use prost::Message;
use tonic::{Code, Status};
use tonic_reflection::pb::v1::ErrorResponse;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use super::volume::{Volume, check_files};
use crate::grpc::descriptors::{self, FileHeader};

/// The status of a refusal.
pub(super) fn refusal(error: ErrorResponse) -> Status {
    match Code::from(error.error_code) {
        Code::Ok => Status::internal("reflection answered with an error that is none"),
        code => Status::new(code, error.error_message),
    }
}

/// How often types are asked for by name: their files can lack types in turn.
const MAX_ASKED_FOR_TYPES: usize = 8;

/// File descriptors as the server sent them, so that unknown options survive. Protobuf's own files are left out. Two
/// files can have one name, e.g. if a proxy is before several servers.
#[derive(Default)]
pub(super) struct Files {
    pub(super) raw: Vec<Bytes>,
    volume: Volume,
    contents: HashSet<Bytes>,
    pub(super) known: HashSet<String>,
    /// Imports that were asked for; none is asked for twice.
    asked: HashSet<String>,
    pub(super) asked_in_order: Vec<String>,
    /// Types that were asked for, and how often some were.
    asked_types: HashSet<String>,
    asked_for_types: usize,
    wanted: BTreeSet<String>,
}

impl Files {
    /// Takes the answer to one question for files; returns why it holds none, or one that cannot be read.
    pub(super) fn take(&mut self, answer: MessageResponse) -> Result<Option<Status>, Status> {
        match answer {
            MessageResponse::FileDescriptorResponse(response) => {
                let mut refusal = None;
                for file in response.file_descriptor_proto {
                    refusal = refusal.or(self.add(file.into())?);
                }
                Ok(refusal)
            }
            MessageResponse::ErrorResponse(error) => Ok(Some(refusal(error))),
            _ => Ok(Some(Status::internal("reflection answered another question"))),
        }
    }

    /// Takes a file; returns why it cannot be read.
    fn add(&mut self, raw: Bytes) -> Result<Option<Status>, Status> {
        if !self.contents.insert(raw.clone()) {
            return Ok(None);
        }
        self.volume.add(&raw)?;
        let unreadable = |why: String| Status::internal(format!("a descriptor cannot be read: {why}"));
        let header = match FileHeader::decode(raw.as_ref()) {
            Ok(header) => header,
            Err(error) => return Ok(Some(unreadable(error.to_string()))),
        };
        if !descriptors::is_well_known_file(&header.name) {
            if header.is_readable() {
                self.known.insert(header.name);
            }
            self.wanted.extend(header.imports);
            check_files(self.wanted.len())?;
            self.raw.push(raw);
        }
        Ok(None)
    }

    /// Notes that `name` is asked for; returns whether it was not before.
    pub(super) fn ask_for(&mut self, name: &str) -> bool {
        let is_new = self.asked.insert(name.to_owned());
        if is_new {
            self.asked_in_order.push(name.to_owned());
        }
        is_new
    }

    /// The imports that were not asked for.
    ///
    /// # Errors
    /// There are more than are asked for.
    pub(super) fn take_missing(&mut self) -> Result<Vec<String>, Status> {
        let mut missing = std::mem::take(&mut self.wanted).into_iter().collect::<Vec<_>>();
        missing
            .retain(|name| !descriptors::is_well_known_file(name) && !self.known.contains(name) && self.ask_for(name));
        check_files(self.asked.len())?;
        Ok(missing)
    }

    /// The types that no file defines, for want of an import; each once.
    pub(super) fn take_undefined(&mut self) -> Vec<String> {
        let has_all = self.asked.iter().all(|import| self.known.contains(import));
        if has_all || self.asked_for_types == MAX_ASKED_FOR_TYPES {
            return Vec::new();
        }
        self.asked_for_types += 1;
        let undefined = descriptors::undefined_types(&self.raw).into_iter();
        undefined.filter(|name| self.asked_types.insert(name.clone())).collect()
    }
}
