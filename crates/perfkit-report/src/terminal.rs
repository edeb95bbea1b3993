//! Text for people: the answer first, then why, then the numbers.

mod case;
pub(crate) mod layout;
pub(crate) mod sections;
mod trend;

use std::io::Write;

use crate::digest::cases::{cases, reasons};
use crate::{RenderError, View};

/// How terminal text is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Whether ANSI colours are written. Nothing is said by colour alone.
    pub colour: bool,
    /// Columns to wrap at; less than 40 is treated as 40.
    pub width: usize,
}

impl Default for Options {
    /// Without colour, 100 columns.
    fn default() -> Self {
        Self {
            colour: false,
            width: 100,
        }
    }
}

/// Writes the verdict, the findings, one block per case, and what could not be judged.
///
/// # Errors
///
/// When the writer refuses.
pub fn render(
    view: &View<'_>,
    options: &Options,
    writer: &mut impl Write,
) -> Result<(), RenderError> {
    let cases = cases(view);
    let reasons = reasons(&cases);
    let mut page = layout::Page::new(options);
    sections::verdict(&mut page, view, &cases);
    sections::findings(&mut page, view);
    for case in &cases {
        if case.is_quiet() {
            case::quiet(&mut page, case);
        } else {
            case::changed(&mut page, case, &reasons);
        }
        trend::line(&mut page, view, case);
    }
    sections::failures(&mut page, view);
    sections::not_judged(&mut page, &reasons);
    sections::remarks(&mut page, view);
    writer.write_all(page.text().as_bytes())?;
    Ok(())
}
