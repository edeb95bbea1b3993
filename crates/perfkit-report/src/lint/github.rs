//! Annotations of GitHub Actions: workflow commands on stdout.

use std::io::Write;

use perfkit_model::comparison::Level;
use perfkit_model::lint::Lint;

use super::{Origin, headline, sentences, shown};
use crate::{RenderError, text};

/// GitHub shows ten annotations of a kind per step; the last one says how many there are besides.
const MOST: usize = 10;
/// Characters of one annotation.
const LONGEST: usize = 2_000;

/// Writes errors, warnings and notices, as many of each as are shown, and the answer.
///
/// # Errors
/// When the writer refuses.
pub fn render(lint: &Lint, origin: &Origin, writer: &mut impl Write) -> Result<(), RenderError> {
    for (level, command) in [
        (Level::Deny, "error"),
        (Level::Warn, "warning"),
        (Level::Note, "notice"),
    ] {
        let of_level: Vec<_> = shown(lint)
            .filter(|(finding, _)| finding.level == level)
            .collect();
        let count = of_level.len();
        for (index, (finding, place)) in of_level.into_iter().take(MOST).enumerate() {
            let mut words = sentences(finding).join("\n");
            let more = count - MOST.min(count);
            if index + 1 == MOST && more > 0 {
                words = format!("{words}\n{more} more are in the step summary and the SARIF file");
            }
            writeln!(
                writer,
                "::{command} file={},line={},title={}::{}",
                property(&origin.path(place)),
                place.line.max(1),
                property(&finding.rule),
                data(&shortened(&words))
            )?;
        }
    }
    let (answer, sentence) = headline(lint);
    // A line of a name must not become a command.
    writeln!(writer, "{answer}: {}", text::name(&sentence, 600))?;
    Ok(())
}

/// Line breaks are the annotation's own; everything else that is invisible is spelled out.
fn shortened(words: &str) -> String {
    let lines: Vec<String> = words.split('\n').map(text::plain).collect();
    text::shortened(&lines.join("\n"), LONGEST)
}

fn data(words: &str) -> String {
    words
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(words: &str) -> String {
    data(&text::plain(words))
        .replace(':', "%3A")
        .replace(',', "%2C")
}
