//! When a schedule is due: the five fields of a cron expression, read by the clock on the wall of a named zone.
//!
//! The expression knows nothing of zones; what the clock does there is decided here. An hour that is left out in spring is made up for at
//! the moment it ends, and of one that comes twice in autumn the first counts. No moment is due twice.

use chrono::{DateTime, Datelike as _, NaiveDateTime, TimeDelta, TimeZone as _, Timelike as _, Utc, offset::LocalResult};
use chrono_tz::Tz;
use croner::Cron;
use std::str::FromStr as _;
use steward_core::limits::SCHEDULE_EVERY_MINUTES_MIN;
use steward_store::schedule::{ScheduleRow, Times};
use time::{Duration, OffsetDateTime};

/// How far ahead a single moment may lie, in days.
const ONCE_DAYS_MAX: i64 = 732;
/// The most minutes a clock leaves out at once: Samoa left out a day.
const GAP_MINUTES_MAX: usize = 1_500;
/// The most moments looked at to find the next that is later: those of an hour that comes twice.
const STEPS_MAX: usize = 200;
/// The zone of a single moment, which has none of its own.
const UTC: &str = "UTC";
/// A day on which every field but those of the date begins anew, in seconds since the epoch: 2026-01-01.
const A_DAY: i64 = 1_767_225_600;

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// What is wrong with a time, and in which field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct WrongTime {
    /// `cron`, `time_zone` or `at`.
    pub field: &'static str,
    /// What, and what to give instead.
    pub message: String,
}

fn wrong(field: &'static str, message: impl Into<String>) -> WrongTime {
    WrongTime { field, message: message.into() }
}

/// Times that were checked, with the first of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    pub(super) times: Times,
    pub(super) time_zone: String,
    pub(super) next_at: OffsetDateTime,
}

impl When {
    /// The first of them.
    pub const fn next_at(&self) -> OffsetDateTime {
        self.next_at
    }

    /// Again and again, after `now`.
    ///
    /// # Errors
    /// When the expression has not five fields, is never due or too often, or there is no such zone.
    pub fn cron(expression: &str, zone: &str, now: OffsetDateTime) -> Result<Self, WrongTime> {
        let expression = expression.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_uppercase();
        let clock = Clock::read(&expression, zone)?;
        let never = || wrong("cron", "is never due; look at the day and the month");
        if clock.is_too_often().ok_or_else(never)? {
            return Err(wrong("cron", format!("is due more than once in {SCHEDULE_EVERY_MINUTES_MIN} minutes; leave more time in between")));
        }
        let next_at = clock.next_after(now).ok_or_else(never)?;
        Ok(Self { times: Times::Cron(expression), time_zone: clock.zone.name().to_owned(), next_at })
    }

    /// Once.
    ///
    /// # Errors
    /// When that is over, or too far away.
    pub fn once(at: OffsetDateTime, now: OffsetDateTime) -> Result<Self, WrongTime> {
        if at <= now {
            return Err(wrong("at", "is over; give a moment to come"));
        }
        if at > now + Duration::days(ONCE_DAYS_MAX) {
            return Err(wrong("at", format!("is more than {ONCE_DAYS_MAX} days away; give one that is nearer")));
        }
        Ok(Self { times: Times::Once(at), time_zone: UTC.to_owned(), next_at: at })
    }
}

/// What the clock on the wall shows somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wall {
    /// The hour, 0 to 23.
    pub hour: u32,
    /// The day of the week, 1 for Monday to 7 for Sunday.
    pub weekday: u32,
}

impl Wall {
    /// In this zone at this moment, in Unix milliseconds; none when there is no such zone or its clock cannot show it.
    pub fn at(zone: &str, at_ms: i64) -> Option<Self> {
        let zone = Tz::from_str(zone).ok()?;
        let wall = DateTime::<Utc>::from_timestamp_millis(at_ms)?.with_timezone(&zone);
        Some(Self { hour: wall.hour(), weekday: wall.weekday().number_from_monday() })
    }
}

