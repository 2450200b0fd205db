//! Characters of a foreign text that a terminal does not show, or that would move what it shows.
//!
//! Joiners and selectors are left where a script, an emoji or an ideograph needs them: there they change what is seen. For
//! joiners of scripts that is the rule for names on the internet (RFC 5892, A.1 and A.2). The web has the same rule in
//! `admin/src/lib/seen.ts`.

/// Where more of a text follows that is not known yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// All of it is here.
    Whole,
    /// It is a piece of a text that is being written: at its ends nothing can be said of what needs a neighbour.
    Piece,
}

/// The text with U+FFFD in place of whatever would not be seen. Line ends and tabs stay.
pub(super) fn marked(text: &str, extent: Extent) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mark = |(place, letter): (usize, &char)| if is_unseen(*letter) && !is_needed(&letters, place, extent) { '\u{fffd}' } else { *letter };
    letters.iter().enumerate().map(mark).collect()
}

/// Controls, marks of direction, joiners, tags, fillers, variation selectors, and letters of nobody's.
fn is_unseen(letter: char) -> bool {
    if letter.is_control() {
        return !matches!(letter, '\n' | '\t');
    }
    matches!(
        letter,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{10ffff}'
    )
}

/// Whether a joiner or a selector changes what is seen at its place.
fn is_needed(letters: &[char], place: usize, extent: Extent) -> bool {
    let before = |steps: usize| place.checked_sub(steps).and_then(|at| letters.get(at)).copied();
    let after = |steps: usize| letters.get(place + steps).copied();
    let is_open = |side: Option<char>| side.is_none() && extent == Extent::Piece;
    // Marks over or under a letter do not part it from its neighbour.
    let beside = |side: &dyn Fn(usize) -> Option<char>| (1..=letters.len()).map_while(side).find(|letter| !is_arabic_mark(*letter));
    match letters.get(place) {
        Some('\u{200c}') => {
            let (left, right) = (beside(&before), beside(&after));
            let parts = (is_open(left) || left.is_some_and(joins_on)) && (is_open(right) || right.is_some_and(joins_back));
            before(1).is_some_and(is_virama) || parts
        }
        Some('\u{200d}') => {
            let left = match before(1) {
                Some('\u{fe0f}') => before(2),
                other => other,
            };
            before(1).is_some_and(is_virama)
                || ((is_open(left) || left.is_some_and(is_pictograph)) && (is_open(after(1)) || after(1).is_some_and(is_pictograph)))
        }
        Some('\u{fe0e}' | '\u{fe0f}') => {
            let is_key = before(1).is_some_and(|key| matches!(key, '0'..='9' | '#' | '*'));
            is_open(before(1)) || before(1).is_some_and(is_pictograph) || (is_key && (is_open(after(1)) || after(1) == Some('\u{20e3}')))
        }
        // One behind each ideograph and no more: of a row of them nobody sees what it says.
        Some('\u{fe00}'..='\u{fe02}' | '\u{e0100}'..='\u{e011f}') => is_open(before(1)) || before(1).is_some_and(is_ideograph),
        _ => false,
    }
}

