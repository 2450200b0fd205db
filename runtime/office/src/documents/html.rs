//! The text of a page: what a browser would show of it, with headings marked as Markdown marks them. Nothing of it is run or fetched.
//!
//! Only the tokenizer of the parser is used: it takes time in proportion to the page, while building a tree of a hostile one need not.
//! Scripts, styles, templates, drawings and comments are left out, and so are the targets of links. What a style would hide stays in.

use super::error::DocumentError;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use std::cell::{Cell, RefCell};

/// Bytes that the tokenizer is given at once. What stands between tags counts as parts of one until it was taken, so they are few.
const STEP_BYTES: usize = 512;
/// The most comparisons that a page may cost: the tokenizer compares each attribute of a tag with all before it, and a second is enough.
const COMPARISONS_MAX: u64 = 1_200_000_000;

/// The text of a page.
pub(super) fn text(page: &str) -> Result<String, DocumentError> {
    let tokenizer = Tokenizer::new(Sink::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    let (mut rest, mut parts, mut spent) = (page, 0_u64, 0_u64);
    while !rest.is_empty() {
        let mut end = STEP_BYTES.min(rest.len());
        while !rest.is_char_boundary(end) {
            end += 1;
        }
        let (step, after) = rest.split_at(end);
        rest = after;
        input.push_back(StrTendril::from(step));
        let before = tokenizer.sink.tokens.get();
        // No script is run, so the tokenizer never stops before the end of what it was given.
        let _ = tokenizer.feed(&input);
        if tokenizer.sink.tokens.get() > before {
            spent = spent.saturating_add(parts * parts);
            parts = 0;
        }
        parts += u64::try_from(step.bytes().filter(|byte| may_part(*byte)).count()).unwrap_or(u64::MAX);
        if spent.saturating_add(parts.saturating_mul(parts)) > COMPARISONS_MAX {
            return Err(DocumentError::Html);
        }
    }
    tokenizer.end();
    Ok(tokenizer.sink.page.into_inner().text)
}

/// Whether a byte may stand between two attributes of a tag, or end one.
const fn may_part(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'\x0c' | b'"' | b'\'' | b'/')
}

#[derive(Default)]
struct Sink {
    page: RefCell<Page>,
    tokens: Cell<u64>,
}

#[derive(Default)]
struct Page {
    text: String,
    /// The element whose content is left out, and how many of its name are open in it.
    hidden: Option<(String, u32)>,
    /// How many `pre` are open: there white space stays.
    kept: u32,
    /// White space that was met and not written yet.
    gap: bool,
}

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut page = self.page.borrow_mut();
        match token {
            Token::CharacterTokens(text) => {
                self.tokens.set(self.tokens.get() + 1);
                page.say(&text);
                TokenSinkResult::Continue
            }
            Token::TagToken(tag) => {
                self.tokens.set(self.tokens.get() + 1);
                page.tag(&tag)
            }
            Token::DoctypeToken(_) | Token::CommentToken(_) | Token::NullCharacterToken | Token::EOFToken | Token::ParseError(_) => TokenSinkResult::Continue,
        }
    }
}

impl Page {
    fn say(&mut self, text: &str) {
        if self.hidden.is_some() {
            return;
        }
        if self.kept > 0 {
            self.text.push_str(text);
            return;
        }
        for letter in text.chars() {
            if letter.is_ascii_whitespace() {
                self.gap = true;
            } else {
                if self.gap && !self.text.is_empty() && !self.text.ends_with(['\n', '\t', ' ']) {
                    self.text.push(' ');
                }
                self.gap = false;
                self.text.push(letter);
            }
        }
    }

    /// What follows stands on a line of its own, behind so many empty ones.
    fn line(&mut self, empty: usize) {
        self.gap = false;
        if self.text.is_empty() {
            return;
        }
        // No more of them than count: a page may end in a million.
        let ends = self.text.bytes().rev().take(empty + 1).take_while(|byte| *byte == b'\n').count();
        for _ in ends..=empty {
            self.text.push('\n');
        }
    }

