//! The commands that go on after an interruption, as a shell takes them.

use crate::cli::{Apply, DEFAULT_PARALLEL, Exec, Format, Global, LayoutArgs, ManyArgs, Request, Shown, Specs};
use crate::plugin::builder::quoted;

/// The verbs of which a service rejects or ignores a repetition.
const REPEATABLE: [&str; 7] = ["register", "deregister", "update", "enable", "disable", "delete", "remove"];

/// The inputs of a request.
struct Given<'a> {
    files: &'a [String],
    has_json: bool,
    has_params: bool,
}

/// The `plugin apply` command that finishes a `plugin publish` or `plugin apply`.
pub fn apply(specs: &Specs, replace: bool, global: &Global) -> String {
    let replace = replace.then(|| "--replace".to_owned());
    of_specs("apply", specs, replace.into_iter().collect(), global)
}

/// The command `plugin VERB` of `specs` with these flags.
pub fn of_specs(verb: &str, specs: &Specs, flags: Vec<String>, global: &Global) -> String {
    let given = Given {
        files: &specs.file_parameter,
        has_json: specs.json_parameter.is_some(),
        has_params: !specs.parameter.is_empty(),
    };
    let strict = specs.strict.then(|| "--strict".to_owned());
    command(&["plugin", verb], given, strict.into_iter().chain(flags), global)
}

/// The command that sends the rest of many documents; `None` if the service could do twice what is done already.
pub fn exec(args: &Exec, is_read_only: bool, global: &Global) -> Option<String> {
    if !is_read_only && !REPEATABLE.contains(&&*args.verb) {
        return None;
    }
    let Request { file_parameter, json_parameter, parameter, api_version, strict, .. } = &args.request;
    let given = Given { files: file_parameter, has_json: json_parameter.is_some(), has_params: !parameter.is_empty() };
    let Shown { columns, output, layout } = &args.shown;
    let LayoutArgs { wide, no_headers, bom, csv_safe } = *layout;
    let ManyArgs { parallel, .. } = args.many;
    let option = |name: &str, value: Option<String>| value.map(|value| [name.to_owned(), value]).into_iter().flatten();
    let flag = |name: &str, is_set: bool| is_set.then(|| name.to_owned());
    let format = clap::ValueEnum::to_possible_value(output).filter(|_| *output != Format::Yaml);
    let flags = option("--api-version", api_version.clone())
        .chain(flag("--strict", *strict))
        .chain(flag("--yes", args.yes))
        .chain(option("--parallel", (parallel != DEFAULT_PARALLEL).then(|| parallel.to_string())))
        .chain(option("-c", columns.clone()))
        .chain(option("-o", format.map(|format| format.get_name().to_owned())))
        .chain(flag("--wide", wide))
        .chain(flag("--no-headers", no_headers))
        .chain(flag("--bom", bom))
        .chain(flag("--csv-safe", csv_safe))
        .chain(flag("--keep-going", true));
    Some(command(&["exec", &args.verb, &args.resource], given, flags, global))
}

/// The command that continues the run of a manifest by its log.
pub fn manifest(args: &Apply, file: &str, global: &Global) -> String {
    let has_vars = !(args.assignments.is_empty() && args.var.is_empty() && args.env.is_empty());
    let given = Given { files: &[file.to_owned()], has_json: false, has_params: false };
    let option = |name: &str, value: Option<String>| value.map(|value| [name.to_owned(), value]).into_iter().flatten();
    let flags = option("--var-file", args.var_file.clone())
        .chain(option("--resume", args.resume.as_ref().map(|log| log.to_string_lossy().into_owned())))
        .chain(args.keep.then(|| "--keep".to_owned()));
    let command = command(&["apply"], given, flags, global);
    if has_vars { format!("{command} with the same variables") } else { command }
}

/// The command, with what it cannot contain: values of `-p`, `-j` and `-H`, which may be secrets, and files that can be
/// read once.
fn command(words: &[&str], given: Given<'_>, flags: impl IntoIterator<Item = String>, global: &Global) -> String {
    let mut line: Vec<String> = std::iter::once("spacectl").chain(words.iter().copied()).map(str::to_owned).collect();
    for (flag, value) in global.call_flags() {
        line.extend(value.into_iter().flat_map(|value| [flag.to_owned(), value]));
    }
    let is_lasting = |file: &&String| {
        *file != "-" && !["/dev/fd/", "/dev/stdin", "/proc/"].iter().any(|start| file.starts_with(start))
    };
    let (lasting, gone): (Vec<_>, Vec<_>) = given.files.iter().partition(is_lasting);
    line.extend(lasting.into_iter().flat_map(|file| ["-f".to_owned(), file.clone()]));
    line.extend(flags);
    let command = line.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
    let same = [
        (!gone.is_empty()).then_some("-f (its input is gone)"),
        given.has_json.then_some("-j"),
        given.has_params.then_some("-p"),
        (!global.header.is_empty()).then_some("-H"),
    ];
    match same.into_iter().flatten().collect::<Vec<_>>().join(", ") {
        same if same.is_empty() => format!("`{command}`"),
        same => format!("`{command}` with the same {same}"),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use crate::cli::{Cli, Command, Plugin};

    fn apply(line: &str) -> String {
        let cli = Cli::try_parse_from(line.split(' ')).unwrap();
        let Command::Plugin(Plugin::Publish(args)) = &cli.command else { panic!("{line}") };
        super::apply(&args.image.specs, args.replace, &cli.global)
    }

    #[test]
    fn what_decides_the_target_is_carried() {
        let connection = "--environment prod --endpoint grpc+ssl://h:1 --domain-id d-1 --workspace-id w-1 --ca ca.pem \
                          --cert c.pem --key k.pem --tls-server-name n";
        assert_eq!(
            apply(&format!("spacectl {connection} plugin publish --tag 1 -f plugin.yml --strict --replace")),
            format!("`spacectl plugin apply {connection} -f plugin.yml --strict --replace`")
        );
        assert_eq!(apply("spacectl plugin publish --tag 1 -f plugin.yml"), "`spacectl plugin apply -f plugin.yml`");
    }

    #[test]
    fn what_may_be_secret_or_is_gone_is_only_named() {
        let line = "spacectl plugin publish --tag 1 -f plugin.yml -p tags.token=hunter2 -j {\"a\":\"hunter2\"}";
        assert_eq!(apply(line), "`spacectl plugin apply -f plugin.yml` with the same -j, -p");
        for gone in ["-", "/dev/fd/63", "/proc/self/fd/0"] {
            assert_eq!(
                apply(&format!("spacectl plugin publish --tag 1 -f {gone}")),
                "`spacectl plugin apply` with the same -f (its input is gone)"
            );
        }
    }

    #[test]
    fn documents_are_sent_again_only_where_nothing_is_done_twice() {
        let exec = |line: &str| {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            let Command::Exec(args) = &cli.command else { panic!("{line}") };
            super::exec(args, false, &cli.global)
        };
        assert_eq!(
            exec("spacectl -e lab exec register plugin -f a.yml -p a=hunter2 -c plugin_id -o quiet --parallel 2")
                .unwrap(),
            "`spacectl exec register plugin --environment lab -f a.yml --parallel 2 -c plugin_id -o quiet \
             --keep-going` with the same -p"
        );
        let again = "spacectl exec disable plugin -f a.yml --keep-going";
        assert_eq!(exec(again).unwrap(), format!("`{again}`"));
        assert_eq!(exec("spacectl exec create identity.Project -f a.yml"), None);
    }
}
