//! Reading Markdown as far as the checks need it: lines of prose, code spans, fenced lines, links, table cells.

/// One line outside fenced blocks, and its number from 1.
pub(crate) struct Prose<'a> {
    /// From 1.
    pub(crate) number: usize,
    /// The line.
    pub(crate) line: &'a str,
}

/// Lines outside fenced blocks.
pub(crate) fn prose(text: &str) -> Vec<Prose<'_>> {
    split(text).0
}

/// Lines inside fenced blocks.
pub(crate) fn fenced(text: &str) -> Vec<&str> {
    split(text).1
}

fn split(text: &str) -> (Vec<Prose<'_>>, Vec<&str>) {
    let (mut outside, mut inside, mut is_inside) = (Vec::new(), Vec::new(), false);
    for (at, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            is_inside = !is_inside;
        } else if is_inside {
            inside.push(line);
        } else {
            outside.push(Prose { number: at + 1, line });
        }
    }
    (outside, inside)
}

/// Texts between backticks.
pub(crate) fn spans(line: &str) -> Vec<&str> {
    line.split('`').skip(1).step_by(2).collect()
}

/// Targets of links that point into the project.
pub(crate) fn links(line: &str) -> Vec<&str> {
    let target = |rest: &'_ str| rest.split(')').next().map(str::len);
    line.match_indices("](")
        .filter_map(|(at, _)| line.get(at + 2..).and_then(|rest| target(rest).and_then(|end| rest.get(..end))))
        .filter(|link| !link.contains("://") && !link.starts_with("mailto:"))
        .map(|link| link.split('#').next().unwrap_or_default())
        .filter(|link| !link.is_empty())
        .collect()
}

/// Cells of a table's line; none for other lines and for the line below a header.
pub(crate) fn cells(line: &str) -> Option<Vec<&str>> {
    let inner = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    let cells: Vec<&str> = inner.split('|').map(str::trim).collect();
    (!cells.iter().all(|cell| cell.chars().all(|one| matches!(one, '-' | ':')))).then_some(cells)
}

/// Whether a line holds a second sentence: an end mark, a space, and a capital after it.
pub(crate) fn has_two_sentences(line: &str) -> bool {
    if line.trim_start().starts_with('|') {
        return false;
    }
    // Code is one word, whatever stands in it.
    let plain: String = line.split('`').enumerate().map(|(at, part)| if at % 2 == 0 { part } else { "code" }).collect();
    let numbered = |before: &str| before.trim_start().chars().all(|one| one.is_ascii_digit());
    plain.match_indices(". ").chain(plain.match_indices("? ")).chain(plain.match_indices("! ")).any(|(at, _)| {
        let (before, after) = (&plain[..at], &plain[at + 2..]);
        after.chars().find(|one| !matches!(one, '*' | '_' | '(' | '"' | '[')).is_some_and(char::is_uppercase) && !numbered(before)
    })
}

#[test]
fn markdown_is_read() {
    let text = "a `b` `c/d`\n```sh\nmake `x`\n```\n| x | `y` |\n|---|:--|\n[l](docs/a.md#b) [m](https://x.org) ![n](p.png)";
    assert_eq!(prose(text).iter().map(|one| one.number).collect::<Vec<_>>(), [1, 5, 6, 7]);
    assert_eq!(fenced(text), ["make `x`"]);
    assert_eq!(spans("a `b` `c/d`"), ["b", "c/d"]);
    assert_eq!(links("[l](docs/a.md#b) [m](https://x.org) ![n](p.png) [s](#s)"), ["docs/a.md", "p.png"]);
    assert_eq!(cells("| x | `y` |"), Some(vec!["x", "`y`"]));
    assert_eq!((cells("|---|:--|"), cells("x")), (None, None));
    for (line, expect) in [
        ("One. Two.", true),
        ("One? Two.", true),
        ("One.", false),
        ("3. One.", false),
        ("See `a. B` here.", false),
        ("At 3.5 or e.g. this.", false),
        ("| One. Two. |", false),
        ("- **One.** And.", false),
        ("One. **Two.**", true),
    ] {
        assert_eq!(has_two_sentences(line), expect, "{line}");
    }
}
