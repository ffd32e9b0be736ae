//! `list`, of few rows and of many.

use super::{Case, Specs};
use crate::check::{Check, Format};
use crate::contestant::{Contestant, Port};
use crate::goal::{Goal, Rule};
use crate::programs::Programs;

const LIST: [&str; 2] = ["list", "repository.Plugin"];
const FLOOR: [&str; 3] = ["list", "table", "preset"];
const TEN: Check = Check::Rows(Format::Table, 10);

/// 10 rows: what it costs to be asked for anything.
pub fn short(programs: &Programs, specs: &Specs) -> Vec<Case> {
    vec![ten(programs), tls(), local(specs)]
}

fn ten(programs: &Programs) -> Case {
    let mut contestants = vec![Contestant::floor(&FLOOR, TEN), Contestant::empty()];
    if programs.abilities.cache {
        contestants.push(Contestant::spacectl(&LIST, TEN).called("spacectl, cached"));
    }
    let reflecting = Contestant::reflecting(&LIST, TEN, programs);
    contestants.push(reflecting.clone());
    contestants.push(reflecting.at(Port::Along).called("spacectl, imports along"));
    let columns = ["-c", "plugin_id,name,state,resource_type,provider"];
    contestants.extend(Contestant::python(&[LIST, columns].concat(), TEN, programs, 5).map(Contestant::agreeing));
    let wall = |who, factor| Rule::WallTimes { who, base: "floor", factor };
    let trips = Rule::TripsOver { who: "spacectl, reflecting", base: "floor", trips: 1 };
    Case::new("list-10", "`list` of 10 rows as a table", 150, contestants).with_goals([
        Goal::new("list, 10 rows, descriptors cached: 1.25 x the floor", wall("spacectl, cached", 1.25)),
        Goal::new("list, 10 rows, reflection needed: 1.8 x the floor", wall("spacectl, reflecting", 1.8)),
        Goal::new("the same: one round trip more than the floor", trips),
    ])
}

fn tls() -> Case {
    let floor = Contestant::floor(&FLOOR, TEN);
    let spacectl = Contestant::spacectl(&LIST, TEN);
    let contestants = vec![
        floor.clone(),
        floor.at(Port::Tls).called("floor, TLS"),
        spacectl.clone(),
        spacectl.at(Port::Tls).called("spacectl, TLS"),
    ];
    let rule = Rule::WallOver { who: "spacectl, TLS", base: "spacectl", ms: 2.5 };
    let goal = Goal::new("TLS with the system's authorities: plaintext + 2.5 ms", rule);
    let case = Case::new("list-10-tls", "`list` of 10 rows over TLS", 100, contestants).with_goals([goal]);
    Case { trusts: true, ..case }
}

fn local(specs: &Specs) -> Case {
    let ten = specs.ten.display().to_string();
    let register = ["--quiet", "--environment", "local", "exec", "register", "repository.Plugin", "-f", &ten];
    let local = Contestant::alone(&[&["--environment", "local"], &LIST[..]].concat(), TEN).agreeing();
    let contestants = vec![Contestant::floor(&FLOOR, TEN), local.called("spacectl, local").prepared_by(&register)];
    Case::new("list-10-local", "`list` of 10 rows of the service inside the program", 100, contestants)
}

/// Few thousand rows and many, in each format with two columns and with all; `quiet` has one.
pub fn long(programs: &Programs, counts: [usize; 2]) -> Vec<Case> {
    let formats = [Format::Table, Format::Csv, Format::Json, Format::Jsonl, Format::Quiet];
    let formats = formats.into_iter().filter(|format| *format != Format::Jsonl || programs.abilities.jsonl);
    let shown = formats.flat_map(|format| match format {
        Format::Quiet => vec![(format, "id")],
        _ => vec![(format, "two"), (format, "all")],
    });
    let shown: Vec<_> = shown.collect();
    counts
        .into_iter()
        .flat_map(|rows| shown.iter().map(move |&(format, columns)| (rows, format, columns)))
        .map(|(rows, format, columns)| one(rows, format, columns, programs))
        .collect()
}

fn one(rows: usize, format: Format, columns: &'static str, programs: &Programs) -> Case {
    let is_huge = rows > 1000;
    let check = Check::Rows(format, rows);
    let chosen: &[&str] = match columns {
        "id" => &["-c", "plugin_id"],
        "two" => &["-c", "plugin_id,name"],
        _ => &["-a"],
    };
    let args = [&LIST[..], chosen, &["-o", format.name()]].concat();
    let floor = Contestant::floor(&["list", format.name(), columns], check.clone());
    let mut contestants = vec![floor, Contestant::spacectl(&args, check.clone())];
    // It takes a minute for every column of 100,000 rows: one format tells enough.
    let is_compared = format == Format::Table || !is_huge && columns == "all" && format != Format::Jsonl;
    if is_compared {
        contestants.extend(Contestant::python(&args, check, programs, if is_huge { 1 } else { 3 }));
    }
    let many = match columns {
        "id" => "one column",
        "two" => "two columns",
        _ => "all columns",
    };
    let title = format!("{} rows, {many}, {}", thousands(rows), format.name());
    let goals = if is_huge { goals(&title, format, columns) } else { Vec::new() };
    let name = format!("list-{rows}-{}-{columns}", format.name());
    let rounds = if is_huge { 9 } else { 30 };
    Case::new(name, format!("`list` of {title}"), rounds, contestants).of_rows(rows).with_goals(goals)
}

/// A whole number of thousands, as people write it.
pub fn thousands(count: usize) -> String {
    format!("{},000", count / 1000)
}

fn goals(title: &str, format: Format, columns: &str) -> Vec<Goal> {
    let (cpu, peak) = match format {
        Format::Table | Format::Csv => (0.4, 2.0),
        Format::Json => (1.0, 3.5),
        Format::Jsonl | Format::Quiet => return Vec::new(),
    };
    let rule = Rule::CpuTimes { who: "spacectl", base: "floor", factor: cpu };
    let mut goals = vec![Goal::new(format!("{title}: CPU {cpu} x the floor"), rule)];
    // Of a message of a few megabytes the program's own size would be most.
    if columns == "all" {
        let rule = Rule::PeakOfMessage { who: "spacectl", factor: peak };
        goals.push(Goal::new(format!("{title}: memory {peak} x the message"), rule));
    }
    goals
}
