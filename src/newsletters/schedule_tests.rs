//! The rules of schedules, and their comparison with `croner`.

use chrono::{DateTime, TimeDelta, TimeZone, Timelike, Utc};
use proptest::prelude::*;

use crate::newsletters::schedule::{Schedule, ScheduleError};
use crate::newsletters::slot::Slot;
use crate::newsletters::zone::Zone;

fn schedule(text: &str) -> Schedule {
    Schedule::parse(text).unwrap()
}

fn zone(name: &str) -> Zone {
    Zone::parse(name).unwrap()
}

fn utc(text: &str) -> DateTime<Utc> {
    format!("{text}Z").parse().unwrap()
}

/// The next `n` slots: local time and offset, preceded by the key's time where that differs.
fn next(text: &str, zone_name: &str, after: &str, n: usize) -> Vec<String> {
    let tz: chrono_tz::Tz = zone_name.parse().unwrap();
    let slots = schedule(text);
    slots
        .slots_after(zone(zone_name), utc(after))
        .take(n)
        .map(|slot| {
            let shown = slot.at.with_timezone(&tz);
            let key = slot.key.wall_clock().unwrap();
            let named = if key == shown.naive_local() { String::new() } else { format!("{key} -> ") };
            format!("{named}{}", shown.format("%a %F %H:%M %z"))
        })
        .collect()
}

#[test]
fn five_fields_fire_at_the_wall_clock_time_they_name() {
    assert_eq!(
        next("0 6 * * *", "Africa/Lome", "2026-11-23T06:00:00", 2),
        ["Tue 2026-11-24 06:00 +0000", "Wed 2026-11-25 06:00 +0000"]
    );
    // One second before, half a second before, half a second after.
    assert_eq!(next("0 6 * * *", "Africa/Lome", "2026-11-23T05:59:59", 1), ["Mon 2026-11-23 06:00 +0000"]);
    assert_eq!(next("0 6 * * *", "Africa/Lome", "2026-11-23T05:59:59.5", 1), ["Mon 2026-11-23 06:00 +0000"]);
    assert_eq!(next("0 6 * * *", "Africa/Lome", "2026-11-23T06:00:00.5", 1), ["Tue 2026-11-24 06:00 +0000"]);
}

#[test]
fn weekday_one_is_monday() {
    assert_eq!(
        next("0 6 * * 1-5", "Africa/Lome", "2026-11-20T07:00:00", 6),
        [
            "Mon 2026-11-23 06:00 +0000",
            "Tue 2026-11-24 06:00 +0000",
            "Wed 2026-11-25 06:00 +0000",
            "Thu 2026-11-26 06:00 +0000",
            "Fri 2026-11-27 06:00 +0000",
            "Mon 2026-11-30 06:00 +0000",
        ]
    );
    assert_eq!(next("0 6 * * 0", "Africa/Lome", "2026-11-20T07:00:00", 1), ["Sun 2026-11-22 06:00 +0000"]);
    assert_eq!(next("0 6 * * 7", "Africa/Lome", "2026-11-20T07:00:00", 1), ["Sun 2026-11-22 06:00 +0000"]);
    assert_eq!(
        next("0 6 * * fri-mon", "Africa/Lome", "2026-11-20T07:00:00", 4),
        [
            "Sat 2026-11-21 06:00 +0000",
            "Sun 2026-11-22 06:00 +0000",
            "Mon 2026-11-23 06:00 +0000",
            "Fri 2026-11-27 06:00 +0000",
        ]
    );
}

#[test]
fn a_slot_in_a_gap_is_due_at_the_first_minute_after_it() {
    assert_eq!(
        next("30 2 * * *", "Europe/Paris", "2026-03-27T12:00:00", 3),
        [
            "Sat 2026-03-28 02:30 +0100",
            "2026-03-29 02:30:00 -> Sun 2026-03-29 03:00 +0200",
            "Mon 2026-03-30 02:30 +0200",
        ]
    );
    assert_eq!(
        next("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00:00", 2),
        ["2026-10-04 02:15:00 -> Sun 2026-10-04 02:30 +1100", "Mon 2026-10-05 02:15 +1100"]
    );
    assert_eq!(
        next("0 2 * * 0", "Europe/Paris", "2026-03-22T12:00:00", 2),
        ["2026-03-29 02:00:00 -> Sun 2026-03-29 03:00 +0200", "Sun 2026-04-05 02:00 +0200"]
    );
}

