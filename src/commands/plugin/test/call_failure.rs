//! Ends of calls that are not their answers.

use std::pin::pin;
use std::time::Duration;

use tokio::time::timeout;
use tonic::Code;

use super::process::PluginProcess;
use super::show::counted;
use super::step_report::StepReport;
use crate::error::{Error, ErrorKind, TerminationSignal};
use crate::plugin::conformance::TestRule;

/// How long a call may still end by itself after the plugin has ended, and the plugin after its connection.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Why a call did not end well.
pub enum CallFailure {
    /// The plugin answered with a status.
    Refused(Code, String),
    /// It is over with this plugin.
    Broken(TestRule, String),
    Interrupted(TerminationSignal),
    /// The failure is this program's or its user's.
    Here(Error),
}

/// Why the work of a call ended: the call failed, or its answer could not be taken.
pub enum WorkError {
    Call(Error),
    Here(Error),
}

impl From<Error> for WorkError {
    fn from(error: Error) -> Self {
        Self::Call(error)
    }
}

/// Runs `work` until it ends, or a moment longer than the plugin; then the error says how that ended.
pub async fn while_running<T, E>(
    process: Option<&mut PluginProcess>,
    work: impl Future<Output = Result<T, E>>,
) -> Result<Result<T, E>, String> {
    let Some(process) = process else { return Ok(work.await) };
    let mut work = pin!(work);
    tokio::select! {
        biased;
        ended = &mut work => Ok(ended),
        status = process.ended() => match timeout(LAST_WORDS, work).await {
            Ok(Ok(done)) => Ok(Ok(done)),
            _ => Err(status),
        }
    }
}

/// Tells from the error of a call how it failed.
pub async fn judge(error: Error, report: &StepReport, process: &mut Option<PluginProcess>) -> CallFailure {
    let ErrorKind::Status(code) = error.kind() else {
        return CallFailure::Broken(TestRule::Died, format!("the call failed: {}", error.summary()));
    };
    let cause = error.problems().first().and_then(|problem| problem.causes.first()).cloned().unwrap_or_default();
    if let Some(text) = error.sent_text() {
        return CallFailure::Refused(code, text.to_owned());
    }
    match code {
        Code::DeadlineExceeded => {
            let cause = if report.messages > 0 { cause.replacen("no answer", "no end", 1) } else { cause };
            CallFailure::Broken(TestRule::StepTimeout, format!("{cause}{}", after(report)))
        }
        Code::Unavailable => {
            // The end of a process is seen later than that of its connections.
            let status = match process {
                Some(process) => timeout(LAST_WORDS, process.ended()).await.ok(),
                None => None,
            };
            match status {
                Some(status) => died(&status, report),
                None => CallFailure::Broken(TestRule::Died, format!("the connection broke{}: {cause}", after(report))),
            }
        }
        _ => CallFailure::Refused(code, cause),
    }
}

pub fn died(status: &str, report: &StepReport) -> CallFailure {
    CallFailure::Broken(TestRule::Died, format!("the plugin {status}{}", after(report)))
}

/// How far a stream came.
pub fn after(report: &StepReport) -> String {
    if report.step.is_stream() { format!(" after {}", counted(report.messages, "message")) } else { String::new() }
}
