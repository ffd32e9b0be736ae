//! What a run over many documents has come to, in one line.

use crate::error::{Error, Outcome};

/// How often each end was come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub done: usize,
    /// The service has answered that it did not do it.
    pub rejected: usize,
    /// Sent, and no answer came, or none that can be read.
    pub unknown: usize,
    pub unsent: usize,
}

/// What to do about documents of which nobody knows what became.
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

    /// `registered 998, rejected 2`; only what was done is said where it is none.
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

/// What a verb has done when it is done.
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
