//! Specs: from bytes to encoded requests, lint, and YAML that is written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spacectl::plugin::lint::{self, Generation, Input};
use spacectl::spec::Inputs;
use spacectl::yaml::{self, Limits, YamlDocuments, value};

const LIMITS: Limits = Limits { depth: 32, weight: 1 << 20 };

fuzz_target!(|data: &[u8]| {
    let _ = spacectl_fuzz::register(&Inputs { files: vec!["-".into()], ..Inputs::default() }, data);
    let input = Input::from_bytes("x.yml", data.to_vec());
    let _ = lint::check(&[input], &[Generation::One, Generation::Two]);
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(node) = yaml::parse_json(text, LIMITS) {
        let _ = value::of(&node);
    }
    let Ok(documents) = YamlDocuments::new(text, LIMITS) else { return };
    for node in documents.map_while(Result::ok) {
        let Ok(read) = value::of(&node) else { continue };
        let written = yaml::to_text(&read);
        let mut again = YamlDocuments::new(&written, LIMITS).expect("YAML of our own");
        let again = again.next().expect("a document").expect("YAML of our own");
        assert_eq!(value::of(&again).expect("a value"), read, "{written}");
    }
});
