//! `@modules/shell`: runs a script with bash.

use std::io::Read as _;
use std::path::PathBuf;
use std::pin::pin;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::time::timeout;

use super::session::Session;

use crate::commands::Context;
use crate::commands::plugin::child_process::describe;
use crate::config::IN_MANIFEST;
use crate::error::{Error, Result};
use crate::secret::mask;
use crate::terminal::shutdown::Shutdown;

/// The longest output that is taken, in bytes.
const MAX_OUTPUT: u64 = 32 << 20;

/// The time that a script has to end after a signal.
const GRACE: Duration = Duration::from_secs(10);

/// The spec; other keys are values for later tasks.
#[derive(Debug, Deserialize)]
pub struct ShellSpec {
    pub run: String,
    #[serde(default)]
    env: Map<String, Value>,
    stdin: Option<String>,
}

/// Runs the script in this working directory, with this program first in `PATH`; `env` is the manifest's. The output is
/// `{result, return_code}`, the result without its last line breaks.
///
/// # Errors
/// An exit status other than 0, with the output.
pub async fn run(
    spec: &ShellSpec,
    env: &Map<String, Value>,
    session: &Session,
    context: &mut Context<'_>,
    shutdown: &mut Shutdown,
) -> Result<Value> {
    let diagnostics = context.streams.diagnostics.clone();
    let folders = context.variables.program_folders();
    let shell = match folders.iter().any(|folder| folder.join("bash").is_file()) {
        true => "bash",
        false => {
            diagnostics.note("there is no bash: the script runs by sh");
            "sh"
        }
    };
    let failed = |error: std::io::Error| Error::local(format!("{shell} cannot be run")).cause(error);
    let (mut reader, writer) = std::io::pipe().map_err(failed)?;
    let mut command = Command::new(shell);
    command.arg("-c").arg(&spec.run).kill_on_drop(true);
    command.stdout(writer.try_clone().map_err(failed)?).stderr(writer);
    command.stdin(if spec.stdin.is_some() { Stdio::piped() } else { Stdio::null() });
    let own = std::env::current_exe().ok().and_then(|program| program.parent().map(PathBuf::from));
    if let Ok(path) = std::env::join_paths(own.into_iter().chain(folders)) {
        command.env("PATH", path);
    }
    // `spacectl` in a script means this one, in this environment.
    command.env(IN_MANIFEST, "1");
    command.envs(session.script_variables());
    if let Some(folder) = &context.variables.config_dir {
        command.env("SPACECTL_CONFIG_DIR", folder);
    }
    if context.variables.api_key.is_some() && spec.run.contains("config set api_key") {
        diagnostics.warn("SPACECTL_API_KEY is set: it is used instead of the key that the script sets");
    }
    // A group includes the processes that the script starts.
    command.process_group(0);
    for (name, value) in env.iter().chain(&spec.env) {
        command.env(name, value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    }
    let mut child = command.spawn().map_err(failed)?;
    let group = child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
    // It holds the ends of the pipe that would keep it from ending.
    drop(command);
    let input = spec.stdin.clone().zip(child.stdin.take());
    let output = tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::new();
        reader.by_ref().take(MAX_OUTPUT + 1).read_to_end(&mut bytes).map(|_| bytes)
    });
    let work = async {
        if let Some((text, mut stdin)) = input {
            // A script that does not read its input is not at fault.
            let _ = stdin.write_all(text.as_bytes()).await;
        }
        let status = child.wait().await.map_err(failed)?;
        let bytes = output.await.map_err(|error| Error::local("the output is lost").caused_by(&error))?;
        Ok::<_, Error>((status, bytes.map_err(failed)?))
    };
    let mut work = pin!(work);
    let (status, bytes) = tokio::select! {
        biased;
        signal = shutdown.signal() => {
            let send = |signal| group.map(|group| kill_process_group(group, signal));
            Signal::from_named_raw(signal.number()).map(send);
            let _ = timeout(GRACE, &mut work).await;
            send(Signal::KILL);
            return Err(Error::from_signal(signal));
        }
        done = &mut work => done?,
    };
    if bytes.len() as u64 > MAX_OUTPUT {
        let message = format!("the script writes more than {} MiB", MAX_OUTPUT >> 20);
        return Err(Error::local(message).hint("let it write to a file"));
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let result = text.trim_end_matches(['\n', '\r']);
    if !status.success() {
        let shown = mask::mask_known(result).into_owned();
        let error = Error::local(format!("the script {}", describe(status)));
        return Err(if shown.is_empty() { error } else { error.cause(shown) });
    }
    if context.global.verbose > 0 {
        diagnostics.trace(&format!("output: {result}"));
    }
    Ok(json!({ "result": result, "return_code": 0 }))
}
