//! The periods that rules count, all in UTC.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::Policy;

/// What a rule keeps the newest of each of.
#[derive(Debug, Clone, Copy)]
pub(super) enum Period {
    Hour,
    Day,
    Week,
    Month,
    Year,
}

impl Period {
    pub(super) const ALL: [Self; 5] = [Self::Hour, Self::Day, Self::Week, Self::Month, Self::Year];

    /// As in the policy.
    pub(super) fn rule(self) -> &'static str {
        match self {
            Self::Hour => "hourly",
            Self::Day => "daily",
            Self::Week => "weekly",
            Self::Month => "monthly",
            Self::Year => "yearly",
        }
    }

    /// How many of them the policy counts.
    pub(super) fn count(self, policy: &Policy) -> u32 {
        match self {
            Self::Hour => policy.hourly,
            Self::Day => policy.daily,
            Self::Week => policy.weekly,
            Self::Month => policy.monthly,
            Self::Year => policy.yearly,
        }
    }

    /// The one that an instant is in, as [ISO 8601](https://www.iso.org/iso-8601-date-and-time-format.html) writes it. The
    /// first and last days of a year can be in a week of the year beside it.
    pub(super) fn of(self, instant: Timestamp) -> String {
        let (date, hour) = {
            let civil = TimeZone::UTC.to_datetime(instant);
            (civil.date(), civil.hour())
        };
        match self {
            Self::Hour => format!("{date}T{hour:02}"),
            Self::Day => date.to_string(),
            Self::Week => {
                let week = date.iso_week_date();
                format!("{:04}-W{:02}", week.year(), week.week())
            }
            Self::Month => format!("{:04}-{:02}", date.year(), date.month()),
            Self::Year => format!("{:04}", date.year()),
        }
    }
}

/// A duration as people write it in a policy: whole days as `7d`.
pub(super) fn length(duration: SignedDuration) -> String {
    let day = SignedDuration::from_hours(24).as_secs();
    let seconds = duration.as_secs();
    if seconds >= day && seconds % day == 0 { format!("{}d", seconds / day) } else { format!("{duration:#}") }
}
