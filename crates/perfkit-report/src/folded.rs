//! Folded stacks of one metric: `root;frame;leaf weight` per line, as flamegraph tools read them.

use std::io::Write;

use perfkit_model::stacks::{Column, Stacks};

use crate::digest::cases;
use crate::{RenderError, Selection, View, text};

/// Writes one line per stack, in the order of the prefix tree. Weights are summed over all iterations.
///
/// # Errors
///
/// When the writer refuses.
pub fn render(
    view: &View<'_>,
    selection: &Selection<'_>,
    writer: &mut impl Write,
) -> Result<(), RenderError> {
    let Some((case, _)) = cases::select(view, selection.case) else {
        return Ok(());
    };
    if let Some(column) = case.stacks.column(selection.metric) {
        writer.write_all(lines(&case.stacks, column, |weight| weight).as_bytes())?;
    }
    Ok(())
}

/// The folded lines of a column, every weight scaled; stacks whose weight becomes 0 are left out.
pub(crate) fn lines(stacks: &Stacks, column: &Column, scaled: impl Fn(u64) -> u64) -> String {
    let names: Vec<String> = stacks
        .frames
        .iter()
        .map(|frame| escaped(&text::frame(frame)))
        .collect();
    let mut lines = String::new();
    for (node, weight) in &column.weights {
        let weight = scaled(*weight);
        let path = path(stacks, *node);
        if weight == 0 || path.is_empty() {
            continue;
        }
        for (index, frame) in path.iter().enumerate() {
            if index > 0 {
                lines.push(';');
            }
            lines.push_str(names.get(*frame as usize).map_or("unknown", String::as_str));
        }
        lines.push_str(&format!(" {weight}\n"));
    }
    lines
}

/// Frame indices from the root to this node.
fn path(stacks: &Stacks, node: u32) -> Vec<u32> {
    let mut path = Vec::new();
    let mut next = Some(node);
    while let Some((index, node)) =
        next.and_then(|index| Some((index, stacks.nodes.get(index as usize)?)))
    {
        path.push(node.frame);
        // A parent is older than its child; anything else is a damaged file, and would loop.
        next = node.parent.filter(|parent| *parent < index);
    }
    path.reverse();
    path
}

/// Keeps what the line format uses for itself out of a name.
///
/// A `;` becomes `:`, as inferno's collapsers do it. A name that ends in a number would be read as one
/// more weight, so the blank before it is made one that does not break.
fn escaped(name: &str) -> String {
    let name = name.trim().replace(';', ":");
    match name.rsplit_once(' ') {
        Some((head, tail)) if tail.parse::<f64>().is_ok() => format!("{head}\u{a0}{tail}"),
        _ if name.is_empty() => "unknown".to_owned(),
        _ => name,
    }
}
