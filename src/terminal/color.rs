//! Decides whether a stream is coloured.
//!
//! By `--color`, the environment and the terminal; one decision per stream.

/// What `--color` asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorChoice {
    #[default]
    Auto,
    Always,
    Never,
}

/// The environment variables about colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ColorVariables {
    /// `NO_COLOR` (<https://no-color.org>).
    pub no_color: bool,
    /// `CLICOLOR_FORCE` (<https://bixense.com/clicolors>), unless it is 0.
    pub force: bool,
    /// `TERM` names a terminal without colours.
    pub is_dumb: bool,
}

impl ColorVariables {
    /// Whether a stream is coloured. The option outranks the environment, where the user's refusal comes first.
    pub fn decide(self, choice: ColorChoice, is_terminal: bool) -> bool {
        match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => !self.no_color && (self.force || (is_terminal && !self.is_dumb)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_option_outranks_the_environment_and_that_the_terminal() {
        let decided = |no_color, force, is_dumb, choice| {
            [true, false].map(|is_terminal| ColorVariables { no_color, force, is_dumb }.decide(choice, is_terminal))
        };
        assert_eq!(decided(false, false, false, ColorChoice::Auto), [true, false]);
        assert_eq!(decided(false, false, true, ColorChoice::Auto), [false, false]);
        assert_eq!(decided(true, true, false, ColorChoice::Auto), [false, false]);
        assert_eq!(decided(false, true, true, ColorChoice::Auto), [true, true]);
        assert_eq!(decided(true, false, true, ColorChoice::Always), [true, true]);
        assert_eq!(decided(false, true, false, ColorChoice::Never), [false, false]);
    }
}
