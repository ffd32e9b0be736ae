//! The programs that are measured.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};

/// Where they are, and what the one in the middle can do.
#[derive(Clone, Debug)]
pub struct Programs {
    pub spacectl: PathBuf,
    pub floor: PathBuf,
    pub empty: PathBuf,
    /// What starts the others.
    pub spawn: PathBuf,
    /// The Python client, where `PEERS_DIR` names a folder that has it.
    pub python: Option<PathBuf>,
    pub abilities: Abilities,
}

/// What `spacectl` offers that it did not always.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Abilities {
    /// Descriptors are kept between calls, and `--no-cache` asks for them anew.
    pub cache: bool,
    /// `exec --parallel N`.
    pub parallel: bool,
    /// `-o jsonl`.
    pub jsonl: bool,
}

impl Programs {
    /// Builds this project's own, in the profile that this program was built in; but `SPACECTL_BIN` names another spacectl.
    pub fn build() -> Result<Self> {
        let folder = profile_folder()?;
        let spacectl = match other_spacectl() {
            Some(other) => std::path::absolute(other)?,
            None => {
                cargo_build(&["--package", "spacectl", "--bin", "spacectl"])?;
                folder.join("spacectl")
            }
        };
        cargo_build(&["--package", "spacectl-bench-programs"])?;
        let knows = |args: &[&str]| -> Result<bool> {
            let mut command = Command::new(&spacectl);
            command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            Ok(command.status().with_context(|| format!("cannot start {}", spacectl.display()))?.success())
        };
        ensure!(knows(&["--version"])?, "{} does not work", spacectl.display());
        let abilities = Abilities {
            cache: knows(&["--no-cache", "--version"])?,
            parallel: knows(&["exec", "--parallel", "1", "--help"])?,
            jsonl: knows(&["list", "--output", "jsonl", "--help"])?,
        };
        let [floor, empty, spawn] = ["bench-floor", "bench-empty", "bench-spawn"].map(|name| folder.join(name));
        let [spacectl, floor, empty] = [install(&spacectl)?, install(&floor)?, install(&empty)?];
        Ok(Self { spacectl, floor, empty, spawn, python: python()?, abilities })
    }
}

/// Copies a program, as installing it does. What a linker has just written lies scattered in the kernel's cache, and takes
/// longer to start.
fn install(program: &Path) -> Result<PathBuf> {
    let folder = report_folder()?.join("programs");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let installed = folder.join(program.file_name().context("a program has a name")?);
    // One that runs yet cannot be written to.
    let _ = std::fs::remove_file(&installed);
    std::fs::copy(program, &installed).with_context(|| format!("cannot copy {}", program.display()))?;
    Ok(installed)
}

/// What `SPACECTL_BIN` names.
pub fn other_spacectl() -> Option<PathBuf> {
    std::env::var_os("SPACECTL_BIN").filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// Builds some of the workspace in the profile that this program was built in: each by itself, as its users do, for cargo
/// gives to what is built together the features that any of it needs.
fn cargo_build(what: &[&str]) -> Result<()> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")]);
    cargo.args(["--profile", &profile_name()?]).arg("--target-dir").arg(target_folder()?);
    let built = cargo.args(what).status().context("cannot start cargo")?;
    ensure!(built.success(), "cargo cannot build what is to be measured");
    Ok(())
}

/// Where cargo puts what it builds as this program was built: `target/release`.
pub fn profile_folder() -> Result<PathBuf> {
    // This program is in its `deps`.
    let this = std::env::current_exe()?;
    Ok(this.ancestors().nth(2).context("this program is not where cargo puts it")?.to_owned())
}

/// What cargo calls that profile.
pub fn profile_name() -> Result<String> {
    let folder = profile_folder()?;
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    // The one profile whose folder is called otherwise; that of `bench` is `release`'s.
    Ok(if name == "debug" { "dev".to_owned() } else { name })
}

/// `target/bench`, where the report goes.
pub fn report_folder() -> Result<PathBuf> {
    Ok(target_folder()?.join("bench"))
}

fn target_folder() -> Result<PathBuf> {
    Ok(profile_folder()?.parent().context("this program is not where cargo puts it")?.to_owned())
}

fn python() -> Result<Option<PathBuf>> {
    let Some(peers) = std::env::var_os("PEERS_DIR").filter(|value| !value.is_empty()) else { return Ok(None) };
    let program = Path::new(&peers).join("py2/bin/spacectl");
    ensure!(program.is_file(), "PEERS_DIR is set, and {} is not there: see benches/README.md", program.display());
    Ok(Some(program))
}