/// The first moment after this one at which a schedule is due; none when there is no more.
pub(super) fn next_after(row: &ScheduleRow, after: OffsetDateTime) -> Option<OffsetDateTime> {
    match &row.times {
        Times::Cron(expression) => Clock::read(expression, &row.time_zone).ok()?.next_after(after),
        Times::Once(at) => (*at > after).then_some(*at),
    }
}

/// An expression and the zone whose clock it is read by.
struct Clock {
    cron: Cron,
    zone: Tz,
}

impl Clock {
    fn read(expression: &str, zone: &str) -> Result<Self, WrongTime> {
        let zone = Tz::from_str(zone).map_err(|_| wrong("time_zone", "is no time zone; give a name such as `Europe/Berlin` or `UTC`"))?;
        let no_cron = || wrong("cron", "is no cron expression; give five fields, such as `0 9 * * MON` for Mondays at nine");
        if !has_five_plain_fields(expression) {
            return Err(no_cron());
        }
        let cron = Cron::from_str(expression).map_err(|_| no_cron())?;
        Ok(Self { cron, zone })
    }

    /// The next time after this one, by the clock on the wall.
    fn next_on_the_wall(&self, wall: NaiveDateTime) -> Option<NaiveDateTime> {
        self.cron.find_next_occurrence(&wall.and_utc(), false).ok().map(|next| next.naive_utc())
    }

    fn next_after(&self, after: OffsetDateTime) -> Option<OffsetDateTime> {
        let after = DateTime::<Utc>::from_timestamp(after.unix_timestamp(), 0)?;
        let mut wall = after.with_timezone(&self.zone).naive_local();
        for _ in 0..STEPS_MAX {
            wall = self.next_on_the_wall(wall)?;
            let at = self.moment(wall)?;
            // In an hour that comes again, what it shows was due already.
            if at > after {
                return OffsetDateTime::from_unix_timestamp(at.timestamp()).ok();
            }
        }
        None
    }

    /// When the clock shows this: the first time, or the moment at which what was left out is over.
    fn moment(&self, mut wall: NaiveDateTime) -> Option<DateTime<Utc>> {
        for _ in 0..GAP_MINUTES_MAX {
            match self.zone.from_local_datetime(&wall) {
                LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => return Some(at.with_timezone(&Utc)),
                LocalResult::None => wall = wall.checked_add_signed(TimeDelta::minutes(1))?,
            }
        }
        None
    }

    /// Whether two moments of a day, or the last of one and the first of the next, are too near; none when it is never due.
    /// The times of the day are the same on every day that has any.
    fn is_too_often(&self) -> Option<bool> {
        let least = TimeDelta::minutes(SCHEDULE_EVERY_MINUTES_MIN);
        let first = self.next_on_the_wall(DateTime::<Utc>::from_timestamp(A_DAY - 1, 0)?.naive_utc())?;
        let mut last = first;
        while let Some(next) = self.next_on_the_wall(last).filter(|next| next.date() == first.date()) {
            if next - last < least {
                return Some(true);
            }
            last = next;
        }
        Some(first + TimeDelta::days(1) - last < least)
    }
}

