//! The page in a real browser: its script runs under its own content-security-policy, and nothing is complained about.

#[expect(dead_code, reason = "the other tests use the rest of the sample")]
mod sample;

use std::process::{Command, Stdio};

/// What a browser says about a page: its document after the script ran, and its log.
struct Visit {
    document: String,
    log: String,
}

/// Opens a page in headless Chromium. `None` where there is none; CI has one, so there it is an error.
#[expect(clippy::print_stderr, reason = "a test that did not run has to say so")]
fn visit(page: &str) -> Option<Visit> {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("page.html");
    std::fs::write(&file, page).expect("it can be written to");
    let output = Command::new("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ])
        .args([
            "--enable-logging=stderr",
            "--v=0",
            "--virtual-time-budget=2000",
            "--dump-dom",
        ])
        .arg(format!(
            "--user-data-dir={}",
            folder.path().join("profile").display()
        ))
        .arg(format!("file://{}", file.display()))
        .stdin(Stdio::null())
        .output();
    match output {
        Ok(output) => Some(Visit {
            document: String::from_utf8_lossy(&output.stdout).into_owned(),
            log: String::from_utf8_lossy(&output.stderr).into_owned(),
        }),
        Err(error) if std::env::var_os("CI").is_some() => {
            panic!("no chromium ({error}): install it, `apt-get install chromium`")
        }
        Err(error) => {
            eprintln!("not tested: no chromium ({error}); `apt-get install chromium` brings it");
            None
        }
    }
}

fn page() -> String {
    let sample = sample::sample();
    let mut page = Vec::new();
    perfkit_report::html::render(&sample.view(), &mut page).expect("memory takes every write");
    String::from_utf8(page).expect("pages are UTF-8")
}

/// Lines in which the page itself speaks: errors of its script and violations of its policy.
fn complaints(visit: &Visit) -> Vec<&str> {
    visit
        .log
        .lines()
        .filter(|line| line.contains("CONSOLE"))
        .collect()
}

#[test]
fn script_draws_the_flamegraphs_without_complaint() {
    let page = page();
    let Some(visit) = visit(&page) else { return };
    assert_eq!(complaints(&visit), Vec::<&str>::new());
    let canvases = |document: &str| document.matches("<canvas").count();
    assert_eq!(canvases(&page), 0, "canvases are made by the script");
    assert!(canvases(&visit.document) > 0, "no flamegraph was drawn");
}

#[test]
fn policy_keeps_foreign_scripts_from_running() {
    let foreign = "<script>document.title = 'foreign';</script></body>";
    let Some(visit) = visit(&page().replace("</body>", foreign)) else {
        return;
    };
    assert!(
        !visit.document.contains("<title>foreign"),
        "a foreign script ran"
    );
    assert_eq!(complaints(&visit).len(), 1, "{:?}", complaints(&visit));
}
