//! A text cut into pieces: at headings, else between paragraphs, lines, sentences, words. One behind the other they are the whole text.

use super::kind::FileKind;
use std::ops::Range;

/// The longest piece, in characters.
pub const CHUNK_CHARS_MAX: usize = 1500;
/// The shortest piece that ends because a heading follows, in characters: many small headings stand in one.
const HEADED_CHARS_MIN: usize = 200;
/// A piece that is cut where it need not be has at least this many characters.
const CUT_CHARS_MIN: usize = CHUNK_CHARS_MAX / 2;
/// The longest heading that is kept, in characters.
const HEADING_CHARS_MAX: usize = 200;

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// What it says.
    pub text: String,
    /// Its first character in the whole, from 0.
    pub start: u32,
    /// One past its last character.
    pub end: u32,
    /// The heading it stands under; of a table, its first line.
    pub heading: Option<String>,
}

/// Cuts a text. Of an empty one there are no pieces.
pub(super) fn cut(text: &str, kind: FileKind) -> Vec<Piece> {
    let has_headings = matches!(kind, FileKind::Markdown | FileKind::Html);
    let mut pieces = Vec::new();
    let (mut rest, mut start) = (text, 0_u32);
    let mut heading: Option<String> = None;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(end_of_piece(rest, has_headings));
        // What stands in front of the first line is said by the heading before.
        let own = piece.lines().next().filter(|_| has_headings).and_then(heading_of);
        let above = own.or_else(|| heading.clone());
        let end = start.saturating_add(u32::try_from(piece.chars().count()).unwrap_or(u32::MAX));
        pieces.push(Piece { text: piece.to_owned(), start, end, heading: above });
        heading = match kind {
            FileKind::Csv => heading.or_else(|| piece.lines().next().map(shortened).filter(|line| !line.is_empty())),
            _ if has_headings => piece.lines().filter_map(heading_of).next_back().or(heading),
            _ => None,
        };
        (rest, start) = (after, end);
    }
    pieces
}

/// How many bytes of a text that is not empty the next piece takes.
fn end_of_piece(text: &str, has_headings: bool) -> usize {
    let window = text.char_indices().nth(CHUNK_CHARS_MAX).map_or(text, |(at, _)| text.get(..at).unwrap_or(text));
    if has_headings && let Some(at) = next_heading(window) {
        return at;
    }
    if window.len() == text.len() {
        return text.len();
    }
    let least = window.char_indices().nth(CUT_CHARS_MIN).map_or(0, |(at, _)| at);
    let behind = |range: Range<usize>, marks: &[&str]| {
        let tail = window.get(range.clone()).unwrap_or_default();
        marks.iter().filter_map(|mark| tail.rfind(mark).map(|at| range.start + at + mark.len())).max()
    };
    let tail = least..window.len();
    behind(tail.clone(), &["\n\n"])
        .or_else(|| behind(tail.clone(), &["\n"]))
        .or_else(|| behind(tail.clone(), &[". ", "! ", "? ", "。", "। ", "؟ "]))
        .or_else(|| behind(tail, &[" "]))
        .unwrap_or(window.len())
}

/// Where the first line that is a heading begins, far enough in.
fn next_heading(window: &str) -> Option<usize> {
    let least = window.char_indices().nth(HEADED_CHARS_MIN).map(|(at, _)| at)?;
    let mut at = 0;
    for line in window.split_inclusive('\n') {
        if at >= least && heading_of(line.trim_end()).is_some() {
            return Some(at);
        }
        at += line.len();
    }
    None
}

/// The words of a line that is a heading in Markdown.
fn heading_of(line: &str) -> Option<String> {
    let bare = line.trim_start_matches('#');
    let level = line.len() - bare.len();
    let words = bare.strip_prefix(' ').filter(|_| (1..=6).contains(&level))?.trim();
    (!words.is_empty()).then(|| shortened(words))
}

fn shortened(line: &str) -> String {
    line.chars().take(HEADING_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_new_heading_begins_a_piece_and_pieces_know_what_they_stand_under() {
        let body = "word ".repeat(60);
        let text = format!("# Terms\n\n{body}\n\n## Price\n\n{body}\n\n{}\n\n#no heading\n", "long ".repeat(400));
        let pieces = cut(&text, FileKind::Markdown);
        let headings: Vec<_> = pieces.iter().map(|piece| piece.heading.as_deref().unwrap_or("-")).collect();
        assert_eq!(headings.first(), Some(&"Terms"));
        assert!(headings.iter().skip(1).all(|heading| *heading == "Price") && headings.len() > 2, "{headings:?}");
        assert!(pieces.iter().skip(1).any(|piece| piece.text.starts_with("## Price")), "{pieces:#?}");
        assert!(cut(&text, FileKind::Plain).iter().all(|piece| piece.heading.is_none()));
    }

    #[test]
    fn lines_of_a_table_stay_whole_and_stand_under_its_first() {
        let rows: String = (0..200).map(|row| format!("{row},somebody,{row}@people.example\n")).collect();
        let pieces = cut(&format!("number,name,address\n{rows}"), FileKind::Csv);
        assert!(pieces.len() > 3 && pieces.iter().all(|piece| piece.text.ends_with('\n')), "{pieces:#?}");
        assert_eq!(pieces[0].heading, None);
        assert!(pieces.iter().skip(1).all(|piece| piece.heading.as_deref() == Some("number,name,address")));
    }

    proptest! {
        #[test]
        fn pieces_are_the_whole_text_and_never_too_long(text in "(\\PC{0,40}|# [a-z]{0,9}|\n|\n\n|x{1700}|ü{900}|[a-z .]{0,300}){0,30}") {
            for kind in [FileKind::Plain, FileKind::Markdown, FileKind::Csv] {
                let pieces = cut(&text, kind);
                let whole: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
                prop_assert_eq!(&whole, &text);
                let mut at = 0;
                for piece in &pieces {
                    let length = piece.text.chars().count();
                    prop_assert!(length > 0 && length <= CHUNK_CHARS_MAX);
                    prop_assert_eq!(piece.start, at);
                    at += u32::try_from(length).expect("short");
                    prop_assert_eq!(piece.end, at);
                    prop_assert!(piece.heading.as_ref().is_none_or(|heading| (1..=HEADING_CHARS_MAX).contains(&heading.chars().count())));
                }
            }
        }
    }
}