    fn tag(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let (name, opens) = (&*tag.name, tag.kind == TagKind::StartTag);
        if let Some((hidden, open)) = &mut self.hidden {
            if hidden.as_str() == name {
                *open = if opens { *open + 1 } else { *open - 1 };
            }
            if *open == 0 {
                self.hidden = None;
            }
            return TokenSinkResult::Continue;
        }
        match name {
            "script" | "style" | "template" | "svg" | "math" | "iframe" | "object" | "noscript" | "noembed" | "noframes" if opens => {
                // Of these the tokenizer has to be told that what follows is no markup.
                let raw = match name {
                    "script" => Some(RawKind::ScriptData),
                    "style" | "iframe" | "noembed" | "noframes" => Some(RawKind::Rawtext),
                    _ => None,
                };
                if !(tag.self_closing && matches!(name, "svg" | "math")) {
                    self.hidden = Some((name.to_owned(), 1));
                }
                return raw.map_or(TokenSinkResult::Continue, TokenSinkResult::RawData);
            }
            "title" | "textarea" => {
                self.line(usize::from(!opens));
                if opens {
                    if name == "title" {
                        self.text.push_str("# ");
                    }
                    return TokenSinkResult::RawData(RawKind::Rcdata);
                }
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.line(1);
                if opens {
                    let level = name.as_bytes().get(1).map_or(1, |digit| usize::from(digit.saturating_sub(b'0')));
                    self.text.push_str(&"#".repeat(level));
                    self.text.push(' ');
                }
            }
            "p" | "blockquote" | "ul" | "ol" | "table" | "section" | "article" | "hr" => self.line(1),
            "pre" => {
                self.line(1);
                self.kept = if opens { self.kept + 1 } else { self.kept.saturating_sub(1) };
            }
            "li" if opens => {
                self.line(0);
                self.text.push_str("- ");
            }
            "br" | "div" | "li" | "tr" | "dt" | "dd" | "header" | "footer" | "main" | "aside" | "nav" | "form" | "fieldset" | "figure" | "figcaption"
            | "address" | "option" | "caption" | "details" | "summary" => self.line(0),
            "td" | "th" if !opens => {
                self.gap = false;
                self.text.push('\t');
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(page: &str, expect: &str) {
        assert_eq!(text(page).as_deref().map(str::trim), Ok(expect), "{page}");
    }

    #[test]
    fn nothing_of_a_page_is_run_and_what_is_no_text_is_left_out() {
        check("<p>a</p><script>if (1 < 2) document.write('<p>b</p>')</script><p>c</p>", "a\n\nc");
        check("<style>p > a { color: red }</style>x<template><p>y</p><template>z</template>w</template>v", "xv");
        check("a<!-- b --><svg><text>c</text></svg><svg/>d<iframe src=x>e</iframe>", "ad");
        check("<script>never closed, so all of it is script", "");
        check("a &lt;b&gt; &amp;amp; &#x202e;&eacute;", "a <b> &amp; \u{202e}é");
        for between in [" ", "/", "\x0c", "=''"] {
            let attributes: String = (0..60_000).map(|number| format!("a{number}{between}")).collect();
            assert_eq!(text(&format!("<p {attributes}>x</p>")), Err(DocumentError::Html), "{between:?}");
        }
        let few: String = (0..20_000).map(|number| format!("a{number}/")).collect();
        assert_eq!(text(&format!("<p {few}>x</p>").repeat(8)), Err(DocumentError::Html), "many tags cost as much as one");
        let picture = format!("<img src=\"data:image/png;base64,{}\">x", "AAAA/".repeat(20_000));
        check(&picture, "x");
        let deep = "<div>".repeat(100_000);
        check(&format!("{deep}x"), "x");
        // Empty lines are not counted anew for each paragraph; if they were, this would take minutes.
        let lines = text(&format!("<pre>a{}{}", "\n".repeat(250_000), "<p>".repeat(60_000))).expect("a page");
        assert_eq!(lines.trim_end(), "a");
    }

    #[test]
    fn headings_lists_and_tables_keep_their_lines() {
        check(
            "<html><head><title>Terms</title></head><body><h1>1.  Scope</h1>\n<p>These  terms\napply.</p><h2>Price</h2>\
             <ul><li>one</li><li>two</li></ul><table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table><pre>x\n  y</pre></body></html>",
            "# Terms\n\n# 1. Scope\n\nThese terms apply.\n\n## Price\n\n- one\n- two\n\na\tb\t\nc\t\n\nx\n  y",
        );
    }
}
