//! Names of files, as they may be stored and shown. Whoever made the file chose its name, and may have chosen it to mislead.

use crate::crm::text::clean_line;

/// The longest name, in characters.
const NAME_CHARS_MAX: usize = 120;
/// The longest ending that is kept when a name is cut, in characters with its point.
const ENDING_CHARS_MAX: usize = 10;
/// What a file without a name is called.
const UNNAMED: &str = "unnamed";

/// One line without folders, control characters and marks that turn text around, cut in the middle so that the ending stays.
pub(super) fn clean(name: &str) -> String {
    let name: String = name.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    // Joiners belong to words of some scripts; between the letters of a name they only make two that look the same.
    let line = clean_line(&last.replace(['\u{200c}', '\u{200d}', '\u{61c}'], ""));
    let line = line.trim_matches(['.', ' ']);
    if line.is_empty() {
        return UNNAMED.to_owned();
    }
    let letters: Vec<char> = line.chars().collect();
    if letters.len() <= NAME_CHARS_MAX {
        return line.to_owned();
    }
    let ending: String = ending(line).filter(|ending| ending.chars().count() < ENDING_CHARS_MAX).map(|ending| format!(".{ending}")).unwrap_or_default();
    let head: String = letters.into_iter().take(NAME_CHARS_MAX - 1 - ending.chars().count()).collect();
    format!("{head}…{ending}")
}

/// What stands behind the last point.
pub(super) fn ending(name: &str) -> Option<&str> {
    name.rsplit_once('.').map(|(head, ending)| (head.trim(), ending)).filter(|(head, ending)| !head.is_empty() && !ending.is_empty()).map(|(_, ending)| ending)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_line_without_folders_and_without_marks_that_mislead() {
        let long = format!("{}.md", "x".repeat(500));
        for (name, expect) in [
            ("", UNNAMED),
            ("   ", UNNAMED),
            ("..", UNNAMED),
            ("\u{202e}\u{200b}", UNNAMED),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\ada\\terms.txt", "terms.txt"),
            ("a\r\nb\0c\u{1b}[31m.txt", "a b c [31m.txt"),
            ("invoice\u{202e}fdp.txt", "invoicefdp.txt"),
            ("pay\u{200d}roll.csv", "payroll.csv"),
            ("  terms   2026 .md ", "terms 2026 .md"),
            ("नेपाली.txt", "नेपाली.txt"),
            (".hidden", "hidden"),
        ] {
            assert_eq!(clean(name), expect, "{name:?}");
        }
        let cut = clean(&long);
        assert_eq!((cut.chars().count(), cut.ends_with("x….md")), (NAME_CHARS_MAX, true), "{cut}");
        for (name, expect) in [("a.md", Some("md")), ("a", None), (".md", None), ("a.", None), ("a.b.CSV", Some("CSV"))] {
            assert_eq!(ending(name), expect, "{name}");
        }
    }
}
