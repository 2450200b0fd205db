//! Birthdays as programs write them.

/// Which of two small numbers with slashes is the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DayOrder {
    /// `3/22/1980`.
    MonthFirst,
    /// `22/3/1980`.
    DayFirst,
    /// The file never shows it.
    Unknown,
}

/// Tells the order from all birthdays of a file: a number over 12 is a day.
pub(super) fn day_order<'a>(dates: impl Iterator<Item = &'a str>) -> DayOrder {
    let (mut month_first, mut day_first) = (false, false);
    for date in dates {
        if let Some((first, second, _)) = slashes(date) {
            day_first |= first > 12;
            month_first |= second > 12;
        }
    }
    match (month_first, day_first) {
        (true, false) => DayOrder::MonthFirst,
        (false, true) => DayOrder::DayFirst,
        (true, true) | (false, false) => DayOrder::Unknown,
    }
}

/// A birthday as `YYYY-MM-DD` or `--MM-DD`. None for an empty one, and for Outlook's `0/0/00`, which stands for none.
pub(super) fn birthday(text: &str, order: DayOrder) -> Result<Option<String>, &'static str> {
    let text = text.trim();
    if text.is_empty() || matches!(text, "0/0/00" | "0.0.00" | "00/00/00") {
        return Ok(None);
    }
    let text = text.split_once(['T', ' ']).map_or(text, |(day, _)| day);
    if let Some(rest) = text.strip_prefix("--") {
        let digits: String = rest.chars().filter(|letter| *letter != '-').collect();
        return numbers(&[digits.get(..2), digits.get(2..)]).and_then(|found| written(None, found.first(), found.get(1))).map(Some).ok_or(NO_DAY);
    }
    if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return numbers(&[text.get(..4), text.get(4..6), text.get(6..)])
            .and_then(|found| written(found.first().copied(), found.get(1), found.get(2)))
            .map(Some)
            .ok_or(NO_DAY);
    }
    if let [year, month, day] = text.split('-').collect::<Vec<_>>().as_slice()
        && year.len() == 4
    {
        return numbers(&[Some(year), Some(month), Some(day)])
            .and_then(|found| written(found.first().copied(), found.get(1), found.get(2)))
            .map(Some)
            .ok_or(NO_DAY);
    }
    if let [day, month, year] = text.split('.').collect::<Vec<_>>().as_slice()
        && year.len() == 4
    {
        return numbers(&[Some(year), Some(month), Some(day)])
            .and_then(|found| written(found.first().copied(), found.get(1), found.get(2)))
            .map(Some)
            .ok_or(NO_DAY);
    }
    let Some((first, second, year)) = slashes(text) else { return Err(NO_DAY) };
    let (month, day) = match order {
        DayOrder::MonthFirst => (first, second),
        DayOrder::DayFirst => (second, first),
        DayOrder::Unknown if first == second => (first, second),
        DayOrder::Unknown => return Err("does not tell the day from the month"),
    };
    written(Some(year), Some(&month), Some(&day)).map(Some).ok_or(NO_DAY)
}

const NO_DAY: &str = "is no day of the calendar";

fn slashes(text: &str) -> Option<(u32, u32, u32)> {
    match text.trim().split('/').collect::<Vec<_>>().as_slice() {
        [first, second, year] if year.len() == 4 => Some((first.parse().ok()?, second.parse().ok()?, year.parse().ok()?)),
        _ => None,
    }
}

fn numbers(parts: &[Option<&str>]) -> Option<Vec<u32>> {
    parts.iter().map(|part| part.filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).and_then(|text| text.parse().ok())).collect()
}

/// The stored form, if there is such a day; 29 February needs a leap year or none.
pub(super) fn written(year: Option<u32>, month: Option<&u32>, day: Option<&u32>) -> Option<String> {
    let (month, day) = (*month?, *day?);
    let real = time::Month::try_from(u8::try_from(month).ok()?).ok()?;
    time::Date::from_calendar_date(i32::try_from(year.unwrap_or(2000)).ok()?, real, u8::try_from(day).ok()?).ok()?;
    match year {
        Some(year) if (1..=9999).contains(&year) => Some(format!("{year:04}-{month:02}-{day:02}")),
        Some(_) => None,
        None => Some(format!("--{month:02}-{day:02}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn birthdays() {
        for (text, order, expect) in [
            ("1/2/1980", DayOrder::Unknown, Err("does not tell the day from the month")),
            ("13/13/1980", DayOrder::DayFirst, Err(NO_DAY)),
            ("30.02.1980", DayOrder::Unknown, Err(NO_DAY)),
            ("soon", DayOrder::Unknown, Err(NO_DAY)),
            ("--1", DayOrder::Unknown, Err(NO_DAY)),
            ("1980-é1-01", DayOrder::Unknown, Err(NO_DAY)),
            ("", DayOrder::Unknown, Ok(None)),
            ("0/0/00", DayOrder::MonthFirst, Ok(None)),
            ("1980-03-22", DayOrder::Unknown, Ok(Some("1980-03-22"))),
            ("1980-03-22T00:00:00Z", DayOrder::Unknown, Ok(Some("1980-03-22"))),
            ("19800322", DayOrder::Unknown, Ok(Some("1980-03-22"))),
            (" --02-29 ", DayOrder::Unknown, Ok(Some("--02-29"))),
            ("--0203", DayOrder::Unknown, Ok(Some("--02-03"))),
            ("22.3.1980", DayOrder::Unknown, Ok(Some("1980-03-22"))),
            ("3/22/1980", DayOrder::MonthFirst, Ok(Some("1980-03-22"))),
            ("1/2/1980", DayOrder::MonthFirst, Ok(Some("1980-01-02"))),
            ("1/2/1980", DayOrder::DayFirst, Ok(Some("1980-02-01"))),
            ("4/4/1980", DayOrder::Unknown, Ok(Some("1980-04-04"))),
        ] {
            assert_eq!(birthday(text, order), expect.map(|day| day.map(str::to_owned)), "{text}");
        }
        assert_eq!(day_order(["1/2/1980", "3/22/1980"].into_iter()), DayOrder::MonthFirst);
        assert_eq!(day_order(["22/3/1980"].into_iter()), DayOrder::DayFirst);
        assert_eq!(day_order(["22/3/1980", "3/22/1980"].into_iter()), DayOrder::Unknown);
    }
}
