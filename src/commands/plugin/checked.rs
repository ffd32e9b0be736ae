//! A spec that is about to be published, as `plugin lint` sees it.

use std::io::Cursor;

use crate::cli::Specs;
use crate::error::{Error, Kind, Problem, Result};
use crate::plugin::lint::{self, Finding, Generation, Generations, Input, Rule, Severity};
use crate::spec::source::{self, Stdin};
use crate::streams::{Streams, Talk};

/// The texts of specs.
pub struct Texts {
    inputs: Vec<Input>,
    /// `-j` or `-p` puts something else in the place of what they say.
    are_overridden: bool,
}

impl Texts {
    /// Reads the files that `specs` name. Standard input is still there for the next who reads it.
    pub fn read(specs: &Specs, streams: &mut Streams) -> Result<Self> {
        let mut inputs = Vec::new();
        for argument in &specs.file_parameter {
            if argument == "-" {
                let bytes = Stdin::new(&mut *streams.input).read()?;
                streams.input = Box::new(Cursor::new(bytes.clone()));
                inputs.push(Input::of_bytes("stdin", bytes));
                continue;
            }
            for file in source::files(argument)? {
                let bytes = source::read_file(&file)?;
                inputs.push(Input::of_bytes(file, bytes));
            }
        }
        Ok(Self { inputs, are_overridden: specs.json_parameter.is_some() || !specs.parameter.is_empty() })
    }

    /// Checks them for a service of this generation, and warns of what it takes and is probably not meant.
    ///
    /// # Errors
    /// What it refuses, all of it at once. What is overridden is only warned of: it may be that which is wrong.
    pub fn check(&self, generation: Generation, talk: &Talk) -> Result<()> {
        let findings = lint::check(&self.inputs, &Generations::new(&[generation])?);
        let is_error = |finding: &Finding| finding.severity == Severity::Error && !self.are_overridden;
        let (errors, others): (Vec<Finding>, Vec<Finding>) = findings.into_iter().partition(is_error);
        // What is translated between the generations was told by whoever translated it.
        let is_told = |rule: Rule| matches!(rule, Rule::RenamedField | Rule::OtherGeneration);
        for Finding { location, message, rule, .. } in others.into_iter().filter(|finding| !is_told(finding.rule)) {
            talk.warning(&format!("{location}: {message} [{}]", rule.name()));
        }
        let problem = |Finding { location, message, rule, hint, .. }: Finding| {
            let problem = Problem::new(format!("{message} [{}]", rule.name())).at(Some(location));
            hint.into_iter().fold(problem, Problem::hint)
        };
        Error::from_problems(Kind::Local, errors.into_iter().map(problem).collect()).map_or(Ok(()), Err)
    }
}
