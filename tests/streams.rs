//! The three standard streams, as they can be where a program is started by another.

mod support;

use std::process::{Command, Output};

use serde_json::json;
use support::{Api, Server, Spacectl};

/// Runs a line of shell in which `$0` is the program.
fn shell(user: &Spacectl, line: &str) -> Output {
    let program = user.command();
    let mut shell = Command::new("sh");
    shell.args(["-c", line]).arg(program.get_program()).env_clear().env("HOME", user.home()).current_dir(user.path(""));
    shell.output().unwrap()
}

/// Whatever is opened next would otherwise have the number of the stream that is missing: here a connection, and a
/// file.
#[test]
fn what_is_written_to_a_closed_stream_goes_nowhere() {
    let answer = json!({"results": [{"plugin_id": "plugin-slack"}], "total_count": 1});
    let server = Server::start(Api::generation2(), move |_| vec![Ok(answer.clone())]);
    let user = Spacectl::new();
    let list = format!("\"$0\" --endpoint {} list repository.Plugin -c plugin_id", server.url());
    for (closed, stdout) in
        [("<&-", " plugin_id\n--------------\n plugin-slack\n\n Count: 1 / 1\n"), (">&-", ""), ("<&- >&- 2>&-", "")]
    {
        let before = server.calls().len();
        let output = shell(&user, &format!("{list} {closed}"));
        assert_eq!(output.status.code(), Some(0), "{closed}: {output:?}");
        assert_eq!((String::from_utf8(output.stdout).unwrap().as_str(), output.stderr.len()), (stdout, 0), "{closed}");
        assert_eq!(server.calls().len(), before + 1, "{closed}");
    }
    // What is kept on disk is not what was shown.
    let output = shell(&user, &list);
    assert!(String::from_utf8(output.stdout).unwrap().contains("plugin-slack"));
}

#[test]
fn errors_come_out_where_only_that_stream_is_there() {
    let user = Spacectl::new();
    let output = shell(&user, "\"$0\" list repository.Plugin <&- >&-");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("error: "));
    let output = shell(&user, "\"$0\" list repository.Plugin 2>&-");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{output:?}");
}

/// A shell that ignores a signal hands that on; what is told by this program does not depend on it.
#[test]
fn a_reader_that_has_gone_is_told_apart_from_an_end() {
    let user = Spacectl::new();
    for before in ["", "trap '' PIPE; ", "trap - PIPE; "] {
        let line = format!("{before}(\"$0\" man; echo $? >status) | true");
        let output = shell(&user, &line);
        assert!(output.stderr.is_empty(), "{output:?}");
        assert_eq!(std::fs::read_to_string(user.path("status")).unwrap(), "0\n", "{before}");
    }
}