#[test]
fn a_slot_in_an_overlap_is_due_the_first_time_only() {
    assert_eq!(
        next("30 2 * * *", "Europe/Paris", "2026-10-24T12:00:00", 2),
        ["Sun 2026-10-25 02:30 +0200", "Mon 2026-10-26 02:30 +0100"]
    );
    // Asked between the two showings, in the second pass before 02:30, and in it after.
    for after in ["2026-10-25T00:30:00", "2026-10-25T01:10:00", "2026-10-25T01:40:00"] {
        assert_eq!(next("30 2 * * *", "Europe/Paris", after, 1), ["Mon 2026-10-26 02:30 +0100"], "{after}");
    }
    assert_eq!(
        next("*/30 * * * *", "Europe/Paris", "2026-10-25T00:10:00", 4),
        [
            "Sun 2026-10-25 02:30 +0200",
            "Sun 2026-10-25 03:00 +0100",
            "Sun 2026-10-25 03:30 +0100",
            "Sun 2026-10-25 04:00 +0100",
        ]
    );
}

#[test]
fn moments_that_land_on_one_instant_are_one_slot_named_by_the_last_of_them() {
    // 02:00, 02:30 and 03:00 all land on 03:00, which the clock shows.
    assert_eq!(
        next("*/30 * * * *", "Europe/Paris", "2026-03-29T00:00:00", 4),
        [
            "Sun 2026-03-29 01:30 +0100",
            "Sun 2026-03-29 03:00 +0200",
            "Sun 2026-03-29 03:30 +0200",
            "Sun 2026-03-29 04:00 +0200",
        ]
    );
    // 02:10 and 02:50: the clock shows neither.
    assert_eq!(
        next("10,50 2 * * *", "Europe/Paris", "2026-03-28T12:00:00", 2),
        ["2026-03-29 02:50:00 -> Sun 2026-03-29 03:00 +0200", "Mon 2026-03-30 02:10 +0200"]
    );
}

#[test]
fn whole_skipped_days_and_leap_days_are_handled() {
    // Samoa had no 30 December 2011.
    assert_eq!(
        next("0 7 * * *", "Pacific/Apia", "2011-12-29T18:00:00", 2),
        ["2011-12-30 07:00:00 -> Sat 2011-12-31 00:00 +1400", "Sat 2011-12-31 07:00 +1400"]
    );
    assert_eq!(
        next("0 7 29 2 *", "Africa/Lome", "2026-11-23T00:00:00", 2),
        ["Tue 2028-02-29 07:00 +0000", "Sun 2032-02-29 07:00 +0000"]
    );
    assert_eq!(
        next("0 7 31 * *", "Africa/Lome", "2026-11-23T00:00:00", 3),
        ["Thu 2026-12-31 07:00 +0000", "Sun 2027-01-31 07:00 +0000", "Wed 2027-03-31 07:00 +0000"]
    );
}

