//! A git repository around a sandbox's workspace.

use std::process::Command;

use crate::sandbox::Sandbox;

/// Makes the workspace a repository with one commit.
pub(crate) fn committed(sandbox: Sandbox) -> Sandbox {
    let sandbox = sandbox
        .without("GIT_DIR")
        .with("GIT_CONFIG_GLOBAL", "/dev/null")
        .with("GIT_CEILING_DIRECTORIES", "/");
    git(&sandbox, &["init", "--quiet", "--initial-branch=main"]);
    commit(&sandbox, "before");
    sandbox
}

/// Runs git, which has to succeed, in the sandbox's workspace.
pub(crate) fn git(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let mut command: Command = sandbox.program("git");
    command
        .args([
            "-c",
            "user.name=perfkit",
            "-c",
            "user.email=perfkit@localhost",
        ])
        .args(arguments)
        .current_dir(&sandbox.root);
    let outcome = sandbox.run(command);
    assert_eq!(outcome.code, Some(0), "{arguments:?}: {}", outcome.text());
    outcome.stdout
}

/// Commits all that there is.
pub(crate) fn commit(sandbox: &Sandbox, message: &str) {
    git(sandbox, &["add", "--all"]);
    git(sandbox, &["commit", "--quiet", "--message", message]);
}
