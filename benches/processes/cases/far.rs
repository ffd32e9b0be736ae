//! The same far away from the service, where each round trip takes 100 ms.

use super::list::thousands;
use super::{Case, Specs};
use crate::check::{Check, Format};
use crate::contestant::{Contestant, Port};
use crate::programs::Programs;

const LIST: [&str; 2] = ["list", "repository.Plugin"];
const FLOOR: [&str; 3] = ["list", "table", "preset"];
const TEN: Check = Check::Rows(Format::Table, 10);

pub fn cases(programs: &Programs, specs: &Specs, many: usize) -> Vec<Case> {
    let mut cases = vec![ten(programs), tls(), large(many)];
    // One after the other, 1,000 registrations take 100 s there whoever sends them.
    if programs.abilities.parallel {
        cases.push(register(specs));
    }
    cases
}

fn ten(programs: &Programs) -> Case {
    let mut near = vec![Contestant::floor(&FLOOR, TEN)];
    if programs.abilities.cache {
        near.push(Contestant::spacectl(&LIST, TEN).called("spacectl, cached"));
    }
    let reflecting = Contestant::reflecting(&LIST, TEN, programs);
    near.push(reflecting.clone());
    near.push(reflecting.at(Port::Along).called("spacectl, imports along"));
    near.extend(Contestant::python(&LIST, Check::Rows(Format::Table, 10), programs, 3));
    Case::new("far-list-10", "`list` of 10 rows, near and 50 ms away", 5, with_far(near))
}

fn tls() -> Case {
    let floor = Contestant::floor(&FLOOR, TEN).at(Port::Tls).called("floor, TLS");
    let spacectl = Contestant::spacectl(&LIST, TEN).at(Port::Tls).called("spacectl, TLS");
    let case = Case::new("far-list-10-tls", "The same over TLS", 5, with_far(vec![floor, spacectl]));
    Case { trusts: true, ..case }
}

fn large(rows: usize) -> Case {
    let check = Check::Rows(Format::Csv, rows);
    let floor = Contestant::floor(&["list", "csv", "all"], check.clone());
    let spacectl = Contestant::spacectl(&[&LIST[..], &["-a", "-o", "csv"]].concat(), check);
    let title = format!("`list` of {} rows, all columns, csv, near and 50 ms away", thousands(rows));
    Case::new(format!("far-list-{rows}"), title, 3, with_far(vec![floor, spacectl])).of_rows(rows)
}

fn register(specs: &Specs) -> Case {
    let check = Check::Rows(Format::Csv, 1000);
    let floor = Contestant::floor(&["register", "1000", "16"], check.clone()).called("floor, 16 in flight");
    let spacectl = super::register::spacectl(specs, &[], check);
    let title = "1,000 registrations from one file, near and 50 ms away";
    Case::new("far-register-1000", title, 3, with_far(vec![floor, spacectl]))
}

fn with_far(near: Vec<Contestant>) -> Vec<Contestant> {
    near.into_iter().flat_map(|near| [near.far(), near].into_iter().rev()).collect()
}
