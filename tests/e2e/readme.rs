//! What the README leads through, command by command.

use std::process::Command;

use crate::support::{Target, start, unique};

const README: &str = include_str!("../../README.md");

/// Has the shell stop at the first command that fails, and `curl` fail when it is refused.
const STRICT: &str = "set -euo pipefail\ncurl() { command curl --fail-with-body \"$@\"; }\n";

/// The commands of the README between two of its headings, to be run against `server`.
fn commands(server: &Target) -> String {
    let (_, story) = README.split_once("\n## A first sign-in\n").unwrap();
    let (story, _) = story.split_once("\n##").unwrap();
    let blocks = story.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let mut commands: String = blocks.collect();
    for (variable, said, meant) in [
        ("URL", "http://127.0.0.1:3000", &server.base_url),
        ("CLIENT_ID", "…", &server.client_id),
        ("SECRET", "…", &server.secret),
    ] {
        let line = format!("{variable}={said}\n");
        assert!(commands.contains(&line), "{line}");
        commands = commands.replace(&line, &format!("{variable}={meant}\n"));
    }
    commands
}

/// On a server that nobody else uses, as at the desk of whoever reads the README.
#[test]
fn the_commands_of_the_readme_work_one_after_the_other() {
    let folder = std::env::temp_dir().join(unique("rookery-readme"));
    std::fs::create_dir(&folder).unwrap();
    let script = STRICT.to_owned() + &commands(&start());
    let output = Command::new("bash").args(["-c", &script]).current_dir(&folder).output().unwrap();
    std::fs::remove_dir_all(folder).unwrap();
    let (said, complained) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{complained}");
    for sign in [
        r#""tenantId":"acme""#,
        r#""email":"jane@acme.example""#,
        r#""emailVerified":true"#,
        r#""key":"docs.read""#,
        r#""current":true"#,
    ] {
        assert!(said.contains(sign), "{sign} is not in {said}");
    }
}
