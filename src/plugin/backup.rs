//! Backup files of replaced plugins: specs with the service in comments.

use serde_json::{Map, Value};

use super::field_change::FieldChange;
use super::plan;
use crate::schema::field_path::FieldPath;
use crate::yaml::{self, Limits, YamlDocuments, value};

/// What was registered fits.
pub const LIMITS: Limits = Limits { depth: 64, weight: 200 << 20 };

const SCOPE: &str = "# at: ";
const DISABLED: &str = "# state: DISABLED";

/// A plugin as it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Backup {
    /// The endpoint, and what else tells one service's plugins from another's.
    pub scope: String,
    pub is_disabled: bool,
    /// The request that registers it.
    pub spec: Map<String, Value>,
}

impl Backup {
    /// The content of the file.
    pub fn to_text(&self, plugin_id: &str) -> String {
        let plain = |text: &str| text.replace(|c: char| c.is_control(), " ");
        let state = if self.is_disabled { format!("{DISABLED}\n") } else { String::new() };
        let (id, scope) = (plain(plugin_id), plain(&self.scope));
        let spec = yaml::to_text(&Value::Object(self.spec.clone()));
        format!("# {id} as it was before it was replaced\n{SCOPE}{scope}\n{state}{spec}")
    }

    /// Reads the content of a file; `None` if it is not a backup, or not whole.
    pub fn parse(text: &str) -> Option<Self> {
        let head: Vec<&str> = text.lines().take_while(|line| line.starts_with('#')).collect();
        let scope = head.iter().find_map(|line| line.strip_prefix(SCOPE))?.to_owned();
        let tree = YamlDocuments::new(text, LIMITS).ok()?.next()?.ok()?;
        Some(Self { scope, is_disabled: head.contains(&DISABLED), spec: value::mapping(&tree).ok()? })
    }

    /// The change that disables the plugin again.
    pub fn state_change(&self, row: Option<&Map<String, Value>>) -> Option<FieldChange> {
        if !self.is_disabled || row.is_some_and(plan::is_disabled) {
            return None;
        }
        let before = row.and_then(|row| row.get("state")).cloned();
        Some(FieldChange { path: FieldPath::default().key("state"), before, after: Some("DISABLED".into()) })
    }
}

/// The longest name of a plugin's files in bytes, with room for an extension.
const MAX_NAME: usize = 100;

/// The name of a plugin's backups without `.replacing` or `.replaced`: as that is added, a folder of specs that is
/// applied does not include them.
pub fn file_name(plugin_id: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' };
    let mut name = String::new();
    for c in plugin_id.trim_start_matches('.').chars().map(plain) {
        if name.len() + c.len_utf8() > MAX_NAME {
            break;
        }
        name.push(c);
    }
    format!("{}.yml", if name.is_empty() { "_" } else { &name })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn backup(is_disabled: bool) -> Backup {
        let Value::Object(spec) = json!({"name": "# state: DISABLED", "tags": {"a": [1, null, "x\ny"]}}) else {
            panic!()
        };
        Backup { scope: "grpc://127.0.0.1:1".to_owned(), is_disabled, spec }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for is_disabled in [false, true] {
            let text = backup(is_disabled).to_text("plugin-a\n# state: DISABLED");
            assert_eq!(Backup::parse(&text), Some(backup(is_disabled)), "{text}");
        }
    }

    #[test]
    fn what_is_not_whole_is_not_read() {
        let text = backup(true).to_text("plugin-a");
        assert_eq!(Backup::parse(""), None);
        assert_eq!(Backup::parse("name: A\n"), None);
        assert_eq!(Backup::parse(&text[..text.find("name").unwrap()]), None);
    }

    #[test]
    fn an_id_cannot_lead_out_of_the_folder() {
        assert_eq!(file_name("plugin-slack"), "plugin-slack.yml");
        assert_eq!(file_name("../../etc/x"), "_.._etc_x.yml");
        assert_eq!(file_name(".hidden\n"), "hidden_.yml");
        assert_eq!(file_name(".."), "_.yml");
        assert_eq!(file_name(&"플".repeat(100)).len(), 99 + 4);
    }
}
