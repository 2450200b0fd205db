//! Lines of a card: a column of names, a column of words, and between them a column for a mark. Texts of others stand in the column of words
//! alone and are never longer than it, and what goes on in another line has a mark there, so in a window of 80 columns or more none of them
//! makes a mark, a name, a frame or a line of its own.

use crate::cli::output::{Output, Tone, printable};
use std::io;

/// Columns of the names. The next one is that of the mark, and one stays free.
const NAME_COLUMNS: usize = 10;
/// Columns of the words: with the frame, the names and the mark before them a card has 80.
const WORD_COLUMNS: usize = 66;
/// What goes on here is one line of a value or of words.
const GOES_ON: char = '…';
/// In place of a letter that nobody would see.
const UNSEEN: char = '\u{fffd}';

/// A line without its frame.
#[derive(Debug)]
pub(super) struct Line {
    text: String,
    tone: Option<Tone>,
}

impl Line {
    /// A name and words beside it, whole.
    pub(super) fn of(name: &str, words: &str) -> Self {
        Self::marked(name, ' ', words)
    }

    /// One that parts what stands above it from what stands below.
    pub(super) fn empty() -> Self {
        Self::of("", "")
    }

    fn marked(name: &str, mark: char, words: &str) -> Self {
        let line = format!("{name:<NAME_COLUMNS$}{mark} {words}");
        Self { text: if words.is_empty() { line.trim_end().to_owned() } else { line }, tone: None }
    }

    /// The same in this tone.
    pub(super) fn toned(self, tone: Tone) -> Self {
        Self { tone: Some(tone), ..self }
    }

    fn shown(&self, output: &Output) -> String {
        self.tone.map_or_else(|| self.text.clone(), |tone| output.tone(tone, &self.text))
    }
}

/// Words of ours beside a name, in as many lines as they take; what others wrote in them is in one line already, and where that goes on is
/// marked.
pub(super) fn paragraph(name: &str, words: &str) -> Vec<Line> {
    beside(name, ' ', words)
}

/// The same beside a mark.
pub(super) fn remark(mark: char, words: &str) -> Vec<Line> {
    beside("", mark, words)
}

fn beside(name: &str, mark: char, words: &str) -> Vec<Line> {
    let mut lines: Vec<String> = Vec::new();
    for word in words.trim_end().split(' ') {
        match lines.last_mut() {
            Some(line) if wide(line.as_str()) + 1 + wide(word) <= WORD_COLUMNS => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.extend(cut(word)),
        }
    }
    let line = |(nth, words): (usize, &String)| if nth == 0 { Line::marked(name, mark, words) } else { Line::marked("", GOES_ON, words) };
    lines.iter().enumerate().map(line).collect()
}

/// A value exactly, under its name: nothing is left out. A name that is too long for its column has lines of its own.
pub(super) fn value(name: &str, text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let is_long = wide(name) > NAME_COLUMNS;
    if is_long {
        let piece = |(nth, piece): (usize, &String)| if nth == 0 { Line::of(piece, "") } else { Line::marked("", GOES_ON, piece) };
        lines.extend(cut(name).iter().enumerate().map(piece));
    }
    let mut head = if is_long { "" } else { name };
    // An empty text has a line, too, and so has what stands behind the last line end.
    for line in seen(text).split('\n') {
        for (nth, piece) in cut(line).iter().enumerate() {
            lines.push(Line::marked(std::mem::take(&mut head), if nth == 0 { ' ' } else { GOES_ON }, piece));
        }
    }
    lines
}

/// A text of others with a mark in place of whatever nobody would see: also of blanks at the end of a line.
pub(super) fn seen(text: &str) -> String {
    let text = printable(text);
    let ends_seen = |line: &str| -> String {
        let kept = line.trim_end();
        kept.chars().chain(line.chars().skip(kept.chars().count()).map(|_| UNSEEN)).collect()
    };
    text.split('\n').map(ends_seen).collect::<Vec<_>>().join("\n")
}

