//! A collector of survey forms: bodies are percent-decoded, fields are validated, and a task tallies the answers.

use std::borrow::Cow;
use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use tokio::sync::mpsc;

/// What is encoded in a link to an answer.
const LINK: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

/// Why a form is not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// A field has no value.
    NoValue,
    /// A value is not UTF-8.
    NotUtf8,
    /// There is no answer in the form.
    NoAnswer,
}

/// A form that can be counted.
#[derive(Debug, PartialEq, Eq)]
struct Form<'body> {
    answer: Cow<'body, str>,
    comment: Option<Cow<'body, str>>,
}

/// How often an answer was given.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Tally {
    /// Times.
    pub count: u64,
    /// Characters of all comments on it.
    pub characters: u64,
    /// Where to read about it.
    pub link: String,
}

/// The survey so far.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Survey {
    /// By answer.
    pub answers: BTreeMap<String, Tally>,
    /// Forms that are not counted.
    pub rejected: u64,
    /// Digest of all comments.
    pub digest: u64,
}

/// Collects the forms in all bodies.
pub async fn collect(bodies: &[String]) -> Survey {
    let (form_sender, mut forms) = mpsc::channel(16);
    let read = async move {
        for body in bodies {
            if form_sender.send(parse(body)).await.is_err() {
                break;
            }
        }
    };
    let tally = async move {
        let mut survey = Survey::default();
        while let Some(form) = forms.recv().await {
            match form {
                Ok(form) => survey.count(&form),
                Err(_) => survey.rejected += 1,
            }
        }
        survey
    };
    tokio::join!(read, tally).1
}

impl Survey {
    fn count(&mut self, form: &Form<'_>) {
        if !self.answers.contains_key(&*form.answer) {
            let link = utf8_percent_encode(&form.answer, LINK);
            let tally = Tally {
                link: format!("/answers/{link}"),
                ..Tally::default()
            };
            self.answers.insert(form.answer.to_string(), tally);
        }
        let Some(tally) = self.answers.get_mut(&*form.answer) else {
            return;
        };
        tally.count += 1;
        if let Some(comment) = &form.comment {
            tally.characters += comment.chars().count() as u64;
            self.digest = comment.bytes().fold(self.digest, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        }
    }
}

/// Reads a body such as `answer=yes&comment=why%20not`.
fn parse(body: &str) -> Result<Form<'_>, Rejection> {
    let (mut answer, mut comment) = (None, None);
    for field in body.split('&') {
        let (name, value) = field.split_once('=').ok_or(Rejection::NoValue)?;
        let value = percent_decode_str(value)
            .decode_utf8()
            .map_err(|_| Rejection::NotUtf8)?;
        match name {
            "answer" => answer = Some(value),
            "comment" => comment = Some(value),
            _ => {}
        }
    }
    let answer = answer.ok_or(Rejection::NoAnswer)?;
    Ok(Form { answer, comment })
}