#[test]
fn the_previous_slot_is_the_latest_one_at_or_before() {
    for (text, zone_name, at, expected) in [
        ("0 6 * * *", "Africa/Lome", "2026-11-23T06:00:00", "2026-11-23T06:00:00"),
        ("0 6 * * *", "Africa/Lome", "2026-11-23T06:00:00.5", "2026-11-23T06:00:00"),
        ("0 6 * * *", "Africa/Lome", "2026-11-23T05:59:59.999", "2026-11-22T06:00:00"),
        ("@monthly", "Africa/Lome", "2026-11-23T05:00:00", "2026-11-01T00:00:00"),
        ("@yearly", "Africa/Lome", "2026-11-23T05:00:00", "2026-01-01T00:00:00"),
        ("0 7 29 2 *", "Africa/Lome", "2026-11-23T05:00:00", "2024-02-29T07:00:00"),
        // Before, at and after the end of the gap.
        ("30 2 * * *", "Europe/Paris", "2026-03-29T00:59:59", "2026-03-28T01:30:00"),
        ("30 2 * * *", "Europe/Paris", "2026-03-29T01:00:00", "2026-03-29T01:00:00"),
        ("30 2 * * *", "Europe/Paris", "2026-03-29T12:00:00", "2026-03-29T01:00:00"),
        // In the second pass, when the clock shows 02:10 again.
        ("30 2 * * *", "Europe/Paris", "2026-10-25T01:10:00", "2026-10-25T00:30:00"),
        ("30 2 * * *", "Europe/Paris", "2026-10-25T00:29:59", "2026-10-24T00:30:00"),
        ("0 3 * * *", "Europe/Paris", "2026-10-25T01:59:59", "2026-10-24T01:00:00"),
    ] {
        let slot = schedule(text).previous_slot(zone(zone_name), utc(at)).unwrap();
        assert_eq!(slot.at, utc(expected), "{text} {at}");
    }
    assert_eq!(schedule("0 6 * * *").previous_slot(zone("Africa/Lome"), utc("1970-01-01T05:59:59")), None);
}

#[test]
fn the_slots_missed_in_five_days_are_five_and_the_latest_is_today() {
    let daily = schedule("0 6 * * *");
    let missed: Vec<Slot> = daily
        .slots_between(zone("Africa/Lome"), utc("2026-11-15T06:00:00"), utc("2026-11-20T07:00:00"))
        .collect();
    assert_eq!(missed.len(), 5);
    assert_eq!(missed[4].key.to_string(), "2026-11-20T06:00");
    assert_eq!(missed[4].at, utc("2026-11-20T06:00:00"));
    let now = utc("2026-11-20T06:00:00");
    assert_eq!(daily.slots_between(zone("Africa/Lome"), now, now).count(), 0);
}

#[test]
fn schedules_are_equal_when_they_fire_alike() {
    assert_eq!(schedule("@daily"), schedule("0 0 * * *"));
    assert_eq!(schedule("0 7 * * mon-fri"), schedule("0  7 * * 1,2,3,4,5"));
    assert_ne!(schedule("0 7 * * 1-5"), schedule("0 7 * * 1-6"));
    assert_eq!(schedule(" 0 7 * * 1-5 ").source(), "0 7 * * 1-5");
    assert_eq!(Schedule::parse("0 7 30 2 *").unwrap_err(), ScheduleError::NeverFires);
}

const ZONES: [&str; 10] = [
    "Africa/Lome",
    "Europe/Paris",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Europe/Dublin",
    "Africa/Cairo",
];

prop_compose! {
    /// Numbers, lists, ranges and steps within bounds, or `*`.
    fn field(lowest: u32, highest: u32)(
        kind in 0..6,
        a in lowest..=highest,
        b in lowest..=highest,
        step in 1..=(highest / 2),
    ) -> String {
        let (low, high) = (a.min(b), a.max(b));
        match kind {
            0 => "*".to_owned(),
            1 => format!("*/{step}"),
            2 => format!("{low},{high}"),
            3 => format!("{low}-{high}"),
            4 => format!("{low}-{high}/{step}"),
            _ => a.to_string(),
        }
    }
}

/// A schedule that fires every hour (so that it meets gaps and overlaps), or restricts days of the month, or
/// weekdays.
fn expression() -> impl Strategy<Value = String> {
    let month = || prop_oneof![3 => Just("*".to_owned()), 1 => field(1, 12)];
    let time = || (field(0, 59), field(0, 23)).prop_map(|(minute, hour)| format!("{minute} {hour}"));
    prop_oneof![
        field(0, 59).prop_map(|minute| format!("{minute} * * * *")),
        (time(), field(1, 28), month()).prop_map(|(time, day, month)| format!("{time} {day} {month} *")),
        (time(), month(), field(0, 6))
            .prop_map(|(time, month, weekday)| format!("{time} * {month} {weekday}")),
    ]
}

