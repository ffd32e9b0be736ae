//! Output formats, their options, and colour.

mod support;

use serde_json::{Value, json};
use support::{Api, Call, Run, Server, Spacectl};
use tonic::Status;

const SHOP: &str = r#"
    syntax = "proto3";
    package spaceone.api.shop.v1;
    message Ask { string name = 1; }
    message ProjectInfo { string name = 1; string project_group_id = 2; string project_id = 3; }
    message Projects { repeated ProjectInfo results = 1; int32 total_count = 2; }
    message ThingInfo { string name = 1; string size = 2; }
    message Things { repeated ThingInfo results = 1; int32 total_count = 2; }
    message Nothing {}
    service Project {
      rpc list(Ask) returns (Projects); rpc get(Ask) returns (ProjectInfo); rpc delete(Ask) returns (Nothing);
    }
    service Group { rpc list(Ask) returns (Projects); }
    service Thing { rpc list(Ask) returns (Things); rpc get(Ask) returns (ThingInfo); }"#;

fn shop(call: &Call) -> Vec<Result<Value, Status>> {
    let one = json!({"name": "=HYPERLINK(1)", "project_group_id": "pg-1", "project_id": "project-1"});
    let two = json!({"name": "넓은 | <b>", "project_group_id": "pg-1", "project_id": "project-2"});
    vec![Ok(match call.method.as_str() {
        "get" => one,
        "delete" => json!({}),
        _ => json!({"results": [one, two], "total_count": 9}),
    })]
}

fn things(_: &Call) -> Vec<Result<Value, Status>> {
    let rows = ["=1+1", "-5", "\"+x\"", "\tx", "plain"].map(|name| json!({"name": name, "size": "-3"}));
    vec![Ok(json!({"results": rows}))]
}

/// Runs a line against the shop; what a run printed, if it went well.
fn in_shop(line: &str) -> Run {
    let server = Server::start(Api::inline(SHOP), shop);
    Spacectl::new().run(&format!("--endpoint {} {line}", server.url()))
}

#[test]
fn the_name_of_a_row_is_its_own_id() {
    for format in ["name", "quiet"] {
        assert_eq!(in_shop(&format!("list shop.Project -o {format}")).quiet_success(), "project-1\nproject-2\n");
        assert_eq!(in_shop(&format!("get shop.Project -o {format}")).quiet_success(), "project-1\n");
        assert_eq!(in_shop(&format!("exec list shop.Project -o {format}")).quiet_success(), "project-1\nproject-2\n");
        assert_eq!(in_shop(&format!("exec delete shop.Project -y -o {format}")).quiet_success(), "");
        // Without an id of its own, the first.
        assert_eq!(in_shop(&format!("list shop.Group -o {format}")).quiet_success(), "pg-1\npg-1\n");
        let columns = in_shop(&format!("list shop.Project -c project_group_id -o {format}"));
        assert_eq!(columns.quiet_success(), "pg-1\npg-1\n");
        let none = in_shop(&format!("list shop.Thing -o {format}"));
        assert_eq!((none.status, none.stdout.as_str()), (Some(2), ""));
        assert_eq!(
            none.stderr,
            "error: the rows have no field that ends in _id\n\
             hint: choose the column to print with -c KEY, or use another format\n"
        );
    }
}

#[test]
fn only_the_id_is_asked_for_and_every_row_has_one() {
    let server = Server::start(Api::generation2(), |_| {
        vec![Ok(json!({"results": [{"plugin_id": "a"}, {}, {"plugin_id": "two\nlines"}], "total_count": 3}))]
    });
    let user = Spacectl::new();
    let run = |more: &str| user.run(&format!("--endpoint {} {more} -o name", server.url())).quiet_success();
    assert_eq!(run("list plugin"), "a\n\ntwo\\nlines\n");
    assert_eq!(server.calls()[0].request, json!({"query": {"only": ["plugin_id"]}}));
    assert_eq!(run("plugin list --page-size 3"), "a\n\ntwo\\nlines\n");
    assert_eq!(run("list plugin -m"), "a\n\ntwo\\nlines\n");
}

#[test]
fn a_plugin_has_the_name_that_other_commands_take() {
    let user = Spacectl::local();
    let register = "exec register plugin -p name=a -p image=x/plugin-a -p resource_type=a.B -q -o name";
    assert_eq!(user.run(register).quiet_success(), "plugin-a\n");
    assert_eq!(user.run("plugin get plugin-a -o name").quiet_success(), "plugin-a\n");
    assert_eq!(user.run("list repository.Repository -o name").quiet_success(), "repo-local\nrepo-managed\n");
    assert_eq!(user.run("api-resources -o name").quiet_success(), user.run("api-resources -o quiet").quiet_success());
}

