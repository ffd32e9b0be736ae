//! What is kept of a plugin that is replaced: a spec that registers it again as it was, in a file that says where.

use serde_json::{Map, Value};

use super::field_change::Change;
use super::plan;
use crate::schema::field_path::FieldPath;
use crate::yaml::{self, Limits, YamlDocuments, value};

/// The deepest and the heaviest that is read again; what was registered fits.
const LIMITS: Limits = Limits { depth: 64, weight: 128 << 20 };

const PLACE: &str = "# at: ";
const DISABLED: &str = "# state: DISABLED";

/// A plugin as it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// Whose plugin it was: the endpoint, and what else tells one service's plugins from another's.
    pub place: String,
    pub is_disabled: bool,
    /// The request that registers it.
    pub spec: Map<String, Value>,
}

impl Kept {
    /// The file's content: a spec, below what a spec cannot say.
    pub fn to_text(&self, plugin_id: &str) -> String {
        let plain = |text: &str| text.replace(|c: char| c.is_control(), " ");
        let mut text = format!("# {} as it was before it was replaced\n", plain(plugin_id));
        text += &format!("{PLACE}{}\n", plain(&self.place));
        if self.is_disabled {
            text += &format!("{DISABLED}\n");
        }
        text + &yaml::to_text(&Value::Object(self.spec.clone()))
    }

    /// What differs in the state of the plugin that is there now, as `row`, or is registered anew: it is to be disabled as
    /// this one was. Nothing else is to be changed in it.
    pub fn change_of_state(&self, row: Option<&Map<String, Value>>) -> Option<Change> {
        if !self.is_disabled || row.is_some_and(plan::is_disabled) {
            return None;
        }
        let before = row.and_then(|row| row.get("state")).cloned();
        Some(Change { path: FieldPath::default().key("state"), before, after: Some("DISABLED".into()) })
    }

    /// What a file's content says; `None` if it is no such file, or not whole.
    pub fn read(text: &str) -> Option<Self> {
        let head: Vec<&str> = text.lines().take_while(|line| line.starts_with('#')).collect();
        let place = head.iter().find_map(|line| line.strip_prefix(PLACE))?.to_owned();
        let tree = YamlDocuments::new(text, LIMITS).ok()?.next()?.ok()?;
        Some(Self { place, is_disabled: head.contains(&DISABLED), spec: value::mapping(&tree).ok()? })
    }
}

/// The file of a plugin, without what tells whether its replacement is done. It does not end in `.yml`, so that nobody
/// who takes a folder of specs takes it for one.
pub fn file_name(plugin_id: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' };
    let name: String = plugin_id.chars().take(100).map(plain).collect();
    format!("{}.yml", name.trim_start_matches('.'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kept(is_disabled: bool) -> Kept {
        let Value::Object(spec) = json!({"name": "# state: DISABLED", "tags": {"a": [1, null, "x\ny"]}}) else {
            panic!()
        };
        Kept { place: "grpc://127.0.0.1:1".to_owned(), is_disabled, spec }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for is_disabled in [false, true] {
            let text = kept(is_disabled).to_text("plugin-a\n# state: DISABLED");
            assert_eq!(Kept::read(&text), Some(kept(is_disabled)), "{text}");
        }
    }

    #[test]
    fn what_is_not_whole_is_not_read() {
        let text = kept(true).to_text("plugin-a");
        assert_eq!(Kept::read(""), None);
        assert_eq!(Kept::read("name: A\n"), None);
        assert_eq!(Kept::read(&text[..text.find("name").unwrap()]), None);
    }

    #[test]
    fn an_id_cannot_lead_out_of_the_folder() {
        assert_eq!(file_name("plugin-slack"), "plugin-slack.yml");
        assert_eq!(file_name("../../etc/x"), "_.._etc_x.yml");
        assert_eq!(file_name(".hidden\n"), "hidden_.yml");
    }
}
