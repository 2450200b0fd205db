//! Days and times that the owner's words say by the day on which they were said, or by the hour alone: "tomorrow", "on Friday", "at 10".
//!
//! Which moment that is, the program works out: it is not the owner's own value, and tells nobody more than their words.

use std::collections::BTreeSet;

/// Words for a day, with how many days later it is.
const DAYS: &[(&str, i64)] = &[
    ("today", 0),
    ("tonight", 0),
    ("tomorrow", 1),
    ("yesterday", -1),
    ("heute", 0),
    ("morgen", 1),
    ("übermorgen", 2),
    ("gestern", -1),
    ("hoy", 0),
    ("mañana", 1),
    ("ayer", -1),
];

/// Words before which two of them are a part of a day: "guten Morgen", "por la mañana".
const PART_OF_DAY: &[&str] = &["heute", "gestern", "guten", "am", "jeden", "den", "diesen", "der", "vom", "la", "esta", "cada", "buena", "una"];

/// Weekdays, from Monday.
const WEEKDAYS: [&[&str]; 7] = [
    &["monday", "montag", "lunes"],
    &["tuesday", "dienstag", "martes"],
    &["wednesday", "mittwoch", "miércoles"],
    &["thursday", "donnerstag", "jueves"],
    &["friday", "freitag", "viernes"],
    &["saturday", "samstag", "sonnabend", "sábado"],
    &["sunday", "sonntag", "domingo"],
];

/// Words before an hour.
const BEFORE_HOUR: &[&str] = &["at", "um", "las", "to", "auf", "until", "till", "bis", "gegen"];

/// What words say of days and times without a date or a clock.
#[derive(Debug, Clone, Default)]
pub(super) struct Soon {
    /// Days since 1970.
    pub(super) days: BTreeSet<i64>,
    /// Minutes of a day.
    pub(super) times: BTreeSet<i64>,
}

impl Soon {
    /// What these words say, said on this day since 1970; where that is not known, of times only.
    pub(super) fn of(tokens: &[&str], today: Option<i64>) -> Self {
        let mut soon = Self::default();
        for (index, token) in tokens.iter().enumerate() {
            let word = |at: Option<usize>| at.and_then(|at| tokens.get(at)).copied().unwrap_or_default();
            let (before, next) = (word(index.checked_sub(1)), word(Some(index + 1)));
            if let Some(today) = today {
                soon.days.extend(days(before, token, next).map(|later| today + later));
                if let Some(weekday) = WEEKDAYS.iter().position(|names| names.contains(token)).and_then(|at| i64::try_from(at).ok()) {
                    // The first of January 1970 was a Thursday. With "next" it may be the one after.
                    let first = today + 1 + (weekday - today - 4).rem_euclid(7);
                    soon.days.extend([first, first + 7]);
                }
            }
            let is_clock = next == "uhr" || next == "o" && word(Some(index + 2)) == "clock";
            if let Some(hour) = token.parse::<i64>().ok().filter(|hour| (0..24).contains(hour) && (is_clock || BEFORE_HOUR.contains(&before))) {
                soon.times.insert(hour * 60);
                soon.times.extend((1..12).contains(&hour).then_some((hour + 12) * 60));
            }
            if matches!(*token, "noon" | "midday" | "mittag" | "mittags" | "mediodía") {
                soon.times.insert(12 * 60);
            }
        }
        soon
    }
}

/// How many days later a word says, between these two.
fn days(before: &str, word: &str, next: &str) -> Option<i64> {
    let later = DAYS.iter().find(|(name, _)| *name == word).map(|(_, later)| *later)?;
    match (before, word) {
        ("after", "tomorrow") | ("pasado", "mañana") => Some(2),
        ("before", "yesterday") => Some(-2),
        // "this morning" is today, and the word before says so.
        (_, "morgen" | "mañana") if PART_OF_DAY.contains(&before) || next == "des" => None,
        _ => Some(later),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Wednesday.
    const TODAY: i64 = 20_593;

    fn said(text: &str) -> Soon {
        Soon::of(&text.split(' ').collect::<Vec<_>>(), Some(TODAY))
    }

    #[test]
    fn a_part_of_a_day_or_a_number_is_no_day_and_no_hour() {
        for text in ["heute nichts mehr", "guten morgen", "am morgen des ersten", "por la mañana", "10 people", "at 24", "at 10.5"] {
            let soon = said(text);
            assert!(!soon.days.contains(&(TODAY + 1)) && soon.times.is_empty(), "{text}: {soon:?}");
        }
        assert!(Soon::of(&["tomorrow", "on", "friday"], None).days.is_empty(), "said on a day that is not known");
    }

    #[test]
    fn a_day_is_counted_from_the_one_on_which_it_was_said() {
        for (text, later) in [
            ("today", 0),
            ("tomorrow at 10", 1),
            ("the day after tomorrow", 2),
            ("heute morgen", 0),
            ("morgen um 10 uhr", 1),
            ("übermorgen", 2),
            ("mañana a las 10", 1),
            ("pasado mañana", 2),
            ("on friday", 2),
            ("next friday", 9),
            ("am mittwoch", 7),
            ("el martes", 6),
        ] {
            assert!(said(text).days.contains(&(TODAY + later)), "{text}: {:?}", said(text));
        }
        assert!(!said("the day after tomorrow").days.contains(&(TODAY + 1)));
        assert_eq!(said("at 10").times, [600, 1320].into());
        assert_eq!(said("um 15 uhr").times, [900].into());
        assert_eq!(said("tomorrow s 10 o clock").times, [600, 1320].into());
        assert_eq!(said("at noon").times, [720].into());
    }
}
