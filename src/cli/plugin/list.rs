//! `plugin list`, which takes what `list` takes.

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl plugin list --filter 'name~slack' -c plugin_id,state
  spacectl plugin list -p state=ENABLED -s name -o json

It is short for `spacectl list repository.Plugin`, whose help tells how columns and filters are written.";
