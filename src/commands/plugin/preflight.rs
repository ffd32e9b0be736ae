//! Lint checks of a spec before it is published.

use super::inputs;
use crate::cli::Specs;
use crate::error::{Error, ErrorKind, Problem, Result};
use crate::plugin::lint::{self, Finding, Generation, Input, Rule, Severity};
use crate::spec::{self, Draft};
use crate::terminal::io_streams::{Diagnostics, IoStreams};

/// The texts of drafts: what is checked is what is sent, even if files change.
pub struct SpecTexts {
    inputs: Vec<Input>,
    /// `-j` or `-p` override fields of the texts.
    are_overridden: bool,
}

impl SpecTexts {
    pub fn read(specs: &Specs, streams: &mut IoStreams) -> Result<(Vec<Draft>, Self)> {
        let mut texts = Vec::new();
        let on_text = |name: &str, bytes: &[u8]| texts.push(Input::from_bytes(name, bytes.to_vec()));
        let drafts = spec::read_with(&inputs(specs), &mut streams.input, on_text)?;
        let are_overridden = specs.json_parameter.is_some() || !specs.parameter.is_empty();
        Ok((drafts, Self { inputs: texts, are_overridden }))
    }

    /// Checks them for one generation of the service: fails with all errors at once, and warns of the rest. If fields
    /// are overridden, errors are warnings, too: they may be in these fields.
    pub fn check(&self, generation: Generation, diagnostics: &Diagnostics) -> Result<()> {
        let findings = lint::check(&self.inputs, &[generation])?;
        let is_error = |finding: &Finding| finding.severity == Severity::Error && !self.are_overridden;
        let (errors, others): (Vec<Finding>, Vec<Finding>) = findings.into_iter().partition(is_error);
        // Resolving the request has noted what it translated.
        let is_noted = |rule: Rule| matches!(rule, Rule::RenamedField | Rule::OtherGeneration);
        for Finding { location, message, rule, .. } in others.into_iter().filter(|finding| !is_noted(finding.rule)) {
            diagnostics.warn(&format!("{location}: {message} [{}]", rule.name()));
        }
        let problem = |Finding { location, message, rule, hint, .. }: Finding| {
            let problem = Problem::new(format!("{message} [{}]", rule.name())).at(Some(location));
            hint.into_iter().fold(problem, Problem::hint)
        };
        Error::from_problems(ErrorKind::Local, errors.into_iter().map(problem).collect()).map_or(Ok(()), Err)
    }
}
