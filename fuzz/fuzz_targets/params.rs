//! `-j` in the first line, `-p` in each other one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spacectl::spec::Inputs;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut lines = text.lines().map(str::to_owned);
    let json = lines.next().filter(|json| !json.is_empty());
    // Files are another matter.
    let params = lines.filter(|line| !line.contains("=@")).collect();
    let _ = spacectl_fuzz::register(&Inputs { json, params, files: Vec::new() }, b"");
});
