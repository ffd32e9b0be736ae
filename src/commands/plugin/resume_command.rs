//! The `plugin apply` command that finishes an interrupted `plugin publish`.

use crate::cli::{Global, Specs};
use crate::plugin::builder::quoted;

/// The command, with what it cannot contain: values of `-p`, `-j` and `-H`, which may be secrets, and files that can be
/// read once.
pub fn apply(specs: &Specs, replace: bool, global: &Global) -> String {
    let mut words = vec!["spacectl".to_owned(), "plugin".to_owned(), "apply".to_owned()];
    for (flag, value) in global.call_flags() {
        words.extend(value.into_iter().flat_map(|value| [flag.to_owned(), value]));
    }
    let is_lasting = |file: &&String| {
        *file != "-" && !["/dev/fd/", "/dev/stdin", "/proc/"].iter().any(|start| file.starts_with(start))
    };
    let (lasting, gone): (Vec<_>, Vec<_>) = specs.file_parameter.iter().partition(is_lasting);
    words.extend(lasting.into_iter().flat_map(|file| ["-f".to_owned(), file.clone()]));
    words.extend(specs.strict.then(|| "--strict".to_owned()));
    words.extend(replace.then(|| "--replace".to_owned()));
    let command = words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
    let same = [
        (!gone.is_empty()).then_some("-f (its input is gone)"),
        specs.json_parameter.is_some().then_some("-j"),
        (!specs.parameter.is_empty()).then_some("-p"),
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
}
