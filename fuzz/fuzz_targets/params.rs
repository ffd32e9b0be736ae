//! `-p`, a line each.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut args = vec!["-e", "local", "exec", "register", "repository.Plugin", "--dry-run"];
    // Files are another matter.
    for param in text.lines().filter(|line| !line.contains("=@")) {
        args.extend(["-p", param]);
    }
    spacectl_fuzz::run(&args, b"");
});
