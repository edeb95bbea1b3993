//! Lines, wrapping, columns and colour.

use anstyle::{AnsiColor, Style};

use super::Options;

/// What a colour means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Headings.
    Strong,
    /// What is there for completeness.
    Faint,
    /// Got worse or failed.
    Bad,
    /// Got better or passed.
    Good,
    /// Wants attention.
    Warn,
}

/// A cell of a table.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    /// Text without colour.
    pub(crate) text: String,
    /// Colour, where it has one.
    pub(crate) tone: Option<Tone>,
}

/// The text so far.
#[derive(Debug)]
pub(crate) struct Page {
    text: String,
    colour: bool,
    /// Columns to wrap at.
    pub(crate) width: usize,
}

impl Page {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            text: String::new(),
            colour: options.colour,
            width: options.width.max(40),
        }
    }

    /// The finished text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// An empty line, unless one is there already.
    pub(crate) fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// One line as it is, without trailing blanks.
    pub(crate) fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// Text in a colour, where colours are on.
    pub(crate) fn paint(&self, tone: Tone, text: &str) -> String {
        if !self.colour || text.is_empty() {
            return text.to_owned();
        }
        let style = match tone {
            Tone::Strong => Style::new().bold(),
            Tone::Faint => Style::new().dimmed(),
            Tone::Bad => AnsiColor::Red.on_default().bold(),
            Tone::Good => AnsiColor::Green.on_default(),
            Tone::Warn => AnsiColor::Yellow.on_default(),
        };
        format!("{style}{text}{style:#}")
    }

    /// Words after a label, wrapped under their own first column.
    pub(crate) fn labelled(&mut self, label: &str, indent: usize, words: &str) {
        let label_width = match label {
            "" => indent,
            label => indent.max(label.chars().count() + 1),
        };
        let width = self.width.saturating_sub(label_width).max(20);
        for (index, line) in wrapped(words, width).into_iter().enumerate() {
            let label = if index == 0 { label } else { "" };
            let padding = " ".repeat(label_width - label.chars().count());
            self.line(&format!("{label}{padding}{line}"));
        }
    }

    /// Rows in columns; the first and the columns in `left` are left aligned, the rest right.
    pub(crate) fn table(&mut self, indent: usize, left: &[usize], rows: &[Vec<Cell>]) {
        let count = rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..count)
            .map(|column| {
                let cells = rows.iter().filter_map(|row| row.get(column));
                cells.map(Cell::width).max().unwrap_or(0)
            })
            .collect();
        for row in rows {
            let mut line = " ".repeat(indent);
            let mut gap = "";
            for (column, cell) in row.iter().enumerate() {
                if widths[column] == 0 {
                    continue;
                }
                line.push_str(gap);
                gap = "   ";
                let padding = " ".repeat(widths[column] - cell.width());
                let is_left = column == 0 || left.contains(&column);
                let painted = match cell.tone {
                    Some(tone) => self.paint(tone, &cell.text),
                    None => cell.text.clone(),
                };
                if is_left {
                    line.push_str(&painted);
                    line.push_str(&padding);
                } else {
                    line.push_str(&padding);
                    line.push_str(&painted);
                }
            }
            self.line(&line);
        }
    }
}

impl Cell {
    /// A cell without colour.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            tone: None,
        }
    }

    /// A cell with a colour.
    pub(crate) fn toned(text: impl Into<String>, tone: Tone) -> Self {
        Self {
            text: text.into(),
            tone: Some(tone),
        }
    }

    fn width(&self) -> usize {
        self.text.chars().count()
    }
}

/// Breaks text at blanks, and inside a word only where the word alone is wider than a line.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let mut rest: Vec<char> = word.chars().collect();
        if used > 0 && used + 1 + rest.len() > width {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        while rest.len() > width {
            lines.push(rest.drain(..width).collect());
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        used += rest.len();
        line.extend(rest);
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}
