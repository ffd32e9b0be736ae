//! An environment's file: read, checked, shown and written again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use spacectl::config::Environment;
use spacectl::yaml;

fuzz_target!(|data: &[u8]| {
    let Ok(environment) = Environment::read(data, "x.yml") else { return };
    let _ = environment.check();
    environment.masked();
    let text = yaml::to_text(&Value::Object(environment.values().clone()));
    // A merge key is applied when it is read.
    if !text.contains("<<") {
        let again = Environment::read(text.as_bytes(), "x.yml").expect("YAML of our own");
        assert_eq!(again.values(), environment.values());
    }
});
