//! The field that identifies a row.

use crate::secret::snake_case;

/// The name of a resource's own id: `plugin_id` of `Plugin`.
pub fn id_field(resource: &str) -> String {
    format!("{}_id", snake_case(resource))
}

/// The index of the row's id among its fields: `own`, else the first that ends in `_id`, as ids of others come later.
pub fn id_index<T: AsRef<str>>(names: &[T], own: Option<&str>) -> Option<usize> {
    let position = |is_id: &dyn Fn(&str) -> bool| names.iter().position(|name| is_id(name.as_ref()));
    position(&|name| Some(name) == own).or_else(|| position(&|name| name.ends_with("_id")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_id_comes_before_the_first() {
        assert_eq!(id_field("CloudServiceType"), "cloud_service_type_id");
        assert_eq!(id_field("APIKey"), "api_key_id");
        let names = ["name", "project_group_id", "project_id"];
        assert_eq!(id_index(&names, Some("project_id")), Some(2));
        assert_eq!(id_index(&names, Some("plugin_id")), Some(1));
        assert_eq!(id_index(&names, None), Some(1));
        assert_eq!(id_index(&["id", "name"], None), None);
    }
}
