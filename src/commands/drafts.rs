//! Reads the requests of the command line, before their method is known.

use crate::cli;
use crate::error::{Error, Result};
use crate::spec::{self, Draft, Inputs};
use crate::terminal::io_streams::IoStreams;

/// Reads `-f`, `-j` and `-p`: one draft for each document.
pub fn read_drafts(request: &cli::Request, streams: &mut IoStreams) -> Result<Vec<Draft>> {
    let inputs = Inputs {
        files: request.file_parameter.clone(),
        json: request.json_parameter.clone(),
        params: request.parameter.clone(),
    };
    spec::read(&inputs, &mut streams.input)
}

/// The only draft of a verb that takes one request.
pub fn read_one_draft(verb: &str, request: &cli::Request, streams: &mut IoStreams) -> Result<Draft> {
    let mut drafts = read_drafts(request, streams)?;
    match (drafts.pop(), drafts.len()) {
        (Some(only), 0) => Ok(only),
        (_, others) => Err(Error::usage(format!("{verb} takes one request, and {} documents are given", others + 1))
            .hint("give one document, or use exec, which sends each in turn")),
    }
}
