//! The line difference of two prompts, for people who decide whether a new version may take over.

/// One line of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    /// In both.
    Same(&'a str),
    /// Only in the first.
    Removed(&'a str),
    /// Only in the second.
    Added(&'a str),
}

/// The shortest difference from `a` to `b`, line by line; within one change, removals come first.
///
/// Quadratic in the number of changed lines, which `PROMPT_LINES_MAX` bounds.
pub fn difference<'a>(a: &'a str, b: &'a str) -> Vec<Line<'a>> {
    let (old, new): (Vec<&str>, Vec<&str>) = (a.lines().collect(), b.lines().collect());
    let head = old.iter().zip(&new).take_while(|(one, other)| one == other).count();
    let (old_rest, new_rest) = (old.get(head..).unwrap_or_default(), new.get(head..).unwrap_or_default());
    let tail = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(one, other)| one == other).count();
    let (old_middle, end) = old_rest.split_at(old_rest.len() - tail);
    let (new_middle, _) = new_rest.split_at(new_rest.len() - tail);

    let mut lines: Vec<Line<'a>> = old.iter().take(head).map(|line| Line::Same(line)).collect();
    middle(old_middle, new_middle, &mut lines);
    lines.extend(end.iter().map(|line| Line::Same(line)));
    lines
}

/// The part between the common beginning and the common end, by longest common subsequence.
fn middle<'a>(old: &[&'a str], new: &[&'a str], lines: &mut Vec<Line<'a>>) {
    let width = new.len() + 1;
    // common[i * width + j]: how many lines old[i..] and new[j..] have in common, in order.
    let mut common = vec![0_u32; (old.len() + 1) * width];
    let at = |common: &[u32], i: usize, j: usize| common.get(i * width + j).copied().unwrap_or(0);
    for (i, one) in old.iter().enumerate().rev() {
        for (j, other) in new.iter().enumerate().rev() {
            let best = if one == other { at(&common, i + 1, j + 1) + 1 } else { at(&common, i + 1, j).max(at(&common, i, j + 1)) };
            if let Some(cell) = common.get_mut(i * width + j) {
                *cell = best;
            }
        }
    }
    let (mut i, mut j) = (0, 0);
    loop {
        match (old.get(i), new.get(j)) {
            (Some(one), Some(other)) if one == other => {
                lines.push(Line::Same(one));
                (i, j) = (i + 1, j + 1);
            }
            (Some(one), other) if other.is_none() || at(&common, i + 1, j) >= at(&common, i, j + 1) => {
                lines.push(Line::Removed(one));
                i += 1;
            }
            (_, Some(other)) => {
                lines.push(Line::Added(other));
                j += 1;
            }
            (_, None) => break,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines as `= x`, `- x`, `+ x`; both sides can be read back from them.
    fn check(a: &str, b: &str, expect: &[&str]) {
        let lines = difference(a, b);
        let shown: Vec<String> = lines
            .iter()
            .map(|line| match line {
                Line::Same(text) => format!("= {text}"),
                Line::Removed(text) => format!("- {text}"),
                Line::Added(text) => format!("+ {text}"),
            })
            .collect();
        assert_eq!(shown, expect, "{a:?} -> {b:?}");
        let side = |keep: char| shown.iter().filter(|line| line.starts_with([keep, '='])).map(|line| &line[2..]).collect::<Vec<_>>();
        assert_eq!((side('-'), side('+')), (a.lines().collect(), b.lines().collect()));
    }

    #[test]
    fn both_sides_can_be_read_back() {
        check("", "", &[]);
        check("", "a", &["+ a"]);
        check("a", "", &["- a"]);
        check("a\nb\nc", "a\nb\nc", &["= a", "= b", "= c"]);
        check("a\nb\nc", "a\nx\nc", &["= a", "- b", "+ x", "= c"]);
        check("a\nb\nc\nd", "b\nd\ne", &["- a", "= b", "- c", "= d", "+ e"]);
        check("a\na", "a\na\na", &["= a", "= a", "+ a"]);
        check("a\nb", "c\nd", &["- a", "- b", "+ c", "+ d"]);
        check("x\ny\nx", "y\nx\ny", &["- x", "= y", "= x", "+ y"]);
    }

    #[test]
    fn the_longest_prompts_can_be_compared() {
        let (old, new): (Vec<String>, Vec<String>) = (0..crate::PROMPT_LINES_MAX).map(|i| (format!("{i}"), format!("{}", i * 2))).unzip();
        let (old, new) = (old.join("\n"), new.join("\n"));
        let lines = difference(&old, &new);
        assert_eq!(lines.iter().filter(|line| matches!(line, Line::Same(_))).count(), 1_000, "the even numbers below 2,000 are in both");
    }
}