/// An instant in 2000–2037, two times in three near a change of offset: within three days or two hours.
fn instant(zone_name: &'static str) -> impl Strategy<Value = DateTime<Utc>> {
    let any = (946_684_800i64..2_145_916_800).prop_map(|s| DateTime::from_timestamp(s, 0).unwrap());
    let seconds = prop_oneof![-259_200i64..259_200, -7200i64..7200];
    let near = (any.clone(), seconds).prop_map(move |(start, seconds)| {
        change_of_offset(zone(zone_name), start) + TimeDelta::seconds(seconds)
    });
    prop_oneof![1 => any, 2 => near]
}

/// The first change of offset in the 400 days after `start`, or `start`.
fn change_of_offset(zone: Zone, start: DateTime<Utc>) -> DateTime<Utc> {
    let changes = |from: DateTime<Utc>, step: TimeDelta, steps: i32| {
        (0..steps).map(|n| from + step * n).find(|t| zone.utc_offset(*t) != zone.utc_offset(*t + step))
    };
    let Some(day) = changes(start, TimeDelta::days(1), 400) else { return start };
    let Some(minute) = changes(day, TimeDelta::minutes(1), 1440) else { return day };
    changes(minute, TimeDelta::seconds(1), 60).map_or(minute, |before| before + TimeDelta::seconds(1))
}

fn zone_and_instant() -> impl Strategy<Value = (&'static str, DateTime<Utc>)> {
    proptest::sample::select(&ZONES[..]).prop_flat_map(|name| (Just(name), instant(name)))
}

