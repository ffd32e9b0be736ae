//! The table of rules.

use crate::plugin::rule_table::rule_table;

/// How severe a finding of a test is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TestSeverity {
    /// The platform refuses it, or loses data.
    Error,
    /// The platform takes it, but it is probably a mistake.
    Warning,
    /// Good to know; no plugin fails by it.
    Info,
}

impl TestSeverity {
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

rule_table! { TestRule:
    Expectation, "expectation", "error",
        "an answer holds what plugin-test.toml expects",
        "Each field that is expected is in the answer, or in one message of a stream; other fields may be there, too.";
    StartFailed, "start-failed", "error",
        "the plugin opens its port in time",
        "The platform's supervisor starts a plugin and calls it as soon as its port is open. Plugins of the library \
         take 1 to 3 seconds.";
    StepTimeout, "step-timeout", "error",
        "each call answers in time",
        "The platform waits for a limited time; --timeout sets the limit of the test.";
    Died, "died", "error",
        "the plugin runs until the test ends it",
        "A plugin that ends during a call loses that call and all others in flight.";
}

impl TestRule {
    /// The severity, unless a check changes it.
    pub fn severity(self) -> TestSeverity {
        match self.levels().split(',').next() {
            Some("warning") => TestSeverity::Warning,
            Some("info") => TestSeverity::Info,
            _ => TestSeverity::Error,
        }
    }
}
