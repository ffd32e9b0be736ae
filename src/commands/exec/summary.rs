//! The summary of a run over many documents.

use crate::error::{Error, Outcome};

/// How many documents ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub done: usize,
    pub rejected: usize,
    pub unknown: usize,
    pub unsent: usize,
}

const LOOK: &str = "check what is there before sending it again: the service may have done what is unknown";

impl Summary {
    pub fn failed(&mut self, error: &Error) {
        let count = match error.outcome() {
            Outcome::None | Outcome::Rejected => &mut self.rejected,
            Outcome::Unknown => &mut self.unknown,
            Outcome::NotSent => &mut self.unsent,
        };
        *count += 1;
    }

    /// How many documents are counted.
    pub fn count(&self) -> usize {
        self.done + self.rejected + self.unknown + self.unsent
    }

    /// `registered 998, rejected 2`: counts of zero are left out but the first.
    pub fn line(&self, verb: &str) -> String {
        let others = [("rejected", self.rejected), ("unknown", self.unknown), ("not sent", self.unsent)];
        let others = others.iter().filter(|(_, count)| *count > 0).map(|(word, count)| format!(", {word} {count}"));
        format!("{} {}", past(verb), self.done) + &others.collect::<String>()
    }

    pub fn is_whole(&self) -> bool {
        self.rejected + self.unknown + self.unsent == 0
    }

    pub fn hint(&self) -> Option<&'static str> {
        (self.unknown > 0).then_some(LOOK)
    }
}

/// The past participle of a verb.
fn past(verb: &str) -> &'static str {
    match verb {
        "add" => "added",
        "cancel" => "cancelled",
        "change" => "changed",
        "create" => "created",
        "delete" => "deleted",
        "deregister" => "deregistered",
        "disable" => "disabled",
        "enable" => "enabled",
        "invite" => "invited",
        "issue" => "issued",
        "publish" => "published",
        "register" => "registered",
        "remove" => "removed",
        "reset" => "reset",
        "revoke" => "revoked",
        "sync" => "synced",
        "update" => "updated",
        "verify" => "verified",
        _ => "done",
    }
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::*;

    #[test]
    fn what_came_to_nothing_is_not_counted_out_but_what_was_done_is() {
        let summary = Summary { done: 998, rejected: 2, ..Summary::default() };
        assert_eq!(summary.line("register"), "registered 998, rejected 2");
        assert_eq!(Summary::default().line("get_versions"), "done 0");
        let summary = Summary { done: 0, rejected: 1, unknown: 3, unsent: 4 };
        assert_eq!(summary.line("update"), "updated 0, rejected 1, unknown 3, not sent 4");
    }

    #[test]
    fn an_error_is_counted_by_what_it_has_done() {
        let mut summary = Summary::default();
        let error = || Error::status(Code::Unavailable, "x");
        summary.failed(&error().with_outcome(Outcome::Rejected));
        summary.failed(&error().with_outcome(Outcome::Unknown));
        summary.failed(&error().with_outcome(Outcome::NotSent));
        assert_eq!(summary, Summary { done: 0, rejected: 1, unknown: 1, unsent: 1 });
        assert!(!summary.is_whole() && summary.hint().is_some());
        assert!(Summary { done: 1, ..Summary::default() }.is_whole());
    }
}
