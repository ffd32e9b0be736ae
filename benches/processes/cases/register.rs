//! 1,000 registrations from one file.

use super::{Case, Specs};
use crate::check::{Check, Format};
use crate::contestant::Contestant;
use crate::goal::{Goal, Rule};
use crate::programs::Programs;

const COLUMNS: &str = "plugin_id,name,image,capability,labels,tags";
const COUNT: usize = 1000;

pub fn cases(programs: &Programs, specs: &Specs) -> Vec<Case> {
    vec![remote(programs, specs), local(specs)]
}

fn remote(programs: &Programs, specs: &Specs) -> Case {
    let check = Check::Rows(Format::Csv, COUNT);
    let mut contestants = vec![
        Contestant::floor(&["register", "1000", "1"], check.clone()).called("floor, in turn"),
        Contestant::floor(&["register", "1000", "16"], check.clone()).called("floor, 16 in flight"),
        spacectl(specs, &[], check.clone()),
    ];
    if programs.abilities.parallel {
        contestants.push(spacectl(specs, &["--parallel", "1"], check).called("spacectl, in turn"));
    }
    let faster = Rule::WallFaster { who: "spacectl", than: "spacectl, in turn", factor: 2.5 };
    Case::new("register-1000", "1,000 registrations from one file", 15, contestants).with_goals([
        Goal::new("1,000 registrations, one file: 90 ms", Rule::WallAtMost { who: "spacectl", ms: 90.0 }),
        Goal::new("the same: 2.5 x faster than one after another", faster),
    ])
}

fn local(specs: &Specs) -> Case {
    let contestant = Contestant::alone(&args(specs, &["--environment", "local"], &[]), Check::Rows(Format::Csv, COUNT));
    let rule = Rule::WallEach { who: "spacectl, local", count: COUNT, us: 60.0 };
    let goal = Goal::new("1,000 registrations on `local`: 60 us each", rule);
    let title = "1,000 registrations in the service inside the program";
    Case::new("register-1000-local", title, 15, vec![contestant.called("spacectl, local").forgetting()])
        .with_goals([goal])
}

pub fn spacectl(specs: &Specs, options: &[&str], check: Check) -> Contestant {
    Contestant::spacectl(&args(specs, &[], options), check)
}

fn args<'a>(specs: &'a Specs, before: &[&'a str], options: &[&'a str]) -> Vec<&'a str> {
    let file = specs.thousand.to_str().unwrap_or_default();
    [before, &["exec", "register", "repository.Plugin", "-f", file, "-c", COLUMNS, "-o", "csv"], options].concat()
}
