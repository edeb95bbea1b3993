//! Messages as markup.

use crate::Message;

/// The markup of a message.
pub(crate) fn render(message: &Message) -> String {
    let mut markup = String::with_capacity(message.text.len() + 48);
    markup.push_str("<p>");
    for word in message.text.split(' ') {
        if word.starts_with('@') {
            markup.push_str("<b>");
            escape(word, &mut markup);
            markup.push_str("</b> ");
        } else if let Some(loud) = emphasis(word) {
            markup.push_str("<em>");
            escape(loud, &mut markup);
            markup.push_str("</em> ");
        } else {
            escape(word, &mut markup);
            markup.push(' ');
        }
    }
    markup.push_str("</p>");
    markup
}

fn emphasis(word: &str) -> Option<&str> {
    word.strip_prefix('*')?.strip_suffix('*')
}

fn escape(text: &str, markup: &mut String) {
    for character in text.chars() {
        match character {
            '<' => markup.push_str("&lt;"),
            '>' => markup.push_str("&gt;"),
            '&' => markup.push_str("&amp;"),
            other => markup.push(other),
        }
    }
}
