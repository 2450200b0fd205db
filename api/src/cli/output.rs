//! What commands print: tables for people, JSON for programs. Colour only on a terminal that wants it.

mod unseen;

use crate::config::Environment;
use serde::Serialize;
use std::io::{self, IsTerminal, Write};
use unseen::{Extent, marked};

/// Where and how to print.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    colours: bool,
    /// Whether standard output is a terminal.
    pub terminal: bool,
}

/// How a piece of text stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// A heading.
    Strong,
    /// Less important.
    Quiet,
    /// All is well.
    Good,
    /// Somebody should look.
    Warning,
    /// Something is wrong.
    Bad,
}

impl Output {
    /// Standard output as it is now.
    pub(super) fn of(environment: &Environment) -> Self {
        let terminal = io::stdout().is_terminal();
        Self { colours: terminal && environment.raw("NO_COLOR").is_none() && environment.text("TERM") != Some("dumb"), terminal }
    }

    /// The text in this tone, if colours are wanted.
    pub(super) fn tone(&self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Strong => "1",
            Tone::Quiet => "2",
            Tone::Good => "32",
            Tone::Warning => "33",
            Tone::Bad => "31",
        };
        if self.colours { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// One line.
    pub(super) fn line(&self, text: impl AsRef<str>) -> io::Result<()> {
        writeln!(io::stdout().lock(), "{}", text.as_ref())
    }

    /// Text without a line end, shown at once.
    pub(super) fn piece(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    /// A value as indented JSON.
    pub(super) fn json(&self, value: &impl Serialize) -> io::Result<()> {
        let text = serde_json::to_string_pretty(value).map_err(io::Error::other)?;
        self.line(text)
    }

    /// A value as one line of JSON.
    pub(super) fn json_line(&self, value: &impl Serialize) -> io::Result<()> {
        let text = serde_json::to_string(value).map_err(io::Error::other)?;
        self.line(text)
    }

    /// Columns as wide as their widest cell, under a heading. The last column is not padded.
    pub(super) fn table(&self, head: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| letters(cell));
            cells.chain(head.get(column).map(|name| letters(name))).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..head.len()).map(width).collect();
        let set = |cells: &mut dyn Iterator<Item = &str>| {
            let mut line = String::new();
            for (index, cell) in cells.enumerate() {
                line.push_str(cell);
                if index + 1 < head.len() {
                    let pad = widths.get(index).copied().unwrap_or(0).saturating_sub(letters(cell)) + 2;
                    line.extend(std::iter::repeat_n(' ', pad));
                }
            }
            line.trim_end().to_owned()
        };
        self.line(self.tone(Tone::Strong, &set(&mut head.iter().copied())))?;
        rows.iter().try_for_each(|row| self.line(set(&mut row.iter().map(String::as_str))))
    }
}

/// Letters of a cell on the screen; colour codes take no room.
fn letters(cell: &str) -> usize {
    let mut count = 0;
    let mut hidden = false;
    for letter in cell.chars() {
        match letter {
            '\u{1b}' => hidden = true,
            'm' if hidden => hidden = false,
            _ if hidden => {}
            _ => count += 1,
        }
    }
    count
}

/// Text from elsewhere as it may be shown on a terminal: control characters could move the cursor, marks of direction make a
/// recipient read as another, and what nobody sees carry more than was approved.
pub(super) fn printable(text: &str) -> String {
    marked(&text.replace("\r\n", "\n"), Extent::Whole)
}

/// The same of a text that is still being written and comes in pieces. A line end may lie between two of them, so a carriage return at the end
/// of one waits for the next.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    return_waits: bool,
}

impl Pieces {
    /// Another piece.
    pub(super) fn more(&mut self, text: &str) -> String {
        if text.is_empty() {
            return String::new();
        }
        let before = if std::mem::take(&mut self.return_waits) { "\r" } else { "" };
        let whole = format!("{before}{text}");
        let shown = whole.strip_suffix('\r');
        self.return_waits = shown.is_some();
        marked(&shown.unwrap_or(&whole).replace("\r\n", "\n"), Extent::Piece)
    }

    /// What waits still, where no more comes.
    pub(super) fn end(&mut self) -> String {
        if std::mem::take(&mut self.return_waits) { printable("\r") } else { String::new() }
    }
}

/// The same in one line of at most `most` letters.
pub(super) fn one_line(text: &str, most: usize) -> String {
    let flat = printable(&text.split_whitespace().collect::<Vec<_>>().join(" "));
    if flat.chars().count() <= most { flat } else { flat.chars().take(most.saturating_sub(1)).chain(['…']).collect() }
}

/// A number with its noun: `1 contact`, `2 contacts`.
pub(super) fn counted(count: impl TryInto<u64>, one: &str, many: &str) -> String {
    let count = count.try_into().unwrap_or(u64::MAX);
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_steer_the_terminal() {
        let check = |text: &str, expect: &str| assert_eq!(printable(text), expect);
        check("a\u{1b}[2Jb", "a\u{fffd}[2Jb");
        check("pay \u{202e}eno ot", "pay \u{fffd}eno ot");
        check("a\u{200b}\u{e0041}b", "a\u{fffd}\u{fffd}b");
        check("two\r\nlines\tand ü 😀", "two\nlines\tand ü 😀");
        assert_eq!(one_line("a\n  b\r\nc", 10), "a b c");
        assert_eq!(one_line("abcdef", 4), "abc…");
        // What follows a piece is not known yet, and could be what a joiner at its end is for.
        let piece = |text: &str| Pieces::default().more(text);
        assert_eq!([printable("👩\u{200d}"), piece("👩\u{200d}"), piece("\u{202e}")], ["👩\u{fffd}", "👩\u{200d}", "\u{fffd}"]);
    }

    #[test]
    fn a_line_end_between_two_pieces_is_one() {
        let check = |pieces: &[&str], expect: &str| {
            let mut text = Pieces::default();
            let mut shown: String = pieces.iter().map(|piece| text.more(piece)).collect();
            shown.push_str(&text.end());
            assert_eq!(shown, expect, "{pieces:?}");
        };
        check(&["one\r", "\ntwo\r\n", "three"], "one\ntwo\nthree");
        check(&["one", "\r", "", "\n", "two"], "one\ntwo");
        check(&["one\r", "two"], "one\u{fffd}two");
        check(&["one\r", "\r\n"], "one\u{fffd}\n");
        check(&["one\r"], "one\u{fffd}");
    }

    #[test]
    fn one_is_told_as_one() {
        let check = |count: usize, expect: &str| assert_eq!(counted(count, "entry", "entries"), expect);
        check(0, "0 entries");
        check(1, "1 entry");
        check(2, "2 entries");
    }

    #[test]
    fn colour_codes_take_no_room() {
        assert_eq!(letters("\u{1b}[31mbad\u{1b}[0m"), 3);
        assert_eq!(letters("müde"), 4);
    }
}
