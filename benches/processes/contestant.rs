//! One of those that a case compares: a program, what it is told, and what must come of it.

use std::path::PathBuf;

use super::check::Check;
use super::programs::Programs;

/// In an argument, the URL of the service in the program's own form.
pub const URL: &str = "{url}";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    Empty,
    Floor,
    Spacectl,
    Python,
}

/// Which of a service's ports is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// Plaintext, and described as the platform's services describe themselves.
    Plain,
    /// Plaintext, and imports are sent along with what imports them.
    Along,
    Tls,
}

#[derive(Clone, Debug)]
pub struct Contestant {
    pub name: String,
    pub program: Program,
    pub args: Vec<String>,
    /// `None` calls nothing.
    pub port: Option<Port>,
    /// It is far away, and this contestant is the same near by.
    pub far_of: Option<String>,
    /// How often it is measured, if less often than the others.
    pub rounds: Option<usize>,
    /// Commands of spacectl that are run once in its home, before all else.
    pub preparations: Vec<Vec<String>>,
    /// What the environment `local` keeps is forgotten before each run.
    pub forgets: bool,
    pub check: Check,
    /// Its output is that of all others of the case of which this is said, byte for byte.
    pub agrees: bool,
}

impl Contestant {
    fn new(name: &str, program: Program, args: &[&str], port: Option<Port>, check: Check) -> Self {
        Self {
            name: name.to_owned(),
            program,
            args: args.iter().map(|&arg| arg.to_owned()).collect(),
            port,
            far_of: None,
            rounds: None,
            preparations: Vec::new(),
            forgets: false,
            check,
            agrees: false,
        }
    }

    /// The process that does nothing.
    pub fn empty() -> Self {
        Self::new("empty process", Program::Empty, &[], None, Check::Nothing)
    }

    /// The hand-written client, whose output is spacectl's.
    pub fn floor(args: &[&str], check: Check) -> Self {
        let args: Vec<&str> = [URL].iter().chain(args).copied().collect();
        Self { agrees: true, ..Self::new("floor", Program::Floor, &args, Some(Port::Plain), check) }
    }

    /// spacectl without a service.
    pub fn alone(args: &[&str], check: Check) -> Self {
        Self::new("spacectl", Program::Spacectl, args, None, check)
    }

    /// spacectl at the service, with what it keeps of former calls if it keeps anything.
    pub fn spacectl(args: &[&str], check: Check) -> Self {
        let args: Vec<&str> = ["--endpoint", URL].iter().chain(args).copied().collect();
        Self { agrees: true, ..Self::new("spacectl", Program::Spacectl, &args, Some(Port::Plain), check) }
    }

    /// spacectl at the service, which it asks what it offers.
    pub fn reflecting(args: &[&str], check: Check, programs: &Programs) -> Self {
        let no_cache: &[&str] = if programs.abilities.cache { &["--no-cache"] } else { &[] };
        let args: Vec<&str> = no_cache.iter().chain(args).copied().collect();
        Self::spacectl(&args, check).called("spacectl, reflecting")
    }

    /// The Python client at the service; `None` if it is not here.
    pub fn python(args: &[&str], check: Check, programs: &Programs, rounds: usize) -> Option<Self> {
        programs.python.as_ref()?;
        let python = Self::new("python", Program::Python, args, Some(Port::Plain), check);
        Some(Self { rounds: Some(rounds), ..python })
    }

    pub fn called(self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self }
    }

    pub fn at(self, port: Port) -> Self {
        Self { port: Some(port), ..self }
    }

    pub fn without_service(self) -> Self {
        Self { port: None, ..self }
    }

    pub fn agreeing(self) -> Self {
        Self { agrees: true, ..self }
    }

    pub fn prepared_by(mut self, command: &[&str]) -> Self {
        self.preparations.push(command.iter().map(|&word| word.to_owned()).collect());
        self
    }

    pub fn forgetting(self) -> Self {
        Self { forgets: true, ..self }
    }

    /// The same, far away from its service.
    pub fn far(&self) -> Self {
        Self { name: format!("{}, far", self.name), far_of: Some(self.name.clone()), ..self.clone() }
    }

    pub fn executable(&self, programs: &Programs) -> PathBuf {
        match self.program {
            Program::Empty => programs.empty.clone(),
            Program::Floor => programs.floor.clone(),
            Program::Spacectl => programs.spacectl.clone(),
            Program::Python => programs.python.clone().unwrap_or_default(),
        }
    }
}
