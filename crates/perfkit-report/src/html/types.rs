//! What large types are made of: one icicle for each, without script.

use perfkit_model::layout::{AWAITED, Piece, with_short_arguments};
use perfkit_model::quantity::grouped;
use perfkit_model::short_name::short_name;

use super::{escape, name};
use crate::{View, text};

/// Icicles that are open; the rest unfolds.
const OPEN: usize = 3;
/// Share of the whole, in percent, from which a part has room for words.
const ROOM_FOR_WORDS: f64 = 6.0;
/// And for its bytes behind them.
const ROOM_FOR_BYTES: f64 = 40.0;

pub(super) fn section(page: &mut String, view: &View<'_>) {
    let types = &view.run.types;
    if types.is_empty() {
        return;
    }
    page.push_str(
        "<section class=\"types\" id=\"types\">\n<h2>What large types are made of</h2>\n<p class=\"note\">Futures as they \
         are at the await where they hold most, enums as their largest variant. Moving a value copies all of it, used \
         or not; <code>cargo perfkit types NAME</code> lists every part.</p>\n",
    );
    for (index, root) in types.iter().enumerate() {
        let open = if index < OPEN { " open" } else { "" };
        let place = root.place.as_ref().map_or_else(String::new, |place| {
            format!(
                " <span class=\"at\">{}</span>",
                escape(&text::location(&place.file, place.line))
            )
        });
        page.push_str(&format!(
            "<details class=\"fold\"{open}><summary><b>{} B</b> {}{place}</summary>\n<div class=\"icicle\" \
             style=\"--rows:{}\" role=\"img\" aria-label=\"{}\">\n",
            grouped(root.size),
            name(&with_short_arguments(&root.name), 160),
            depth(root),
            name(&spoken(root), 400),
        ));
        let mut left = 0.0;
        block(page, root, root, (0, &mut left));
        page.push_str("</div>\n</details>\n");
    }
    page.push_str("</section>\n");
}

/// A part and below it its own parts, each as wide as it has bytes.
fn block(page: &mut String, root: &Piece, piece: &Piece, (row, left): (usize, &mut f64)) {
    let width = 100.0 * piece.size as f64 / root.size.max(1) as f64;
    let words = if row == 0 {
        "all".to_owned()
    } else {
        words(piece)
    };
    let kind = kind(piece);
    let label = match width {
        wide if wide >= ROOM_FOR_BYTES => format!("{words} · {} B", grouped(piece.size)),
        wide if wide >= ROOM_FOR_WORDS => words.clone(),
        _ => String::new(),
    };
    let place = piece.place.as_ref().map_or_else(String::new, |place| {
        format!(" at {}", text::location(&place.file, place.line))
    });
    let title = format!("{words}, {} B{place}", grouped(piece.size));
    page.push_str(&format!(
        "<i class=\"{kind}\" style=\"--row:{row};--left:{:.3}%;--width:{width:.3}%\" title=\"{}\">{}</i>\n",
        *left,
        name(&title, 400),
        name(&label, 200)
    ));
    let mut inner = *left;
    for part in &piece.pieces {
        block(page, root, part, (row + 1, &mut inner));
    }
    *left += width;
}

fn words(piece: &Piece) -> String {
    let ty = short_name(&piece.type_name);
    match piece.name.as_str() {
        "" => "the rest".to_owned(),
        AWAITED => format!("awaits {}", ty.strip_prefix("async fn ").unwrap_or(&ty)),
        name => format!("{name}: {ty}"),
    }
}

fn kind(piece: &Piece) -> &'static str {
    let is_future = piece.type_name.starts_with("async ");
    match piece.name.as_str() {
        "" => "rest",
        AWAITED => "awaited",
        _ if is_future => "awaited",
        _ => "part",
    }
}

fn depth(piece: &Piece) -> usize {
    1 + piece.pieces.iter().map(depth).max().unwrap_or(0)
}

/// The way of the largest parts, for who cannot see it.
fn spoken(root: &Piece) -> String {
    let mut parts = Vec::new();
    let mut piece = root;
    while let Some(largest) = piece.pieces.first().filter(|piece| !piece.name.is_empty()) {
        parts.push(format!("{} {} B", words(largest), grouped(largest.size)));
        piece = largest;
    }
    parts.join(", in it ")
}