/// Whether these are five fields of numbers and names, ranges, steps and lists of them, and nothing that only some programs know.
fn has_five_plain_fields(expression: &str) -> bool {
    let fields: Vec<&str> = expression.split(' ').collect();
    let is_known = |at: usize, part: &str| {
        let is_name = match at {
            3 => MONTHS.contains(&part),
            4 => DAYS.contains(&part),
            _ => false,
        };
        part == "*" || is_name || (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    fields.len() == 5 && fields.iter().enumerate().all(|(at, field)| field.split([',', '-', '/']).all(|part| is_known(at, part)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    /// The moments after one, in UTC, as the hour and minute of which day.
    fn due(expression: &str, zone: &str, after: OffsetDateTime, count: usize) -> Vec<String> {
        let clock = Clock::read(expression, zone).expect(expression);
        let form = time::macros::format_description!("[month]-[day] [hour]:[minute]");
        let moments = std::iter::successors(clock.next_after(after), |last| clock.next_after(*last));
        moments.take(count).map(|at| at.format(form).expect("a time")).collect()
    }

    #[test]
    fn what_is_no_time_is_refused_in_its_field() {
        let now = datetime!(2026-03-01 09:00 UTC);
        for (expression, zone, field) in [
            ("", "UTC", "cron"),
            ("0 9 * *", "UTC", "cron"),
            ("0 0 9 * * 1", "UTC", "cron"),
            ("@daily", "UTC", "cron"),
            ("0 9 L * *", "UTC", "cron"),
            ("0 9 * * 1#2", "UTC", "cron"),
            ("0 9 ? * *", "UTC", "cron"),
            ("0 9 * * FEB", "UTC", "cron"),
            ("61 9 * * *", "UTC", "cron"),
            ("0 25 * * *", "UTC", "cron"),
            ("0 9 30 2 *", "UTC", "cron"),
            ("* * * * *", "UTC", "cron"),
            ("*/5 * * * *", "UTC", "cron"),
            ("0,10 9 * * *", "UTC", "cron"),
            ("50 23 * * *", "Mars/Base", "time_zone"),
            ("0 9 * * *", "", "time_zone"),
            ("5,55 0,23 * * *", "UTC", "cron"),
        ] {
            assert_eq!(When::cron(expression, zone, now).expect_err(expression).field, field, "{expression}");
        }
        for (at, expect) in
            [(now, false), (datetime!(2020-01-01 00:00 UTC), false), (datetime!(2099-01-01 00:00 UTC), false), (now + Duration::seconds(1), true)]
        {
            assert_eq!(When::once(at, now).is_ok(), expect, "{at}");
        }
        for good in ["0 9 * * mon", "*/15 * * * *", "0 9,18 1-7 JAN-MAR 1,3", "30  8 * * 1-5"] {
            When::cron(good, "Europe/Berlin", now).expect(good);
        }
    }

    #[test]
    fn an_hour_that_is_left_out_is_made_up_for_when_it_ends() {
        // In Berlin the clock goes from 02:00 to 03:00 on 2026-03-29, at 01:00 UTC.
        let before = datetime!(2026-03-28 12:00 UTC);
        assert_eq!(due("30 2 * * *", "Europe/Berlin", before, 3), ["03-29 01:00", "03-30 00:30", "03-31 00:30"]);
        assert_eq!(due("0 1-4 29 3 *", "Europe/Berlin", before, 3), ["03-29 00:00", "03-29 01:00", "03-29 02:00"]);
        // A day that there was not: 2011-12-30 in Apia.
        assert_eq!(due("0 9 30 12 *", "Pacific/Apia", datetime!(2011-12-01 00:00 UTC), 1), ["12-30 10:00"]);
    }

    #[test]
    fn of_an_hour_that_comes_twice_the_first_counts() {
        // In Berlin the clock goes from 03:00 back to 02:00 on 2026-10-25, at 01:00 UTC.
        let before = datetime!(2026-10-24 12:00 UTC);
        assert_eq!(due("30 2 * * *", "Europe/Berlin", before, 2), ["10-25 00:30", "10-26 01:30"]);
        assert_eq!(
            due("*/30 1-3 25 10 *", "Europe/Berlin", before, 6),
            ["10-24 23:00", "10-24 23:30", "10-25 00:00", "10-25 00:30", "10-25 02:00", "10-25 02:30"]
        );
        // From inside of the hour as it comes again, nothing of it is due once more.
        assert_eq!(due("*/15 2,3 * * *", "Europe/Berlin", datetime!(2026-10-25 01:20 UTC), 1), ["10-25 02:00"]);
    }

    #[test]
    fn a_moment_is_never_due_again() {
        let clock = Clock::read("0 9 * * *", "UTC").expect("a clock");
        let at = datetime!(2026-03-02 09:00 UTC);
        for after in [at, at + Duration::milliseconds(1), at + Duration::milliseconds(999)] {
            assert_eq!(clock.next_after(after), Some(at + Duration::days(1)), "{after}");
        }
        assert_eq!(clock.next_after(at - Duration::milliseconds(1)), Some(at));
    }
}