/// A line in pieces that the column of words has room for, one at least.
fn cut(line: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let (mut piece, mut taken) = (String::new(), 0);
    for letter in line.chars() {
        if taken + columns(letter) > WORD_COLUMNS {
            pieces.push(std::mem::take(&mut piece));
            taken = 0;
        }
        piece.push(letter);
        taken += columns(letter);
    }
    pieces.push(piece);
    pieces
}

fn wide(text: &str) -> usize {
    text.chars().map(columns).sum()
}

/// How many columns a letter takes at most: a tab goes to the next eighth, and what lies behind the scripts of one column may take two.
const fn columns(letter: char) -> usize {
    match letter {
        '\t' => 8,
        '\u{1100}'.. => 2,
        _ => 1,
    }
}

/// Lines with a frame on their left, under a title. The right side stays open, so that what is copied is whole.
pub(super) fn print(output: &Output, title: &str, lines: &[Line]) -> io::Result<()> {
    let edge = |text: &str| output.tone(Tone::Warning, text);
    output.line(format!("{} {}", edge("┌─"), output.tone(Tone::Strong, title)))?;
    for line in lines {
        let shown = line.shown(output);
        output.line(if shown.is_empty() { edge("│") } else { format!("{} {shown}", edge("│")) })?;
    }
    output.line(edge("└─"))
}

/// The lines as they are without colour and frame.
#[cfg(test)]
pub(super) fn texts(lines: &[Line]) -> Vec<&str> {
    lines.iter().map(|line| line.text.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_of_others_is_longer_than_its_column() {
        let at_the_edge = format!("{}│           · your words", "a".repeat(68));
        let lines = value("/text", &at_the_edge);
        let expect = ["/text       ".to_owned() + &"a".repeat(66), "          … aa│           · your words".to_owned()];
        assert_eq!(texts(&lines), expect);
        assert_eq!(texts(&value("/text", &"界".repeat(34))), ["/text       ".to_owned() + &"界".repeat(33), "          … 界".to_owned()]);
        assert_eq!(texts(&value("/text", &("\t".repeat(9) + "x"))).len(), 2);
        let long = format!("/{}", "n".repeat(70));
        assert_eq!(texts(&value(&long, "v")), [format!("/{}", "n".repeat(65)).as_str(), "          … nnnnn", "            v"]);
        assert_eq!(
            texts(&remark('!', &format!("from outside {}", "b".repeat(67)))),
            ["          ! from outside".to_owned(), "          … ".to_owned() + &"b".repeat(66), "          … b".to_owned()]
        );
    }

    #[test]
    fn a_value_that_is_empty_or_ends_with_lines_keeps_its_name() {
        assert_eq!(texts(&value("/text", "")), ["/text"]);
        assert_eq!(texts(&value("/text", "\n\nx")), ["/text", "", "            x"]);
        assert_eq!(texts(&value("/attendees/0", "")), ["/attendees/0", ""]);
    }

    #[test]
    fn values_that_differ_only_where_they_end_read_differently() {
        let check = |text: &str, expect: &[&str]| assert_eq!(texts(&value("/text", text)), expect, "{text:?}");
        check("x", &["/text       x"]);
        check("x\n", &["/text       x", ""]);
        check("x\r\n\n", &["/text       x", "", ""]);
        check("x  ", &["/text       x\u{fffd}\u{fffd}"]);
        check("x \ny\t\u{a0}", &["/text       x\u{fffd}", "            y\u{fffd}\u{fffd}"]);
        check(" ", &["/text       \u{fffd}"]);
        check("\n", &["/text", ""]);
        // A blank at which a line is cut stays.
        let (first, second) = (format!("/text       {} ", "a".repeat(65)), "          … b");
        check(&format!("{} b", "a".repeat(65)), &[first.as_str(), second]);
    }

    #[test]
    fn words_go_on_in_the_next_line_where_there_is_no_room() {
        let lines = paragraph("why", "Any other change of our records needs the owner, a manager or support.");
        assert_eq!(texts(&lines), ["why         Any other change of our records needs the owner, a manager or", "          … support."]);
        assert_eq!(texts(&paragraph("why", "")), ["why"]);
    }
}
