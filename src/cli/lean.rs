//! The command line, no more of it than is needed: building all commands takes longer than most of them take to run.
//!
//! What is parsed here is parsed as by [`Cli`] itself, and whatever is not, an error with its words and its hints, is left
//! to that.

use std::ffi::OsString;

use clap::{Args as _, Command as Parser, FromArgMatches as _, Subcommand as _};

use super::{
    ABOUT, ApiResources, Cache, Cli, Completion, Config, EXAMPLES, Exec, Explain, Get, Global, List, Local, Man, NAME,
    Plugin, Stat, TERM_WIDTH, Template, Version, about,
};

/// Parses `args`, the program's name first.
///
/// # Errors
/// As [`clap::Parser::try_parse_from`]; asking for help or the version is one.
pub fn parse(args: &[OsString]) -> Result<Cli, clap::Error> {
    if let [_, only] = args
        && ["-V", "--version", "-h", "--help"].iter().any(|asked| only == asked)
    {
        outline().try_get_matches_from(args)?;
    }
    if let Some(command) = args.iter().skip(1).find_map(|arg| command(arg.to_str()?)) {
        let only = Global::augment_args(Parser::new(NAME)).subcommand(command);
        if let Ok(cli) = only.try_get_matches_from(args).and_then(|matches| Cli::from_arg_matches(&matches)) {
            return Ok(cli);
        }
    }
    <Cli as clap::Parser>::try_parse_from(args)
}

/// What the help of the whole is made of.
fn outline() -> Parser {
    // What is said of the options' own type gives way to what is said of the whole.
    let root = Global::augment_args(Parser::new(NAME)).about(ABOUT).after_help(EXAMPLES);
    let root = root.version(env!("CARGO_PKG_VERSION")).max_term_width(TERM_WIDTH).subcommand_required(true);
    OUTLINE.iter().fold(root, |root, (name, about)| root.subcommand(Parser::new(*name).about(*about)))
}

const OUTLINE: [(&str, &str); 15] = [
    ("exec", about::EXEC),
    ("list", about::LIST),
    ("get", about::GET),
    ("stat", about::STAT),
    ("analyze", about::ANALYZE),
    ("plugin", about::PLUGIN),
    ("api-resources", about::API_RESOURCES),
    ("explain", about::EXPLAIN),
    ("config", about::CONFIG),
    ("template", about::TEMPLATE),
    ("local", about::LOCAL),
    ("cache", about::CACHE),
    ("completion", about::COMPLETION),
    ("man", about::MAN),
    ("version", about::VERSION),
];

/// One command, as far as it has a say in what its arguments mean.
fn command(name: &str) -> Option<Parser> {
    let (name, _) = OUTLINE.iter().find(|(known, _)| *known == name)?;
    let command = Parser::new(*name);
    Some(match *name {
        "exec" => Exec::augment_args(command),
        "list" => List::augment_args(command),
        "get" => Get::augment_args(command),
        "stat" | "analyze" => Stat::augment_args(command),
        "plugin" => Plugin::augment_subcommands(command),
        "api-resources" => ApiResources::augment_args(command),
        "explain" => Explain::augment_args(command),
        "config" => Config::augment_subcommands(command),
        "template" => Template::augment_subcommands(command),
        "local" => Local::augment_subcommands(command),
        "cache" => Cache::augment_subcommands(command),
        "completion" => Completion::augment_args(command),
        "man" => Man::augment_args(command),
        "version" => Version::augment_args(command),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    /// What each of its arguments is, and is of.
    fn arguments(command: &Parser) -> Vec<String> {
        let own = command.get_arguments().map(|argument| format!("{argument:?}"));
        let below = command.get_subcommands().flat_map(|below| {
            let name = below.get_name().to_owned();
            arguments(below).into_iter().map(move |argument| format!("{name} {argument}"))
        });
        own.chain(below).collect()
    }

    #[test]
    fn every_command_is_known_and_takes_what_it_takes() {
        let whole = Cli::command();
        assert_eq!(whole.get_subcommands().map(Parser::get_name).collect::<Vec<_>>(), OUTLINE.map(|(name, _)| name));
        for full in whole.get_subcommands() {
            let lean = command(full.get_name()).unwrap();
            assert_eq!(arguments(&lean), arguments(full), "{}", full.get_name());
        }
    }

    #[test]
    fn the_help_of_the_outline_is_that_of_the_whole() {
        let rendered = |mut command: Parser| {
            let (short, long) = (command.render_help(), command.render_long_help());
            (short.ansi().to_string(), long.ansi().to_string(), command.render_version())
        };
        assert_eq!(rendered(outline()), rendered(Cli::command()));
    }

    #[test]
    fn what_is_parsed_is_what_the_whole_parses() {
        let parsed = |line: &str| {
            let args: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let [lean, whole] = [parse(&args), <Cli as clap::Parser>::try_parse_from(&args)]
                .map(|cli| cli.map(|cli| format!("{cli:?}")).map_err(|error| error.to_string()));
            assert_eq!(lean, whole, "{line}");
            lean.is_ok()
        };
        for line in [
            "spacectl list plugin -c a,b",
            "spacectl -e local list plugin --endpoint x -vv",
            "spacectl -e list list list",
            "spacectl --endpoint=list exec get plugin -p a=b -p list=get -q",
            "spacectl stat plugin",
            "spacectl analyze plugin -l 1",
            "spacectl plugin list -o csv",
            "spacectl plugin publish -f plugin.yml --context . --tag 1 -e x",
            "spacectl config set api_key - -e x",
            "spacectl config alias set a b.c",
            "spacectl template list",
            "spacectl local serve --listen 127.0.0.1:1",
            "spacectl explain plugin.register",
            "spacectl completion bash",
            "spacectl version",
            "spacectl cache clear",
            "spacectl --no-cache list plugin",
        ] {
            assert!(parsed(line), "{line}");
        }
        for line in [
            "spacectl",
            "spacectl plugin",
            "spacectl lst plugin",
            "spacectl list",
            "spacectl list a b",
            "spacectl list --help",
            "spacectl help list",
            "spacectl -e list get",
            "spacectl --version",
            "spacectl --help",
            "spacectl -h",
            "spacectl list plugin -c a -m",
            "spacectl list plugin --tmeout 3",
        ] {
            assert!(!parsed(line), "{line}");
        }
    }
}
