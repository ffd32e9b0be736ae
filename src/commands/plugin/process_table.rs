//! The descendants of this process, as `/proc` shows them.
//!
//! Systems without `/proc` show none.

use std::fs;

use rustix::process::{Pid, getpgrp, getpid};

/// A process that has not ended.
struct ProcessEntry {
    pid: Pid,
    parent: i32,
    group: i32,
}

impl ProcessEntry {
    /// From `/proc/PID/stat`: `PID (NAME) STATE PARENT GROUP ...`; a name may hold anything.
    fn parse(stat: &str) -> Option<Self> {
        let (pid, rest) = stat.split_once(" (")?;
        let mut fields = rest.rsplit_once(')')?.1.split_whitespace();
        let has_ended = matches!(fields.next()?, "Z" | "X");
        let mut number = || fields.next()?.parse::<i32>().ok();
        let (parent, group) = (number()?, number()?);
        if has_ended { None } else { Some(Self { pid: Pid::from_raw(pid.parse().ok()?)?, parent, group }) }
    }
}

fn read_all() -> Vec<ProcessEntry> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    // Bytes: a name need not be UTF-8.
    let stats = entries.filter_map(|entry| fs::read(entry.path().join("stat")).ok());
    stats.filter_map(|stat| ProcessEntry::parse(&String::from_utf8_lossy(&stat))).collect()
}

/// Takes over processes whose parent ends before them, so that they stay descendants of this one.
pub fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    // Without it they are adopted by another process, and only not found here.
    let _ = rustix::process::set_child_subreaper(Some(getpid()));
}

/// The descendants of this process in its process group: a process that has left the group wants to outlive it.
pub fn descendants_in_group() -> Vec<Pid> {
    let (all, group) = (read_all(), getpgrp().as_raw_pid());
    let mut family = vec![getpid()];
    let mut next = 0;
    while let Some(parent) = family.get(next).map(|pid| pid.as_raw_pid()) {
        family.extend(all.iter().filter(|entry| entry.parent == parent).map(|entry| entry.pid));
        next += 1;
    }
    let is_in_group = |pid: &Pid| all.iter().any(|entry| entry.pid == *pid && entry.group == group);
    family.into_iter().skip(1).filter(is_in_group).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_look_like_the_fields_after_it() {
        let entry = ProcessEntry::parse("7 (a) Z 1 (x) S 3 5 0 -1\n").unwrap();
        assert_eq!((entry.pid.as_raw_pid(), entry.parent, entry.group), (7, 3, 5));
        assert!(ProcessEntry::parse("7 (sh) Z 3 5 0").is_none());
        assert!(ProcessEntry::parse("").is_none() && ProcessEntry::parse("7 (sh) S").is_none());
    }
}