fn croner(text: &str, zone_name: &str, after: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> + use<> {
    let tz: chrono_tz::Tz = zone_name.parse().unwrap();
    let cron: croner::Cron = text.parse().unwrap();
    cron.iter_after(after.with_timezone(&tz)).map(|at| at.to_utc())
}

/// Whether the clock shows this instant's time for the second time.
fn second_showing(zone_name: &str, at: DateTime<Utc>) -> bool {
    let tz: chrono_tz::Tz = zone_name.parse().unwrap();
    let local = at.with_timezone(&tz).naive_local();
    tz.from_local_datetime(&local).earliest().is_some_and(|first| first.to_utc() < at)
}

proptest! {
    /// Where the clock never changes there is nothing to disagree about.
    #[test]
    fn without_dst_every_schedule_agrees_with_croner(text in expression(), (_, after) in zone_and_instant()) {
        for name in ["Africa/Lome", "Asia/Kathmandu"] {
            let ours: Vec<_> = schedule(&text).slots_after(zone(name), after).take(20).map(|s| s.at).collect();
            let theirs: Vec<_> = croner(&text, name, after).take(20).collect();
            prop_assert_eq!(ours, theirs, "{} {}", text, name);
        }
    }

    /// One hour and one minute: crontab's "fixed-time jobs", which croner too runs once after a gap and at the
    /// first showing in an overlap. (Not in Samoa, whose gap of a day is longer than the two hours croner
    /// searches.)
    #[test]
    fn a_time_of_day_agrees_with_croner_in_every_zone(
        minute in 0..60u32,
        hour in prop_oneof![0..24u32, 0..4u32],
        days in prop_oneof![Just("* * *".to_owned()), (0..7u32).prop_map(|d| format!("* * {d}")), (1..29u32).prop_map(|d| format!("{d} * *"))],
        (name, after) in zone_and_instant().prop_filter("gap of a day", |(name, _)| *name != "Pacific/Apia"),
    ) {
        let text = format!("{minute} {hour} {days}");
        let ours: Vec<_> = schedule(&text).slots_after(zone(name), after).take(10).map(|s| s.at).collect();
        let theirs: Vec<_> = croner(&text, name, after).take(10).collect();
        prop_assert_eq!(ours, theirs, "{} {} after {}", text, name, after);
    }

    /// Several times a day: crontab's "interval jobs". Here we differ on purpose, since an edition is no job
    /// that polls: crontab and croner leave out what falls into a gap and repeat what an overlap shows twice;
    /// kiosque sends the first late, once, and the second once.
    #[test]
    fn several_times_a_day_agree_with_croner_but_for_gaps_and_second_showings(
        text in expression(),
        (name, after) in zone_and_instant(),
    ) {
        let (schedule, zone) = (schedule(&text), zone(name));
        let fixed = text.split(' ').take(2).all(|field| field.parse::<u32>().is_ok());
        prop_assume!(!fixed);
        let until = after + TimeDelta::days(3);
        let ours: Vec<_> = schedule
            .slots_between(zone, after, until)
            .filter(|slot| slot.key.wall_clock() == Some(zone.local(slot.at)))
            .map(|slot| slot.at)
            .collect();
        let theirs: Vec<_> = croner(&text, name, after)
            .take_while(|at| *at <= until)
            .filter(|at| !second_showing(name, *at))
            .collect();
        prop_assert_eq!(ours, theirs, "{} {} after {}", text, name, after);
    }

    #[test]
    fn slots_increase_lie_on_whole_minutes_and_have_distinct_increasing_keys(
        text in expression(),
        (name, after) in zone_and_instant(),
    ) {
        let slots: Vec<_> = schedule(&text).slots_after(zone(name), after).take(200).collect();
        prop_assert!(!slots.is_empty());
        let mut last = None;
        for slot in slots {
            prop_assert!(slot.at > after && slot.at.second() == 0);
            if let Some(Slot { key, at }) = last {
                prop_assert!(at < slot.at && key < slot.key);
            }
            last = Some(slot);
        }
    }

    #[test]
    fn starting_anywhere_gives_the_same_slots_from_there(
        text in expression(),
        (name, after) in zone_and_instant(),
        seconds in 0..2 * 86_400i64,
    ) {
        let (schedule, zone) = (schedule(&text), zone(name));
        let until = after + TimeDelta::days(2);
        let all: Vec<_> = schedule.slots_between(zone, after, until).collect();
        // From each slot, and from an instant in between.
        let between = after + TimeDelta::seconds(seconds);
        for start in all.iter().take(50).map(|slot| slot.at).chain([between]) {
            let rest: Vec<_> = all.iter().copied().filter(|slot| slot.at > start).take(10).collect();
            let again: Vec<_> = schedule.slots_between(zone, start, until).take(10).collect();
            prop_assert_eq!(again, rest, "{} {} from {}", text, name, start);
        }
    }

    #[test]
    fn the_previous_slot_is_the_last_of_those_before(text in expression(), (name, at) in zone_and_instant()) {
        let (schedule, zone) = (schedule(&text), zone(name));
        let previous = schedule.previous_slot(zone, at).unwrap();
        prop_assert!(previous.at <= at);
        let before = previous.at - TimeDelta::seconds(1);
        prop_assert_eq!(schedule.slots_after(zone, before).next(), Some(previous), "{} {} {}", text, name, at);
        // Nothing lies between it and the instant.
        prop_assert_eq!(schedule.slots_between(zone, previous.at, at).next(), None);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[-*/,0-9a-zA-Z@? ]{0,24}") {
        if let Ok(schedule) = Schedule::parse(&text) {
            prop_assert!(schedule.slots_after(zone("Africa/Lome"), utc("2026-11-23T00:00:00")).next().is_some());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// What `slots_after` relies on to start at the time the clock shows.
    #[test]
    fn in_every_zone_later_moments_are_never_placed_earlier(
        zone_index in 0..chrono_tz::TZ_VARIANTS.len(),
        start in 1_000_000_000i64..2_500_000_000,
    ) {
        let zone = Zone::parse(chrono_tz::TZ_VARIANTS[zone_index].name()).unwrap();
        let start = DateTime::from_timestamp(start - start % 900, 0).unwrap().naive_utc();
        let mut last = zone.place(start).unwrap().at;
        for quarter in 1..(370 * 96) {
            let at = zone.place(start + TimeDelta::minutes(15 * quarter)).unwrap().at;
            prop_assert!(last <= at, "{} at {}", zone, at);
            last = at;
        }
    }
}
