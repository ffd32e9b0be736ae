//! Nothing but the start.

use super::Case;
use crate::check::Check;
use crate::contestant::Contestant;
use crate::goal::{Goal, Rule};
use crate::programs::Programs;

pub fn cases(programs: &Programs) -> Vec<Case> {
    ["version", "help"]
        .map(|word| {
            let option = format!("--{word}");
            let spacectl = Contestant::alone(&[&option], Check::Holds("spacectl"));
            let mut contestants = vec![Contestant::empty(), spacectl];
            // It has no --version.
            let python_word = if word == "version" { word } else { &option };
            let words = if word == "version" { "version:" } else { "Usage:" };
            let python = Contestant::python(&[python_word], Check::Holds(words), programs, 5);
            contestants.extend(python.map(Contestant::without_service));
            let rule = Rule::WallOver { who: "spacectl", base: "empty process", ms: 0.6 };
            let goal = Goal::new(format!("`{option}`: the empty process + 0.6 ms"), rule);
            Case::new(word, format!("`{option}`"), 200, contestants).with_goals([goal])
        })
        .into()
}