#[test]
fn tables_and_csv_come_without_headers() {
    let rows = " =HYPERLINK(1) | project-1\n 넓은 | <b>    | project-2\n";
    assert_eq!(in_shop("list shop.Project -c name,project_id --no-headers").quiet_success(), rows);
    assert_eq!(in_shop("get shop.Project -c name -o table --no-headers").quiet_success(), " =HYPERLINK(1)\n");
    assert_eq!(in_shop("list shop.Project -o csv --no-headers").quiet_success().lines().count(), 2);
    assert_eq!(in_shop("list shop.Project -o name --no-headers").quiet_success(), "project-1\nproject-2\n");
    let user = Spacectl::local();
    assert_eq!(user.run("list plugin --no-headers -q").quiet_success(), "");
    assert_eq!(user.run("list plugin -o csv --no-headers -q").quiet_success(), "");
}

#[test]
fn markdown_is_a_table_for_github() {
    assert_eq!(
        in_shop("list shop.Project -o markdown").quiet_success(),
        "| name | project_group_id | project_id |\n| --- | --- | --- |\n\
         | =HYPERLINK(1) | pg-1 | project-1 |\n| 넓은 \\| &lt;b&gt; | pg-1 | project-2 |\n\nCount: 2 / 9\n"
    );
    assert_eq!(Spacectl::local().run("list plugin -o markdown -q").quiet_success(), "NO DATA\n");
}

#[test]
fn csv_is_raw_unless_a_spreadsheet_is_to_read_it() {
    let server = Server::start(Api::inline(SHOP), things);
    let user = Spacectl::new();
    let run =
        |more: &str| user.run(&format!("--endpoint {} list shop.Thing -o csv {more}", server.url())).quiet_success();
    let raw = "name,size\n=1+1,-3\n-5,-3\n\"\"\"+x\"\"\",-3\n\tx,-3\nplain,-3\n";
    assert_eq!(run(""), raw);
    assert_eq!(run("--bom"), format!("\u{feff}{raw}"));
    let safe = "name,size\n'=1+1,-3\n-5,-3\n\"'\"\"+x\"\"\",-3\n'\tx,-3\nplain,-3\n";
    assert_eq!(run("--csv-safe"), safe);
    assert_eq!(run("--csv-safe --bom --no-headers -c name").lines().next(), Some("\u{feff}'=1+1"));
}

#[test]
fn options_of_one_format_are_refused_with_others() {
    for (line, error) in [
        ("list plugin --bom", "error: --bom is an option of -o csv\nhint: add -o csv, or remove --bom\n"),
        ("get plugin --csv-safe", "error: --csv-safe is an option of -o csv\nhint: add -o csv, or remove --csv-safe\n"),
        (
            "exec get plugin --no-headers",
            "error: --no-headers is an option of -o table or -o csv\n\
             hint: add -o table or -o csv, or remove --no-headers\n",
        ),
    ] {
        let run = Spacectl::local().run(line);
        assert_eq!((run.status, run.stderr.as_str()), (Some(2), error), "{line}");
    }
}

#[test]
fn colour_is_one_decision_for_each_stream() {
    let user = Spacectl::local();
    user.run("exec register plugin -p name=a -p image=x/plugin-a -p resource_type=a.B").success();
    let has_colour = |variables: &[(&str, &str)], line: &str| {
        let run = user.run_with(variables, line);
        let [out, err] = [&run.stdout, &run.stderr].map(|text| text.contains('\x1b'));
        (out, err)
    };
    let (table, error) = ("list plugin -c name", "list plugin --filter nmae=x");
    assert_eq!(has_colour(&[], table), (false, false));
    assert_eq!(has_colour(&[], &format!("{table} --color always")), (true, false));
    assert_eq!(has_colour(&[], &format!("{error} --color=always")), (false, true));
    assert_eq!(has_colour(&[("CLICOLOR_FORCE", "1")], table), (true, false));
    assert_eq!(has_colour(&[("CLICOLOR_FORCE", "1")], error), (false, true));
    assert_eq!(has_colour(&[("CLICOLOR_FORCE", "0")], table), (false, false));
    assert_eq!(has_colour(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], table), (false, false));
    assert_eq!(has_colour(&[("NO_COLOR", "1")], &format!("{table} --color always")), (true, false));
    assert_eq!(has_colour(&[("CLICOLOR_FORCE", "1")], &format!("--color never {error}")), (false, false));
    // What cannot be parsed, and help.
    assert_eq!(has_colour(&[], "lst --color always"), (false, true));
    assert_eq!(has_colour(&[], "list --help --color always"), (true, false));
    assert_eq!(has_colour(&[("CLICOLOR_FORCE", "1")], "list --help --color=never"), (false, false));
    // Data is never coloured.
    assert_eq!(has_colour(&[("CLICOLOR_FORCE", "1")], "list plugin -o json"), (false, false));
    assert_eq!(has_colour(&[], &format!("{error} --color always --error-format json")), (false, false));
}
