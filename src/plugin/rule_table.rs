//! The macro behind the tables of rules.

/// Makes an enum of rules and its functions from one table, so that no rule lacks a text.
macro_rules! rule_table {
    ($name:ident: $($rule:ident, $rule_name:literal, $levels:literal, $summary:literal, $explanation:literal;)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $(#[doc = $summary] $rule,)*
        }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$rule,)*];

            pub fn find(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|rule| rule.name() == name)
            }

            pub fn name(self) -> &'static str {
                match self { $(Self::$rule => $rule_name,)* }
            }

            /// One level or, where it depends, several: `error, warning`.
            pub fn levels(self) -> &'static str {
                match self { $(Self::$rule => $levels,)* }
            }

            /// The requirement in one line.
            pub fn summary(self) -> &'static str {
                match self { $(Self::$rule => $summary,)* }
            }

            /// Why, and what to do.
            pub fn explanation(self) -> &'static str {
                match self { $(Self::$rule => $explanation,)* }
            }
        }
    };
}

pub(super) use rule_table;
