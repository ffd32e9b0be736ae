//! Checks who can change a file that names a command, as ssh does.

use std::collections::BTreeSet;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::process::geteuid;

use super::file::shell_word;
use crate::error::{Error, Result};

/// More links than any system follows, one after the other.
const MAX_LINKS: usize = 40;

/// Checks that the file at `path` and every folder on the way to it, up to `home` or the root, belongs to the user or to
/// root and that nobody else can write there. Links are followed: the folders that hold one are on the way, too.
///
/// # Errors
/// Names the first path where others can write, and the command that mends it.
pub(super) fn check(path: &Path, home: Option<&Path>) -> Result<()> {
    let user = geteuid().as_raw();
    let unchecked = |error: io::Error| Error::local("cannot check who can change this file").cause(error);
    for (folder, metadata) in folders(path, home).map_err(unchecked)? {
        check_one(&format!("the folder {}", folder.display()), &folder, &metadata, user)?;
    }
    let file = fs::canonicalize(path).map_err(unchecked)?;
    let what = if file == path { "this file".to_owned() } else { format!("the file {}", file.display()) };
    check_one(&what, &file, &fs::metadata(&file).map_err(unchecked)?, user)
}

fn check_one(what: &str, path: &Path, metadata: &Metadata, user: u32) -> Result<()> {
    let is_own = metadata.uid() == user;
    if !is_own && metadata.uid() != 0 {
        return Err(Error::local(format!("{what} belongs to another user, with the id {}", metadata.uid()))
            .hint(format!("run `sudo chown {user} {}`", shell_word(path))));
    }
    // ssh makes no exception for the sticky bit either: others can still put a folder there that is not there yet.
    if metadata.mode() & 0o022 == 0 {
        return Ok(());
    }
    let error = Error::local(format!("others can change {what}, whose mode is {:04o}", metadata.mode() & 0o7777));
    Err(if is_own && metadata.mode() & 0o1000 == 0 {
        error.hint(format!("run `chmod go-w {}`", shell_word(path)))
    } else {
        error.hint("move the configuration to a folder of your own, and name that in SPACECTL_CONFIG_DIR")
    })
}

/// The folders on the way to `path`, without links, each with what is known of it.
fn folders(path: &Path, home: Option<&Path>) -> io::Result<Vec<(PathBuf, Metadata)>> {
    let home = home.and_then(|home| fs::canonicalize(home).ok());
    let mut all = BTreeSet::new();
    let mut add = |path: &Path| -> io::Result<()> {
        for folder in path.ancestors().skip(1) {
            let real = fs::canonicalize(folder)?;
            let is_home = Some(&real) == home.as_ref();
            all.insert(real);
            if is_home {
                break;
            }
        }
        Ok(())
    };
    add(&fs::canonicalize(path)?)?;
    let mut next = std::path::absolute(path)?;
    for _ in 0..MAX_LINKS {
        add(&next)?;
        let Ok(target) = fs::read_link(&next) else { break };
        next = next.parent().unwrap_or(Path::new("/")).join(target);
    }
    all.into_iter().map(|folder| fs::metadata(&folder).map(|metadata| (folder, metadata))).collect()
}
