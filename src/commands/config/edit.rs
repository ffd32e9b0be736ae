//! `config edit`: an environment's file in the user's editor.

use super::{selected, warn_of_content, warn_of_exposed_key};
use crate::commands::Context;
use crate::commands::confirm::cancelled;
use crate::commands::editor::{Editor, PrivateCopy};
use crate::config::{ConfigDir, Environment, EnvironmentName, check_built_in};
use crate::error::{Error, Result};
use crate::fs::{create_private_folder, shell_word};
use crate::terminal::prompt::Prompt;

pub(super) fn run(context: &mut Context<'_>) -> Result<()> {
    let (dir, name) = selected(context)?;
    let editor = Editor::new(context.variables, context.streams)?;
    let before = dir.text(&name)?;
    let copy = copy_of(&dir, &name, before.as_deref().unwrap_or_default())?;
    match edit(&dir, &name, before.as_deref(), &copy, &editor, context) {
        Ok(()) => Ok(()),
        Err(error) if copy.is_edited(before.as_deref().unwrap_or_default()) => {
            let path = copy.keep();
            let file = shell_word(&dir.file_of(&name));
            Err(last_hint(error, format!("your text is in {0}: run `diff {file} {0}`", shell_word(&path))))
        }
        Err(error) => Err(error),
    }
}

/// `error` with a hint after all of its problems.
fn last_hint(error: Error, hint: String) -> Error {
    let mut problems = error.problems().to_vec();
    problems.iter_mut().last().into_iter().for_each(|problem| problem.hints.push(hint.clone()));
    Error::from_problems(error.kind(), problems).unwrap_or(error)
}

/// A copy within the configuration's folder: secrets are not to lie elsewhere, and a copy that is left outlives a
/// reboot.
fn copy_of(dir: &ConfigDir, name: &EnvironmentName, text: &[u8]) -> Result<PrivateCopy> {
    let new = || {
        create_private_folder(dir.path())?;
        PrivateCopy::new(dir.path(), &name.file_name(), text)
    };
    new().map_err(|error| Error::local(format!("cannot copy {name} into {}", dir.path().display())).cause(error))
}

/// Edits the copy until it is correct or given up, and then replaces the file.
fn edit(
    dir: &ConfigDir,
    name: &EnvironmentName,
    before: Option<&[u8]>,
    copy: &PrivateCopy,
    editor: &Editor,
    context: &mut Context<'_>,
) -> Result<()> {
    let (text, environment) = loop {
        editor.run(copy.path())?;
        let text = copy.read()?;
        if text.as_bytes() == before.unwrap_or_default() {
            context.streams.diagnostics.done(&format!("{name} is unchanged"));
            return Ok(());
        }
        match check(&text, before.unwrap_or_default(), name) {
            Ok(environment) => break (text, environment),
            Err(error) => {
                let diagnostics = context.streams.diagnostics.clone();
                let Some(mut prompt) = Prompt::new(context.streams) else { return Err(error) };
                diagnostics.refuse(&error);
                if !prompt.confirm(&format!("Edit again (your text is in {})", copy.path().display()))? {
                    return Err(cancelled());
                }
            }
        }
    };
    if !dir.replace_text(name, before, &text)? {
        return Err(Error::local(format!("another program changed {name} meanwhile: nothing was saved")));
    }
    let diagnostics = &context.streams.diagnostics;
    warn_of_content(&environment, "", diagnostics);
    warn_of_exposed_key(name, &environment, diagnostics);
    diagnostics.done(&format!("{name} is saved"));
    Ok(())
}

/// Checks the new text as a whole.
fn check(text: &str, before: &[u8], name: &EnvironmentName) -> Result<Environment> {
    // A file that cannot be read is what the user is about to correct.
    let before = Environment::read(before, "").unwrap_or_default();
    let environment = Environment::parse_edited(text.as_bytes(), &name.file_name(), &before)?;
    check_built_in(name, &before, &environment)?;
    if environment.values().is_empty() && !before.values().is_empty() {
        return Err(Error::local("the edited file has no settings")
            .hint(format!("use `spacectl config environment -r {name}` to remove the environment")));
    }
    Ok(environment)
}