/// What has forms that a selector chooses among, as names in Japan are written with one of them.
const fn is_ideograph(letter: char) -> bool {
    matches!(letter, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

/// The signs of Indic scripts that take a vowel away: a joiner after one chooses the form of the letters.
const fn is_virama(letter: char) -> bool {
    matches!(letter, '\u{94d}' | '\u{9cd}' | '\u{a4d}' | '\u{acd}' | '\u{b4d}' | '\u{bcd}' | '\u{c4d}' | '\u{ccd}' | '\u{d4d}' | '\u{dca}')
}

const fn is_arabic_mark(letter: char) -> bool {
    matches!(letter, '\u{64b}'..='\u{65f}' | '\u{670}')
}

/// Arabic letters that join the letter after them.
const fn joins_on(letter: char) -> bool {
    matches!(
        letter,
        '\u{620}' | '\u{626}' | '\u{628}' | '\u{62a}'..='\u{62e}' | '\u{633}'..='\u{63f}' | '\u{641}'..='\u{647}' | '\u{649}' | '\u{64a}' | '\u{66e}'
            | '\u{66f}' | '\u{678}'..='\u{687}' | '\u{69a}'..='\u{6bf}' | '\u{6c1}' | '\u{6c2}' | '\u{6cc}' | '\u{6ce}' | '\u{6d0}' | '\u{6d1}'
            | '\u{6fa}'..='\u{6fc}' | '\u{6ff}'
    )
}

/// Arabic letters that join the letter before them.
const fn joins_back(letter: char) -> bool {
    matches!(
        letter,
        '\u{620}' | '\u{622}'..='\u{63f}' | '\u{641}'..='\u{64a}' | '\u{66e}' | '\u{66f}' | '\u{671}'..='\u{673}' | '\u{675}'..='\u{6d3}' | '\u{6d5}'
            | '\u{6ee}' | '\u{6ef}' | '\u{6fa}'..='\u{6fc}' | '\u{6ff}'
    )
}

/// Blocks that emoji come from; skin tones are among them.
const fn is_pictograph(letter: char) -> bool {
    matches!(
        letter,
        '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{2194}'..='\u{21aa}' | '\u{2300}'..='\u{23ff}' | '\u{24c2}'
            | '\u{25aa}'..='\u{25fe}' | '\u{2600}'..='\u{27bf}' | '\u{2934}' | '\u{2935}' | '\u{2b05}'..='\u{2b55}' | '\u{3030}' | '\u{303d}'
            | '\u{3297}' | '\u{3299}' | '\u{1f000}'..='\u{1faff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str) {
        assert_eq!(marked(text, Extent::Whole), expect, "{text:?}");
    }

    #[test]
    fn what_nobody_sees_is_marked() {
        check("\u{202e}moc.elpmaxe@ada", "\u{fffd}moc.elpmaxe@ada");
        check("Ada\u{200b}\u{e0061}\u{ad}\u{3164}", "Ada\u{fffd}\u{fffd}\u{fffd}\u{fffd}");
        check("a\u{34f}b\u{180b}c\u{e000}", "a\u{fffd}b\u{fffd}c\u{fffd}");
        check("one\rtwo\u{2028}three", "one\u{fffd}two\u{fffd}three");
        // Joiners where they join nothing: between Latin letters, twice, after a letter that never joins, at an end.
        check("ad\u{200d}a", "ad\u{fffd}a");
        check("क्\u{200d}\u{200d}य", "क्\u{200d}\u{fffd}य");
        check("دا\u{200c}ر", "دا\u{fffd}ر");
        check("می\u{200c}", "می\u{fffd}");
        check("م\u{200d}ی", "م\u{fffd}ی");
        check("😀\u{200d}", "😀\u{fffd}");
        check("a\u{fe0f}", "a\u{fffd}");
        check("❤\u{fe0f}\u{fe0f}", "❤\u{fe0f}\u{fffd}");
        check("1\u{fe0f}", "1\u{fffd}");
        check("1\u{fe0e}a\u{fe0e}", "1\u{fffd}a\u{fffd}");
        check("a\u{e0100}\u{fe00}", "a\u{fffd}\u{fffd}");
        check("辻\u{e0100}\u{e0101}", "辻\u{e0100}\u{fffd}");
        check("辻\u{e0120}\u{e01ef}", "辻\u{fffd}\u{fffd}");
    }

    #[test]
    fn joiners_that_a_script_or_an_emoji_needs_stay() {
        for text in [
            "गर्\u{200d}यो",
            "श्रीमान्\u{200c}लाई",
            "می\u{200c}خواهم",
            "مِ\u{200c}ی",
            "👩\u{200d}💻",
            "👩🏽\u{200d}🚀",
            "🏳\u{fe0f}\u{200d}🌈",
            "❤\u{fe0f}",
            "❤\u{fe0e}",
            "辻\u{e0100}さん",
            "渡邉\u{e011f}",
            "神\u{fe00}",
            "1\u{fe0f}\u{20e3}",
            "two\nlines\tand ü",
        ] {
            check(text, text);
        }
    }

    #[test]
    fn a_text_that_comes_in_pieces_keeps_what_stands_at_their_ends() {
        for piece in ["\u{fe0f} yes", "\u{fe0e} yes", "\u{e0100}さん", "\u{200d}💻", "می\u{200c}", "\u{200c}خواهم", "👩\u{200d}"] {
            assert_eq!(marked(piece, Extent::Piece), piece, "{piece:?}");
        }
        for (piece, expect) in [("\u{202e}a", "\u{fffd}a"), ("a\u{200c}", "a\u{fffd}"), ("\u{200d}a", "\u{fffd}a"), ("\u{200b}", "\u{fffd}")] {
            assert_eq!(marked(piece, Extent::Piece), expect, "{piece:?}");
        }
    }
}
