//! A spec that is about to be published, as `plugin lint` sees it.

use super::inputs;
use crate::cli::Specs;
use crate::error::{Error, ErrorKind, Problem, Result};
use crate::plugin::lint::{self, Finding, Generation, Generations, Input, Rule, Severity};
use crate::spec::{self, Draft};
use crate::terminal::io_streams::{Diagnostics, IoStreams};

/// The texts of specs.
pub struct Texts {
    inputs: Vec<Input>,
    /// `-j` or `-p` puts something else in the place of what they say.
    are_overridden: bool,
}

impl Texts {
    /// Reads the specs as the others do, and keeps the texts that the drafts were made of: what is checked is what is
    /// sent, whatever becomes of the files.
    pub fn read(specs: &Specs, streams: &mut IoStreams) -> Result<(Vec<Draft>, Self)> {
        let mut texts = Vec::new();
        let keep = |name: &str, bytes: &[u8]| texts.push(Input::of_bytes(name, bytes.to_vec()));
        let drafts = spec::read_with(&inputs(specs), &mut streams.input, keep)?;
        let are_overridden = specs.json_parameter.is_some() || !specs.parameter.is_empty();
        Ok((drafts, Self { inputs: texts, are_overridden }))
    }

    /// Checks them for a service of this generation, and warns of what it takes and is probably not meant.
    ///
    /// # Errors
    /// What it refuses, all of it at once. What is overridden is only warned of: it may be that which is wrong.
    pub fn check(&self, generation: Generation, diagnostics: &Diagnostics) -> Result<()> {
        let findings = lint::check(&self.inputs, &Generations::new(&[generation])?);
        let is_error = |finding: &Finding| finding.severity == Severity::Error && !self.are_overridden;
        let (errors, others): (Vec<Finding>, Vec<Finding>) = findings.into_iter().partition(is_error);
        // What is translated between the generations was told by whoever translated it.
        let is_told = |rule: Rule| matches!(rule, Rule::RenamedField | Rule::OtherGeneration);
        for Finding { location, message, rule, .. } in others.into_iter().filter(|finding| !is_told(finding.rule)) {
            diagnostics.warn(&format!("{location}: {message} [{}]", rule.name()));
        }
        let problem = |Finding { location, message, rule, hint, .. }: Finding| {
            let problem = Problem::new(format!("{message} [{}]", rule.name())).at(Some(location));
            hint.into_iter().fold(problem, Problem::hint)
        };
        Error::from_problems(ErrorKind::Local, errors.into_iter().map(problem).collect()).map_or(Ok(()), Err)
    }
}
