//! Coming slots in French sentences, for the operator: when the next one is, and what a new schedule changes.

use chrono::{DateTime, TimeDelta, Utc};

use crate::french::date;
use crate::french::typography::{NARROW, NO_BREAK};
use crate::newsletters::schedule::Schedule;
use crate::newsletters::slot::Slot;
use crate::newsletters::zone::Zone;

/// How far two schedules are compared.
const HORIZON: TimeDelta = TimeDelta::days(2 * 366);

/// How many slots of two schedules are compared, at most.
const SLOTS_COMPARED: usize = 5_000;

/// "lundi 23 novembre 2026 à 7 h (Africa/Lome, UTC+0)". A slot that the clock jumps over says so: "dimanche 29 mars
/// 2026 à 3 h au lieu de 2 h 30, heure sautée (Europe/Paris, UTC+2)".
pub fn describe_slot(slot: Slot, zone: Zone) -> String {
    let shown = zone.local(slot.at);
    let skipped = match slot.key.wall_clock() {
        Some(named) if named != shown => format!(" au lieu de {}, heure sautée", date::hour(named.time())),
        _ => String::new(),
    };
    format!("{}{skipped} ({zone}, {})", date::date_at_hour(shown), utc_offset(zone, slot.at))
}

/// "UTC+0", "UTC+5:30", "UTC−3".
pub fn utc_offset(zone: Zone, at: DateTime<Utc>) -> String {
    let minutes = zone.utc_offset(at) / 60;
    let sign = if minutes < 0 { '−' } else { '+' };
    match (minutes.abs() / 60, minutes.abs() % 60) {
        (hours, 0) => format!("UTC{sign}{hours}"),
        (hours, minutes) => format!("UTC{sign}{hours}:{minutes:02}"),
    }
}

/// What a changed schedule or zone does to the editions after `now`, in one sentence: "Prochaine édition : mardi
/// 24 novembre 2026 à 6 h au lieu de 7 h.", "Rien ne change avant le samedi 28 novembre 2026 à 9 h : …", "Rien ne
/// change." Slots are compared two years ahead, 5 000 at most.
pub fn describe_change(old: (&Schedule, Zone), new: (&Schedule, Zone), now: DateTime<Utc>) -> String {
    if old == new {
        return "Rien ne change.".to_owned();
    }
    let mut old_slots = old.0.slots_between(old.1, now, now + HORIZON);
    let mut new_slots = new.0.slots_between(new.1, now, now + HORIZON);
    let change = Change { old, new };
    let mut unchanged = now;
    for n in 0..SLOTS_COMPARED {
        match (old_slots.next(), new_slots.next()) {
            (Some(was), Some(is)) if was.at == is.at => unchanged = is.at,
            (Some(was), Some(is)) => return change.sentence(n == 0, was, is),
            (Some(was), None) => {
                // The new schedule is the rarer one: its next slot lies further on.
                return match new.0.slots_after(new.1, unchanged).next() {
                    Some(is) => change.sentence(n == 0, was, is),
                    None => {
                        format!("Plus d’édition à partir du {}.", date::date_at_hour(old.1.local(was.at)))
                    }
                };
            }
            (None, Some(is)) => {
                return match old.0.slots_after(old.1, unchanged).next() {
                    Some(was) => change.sentence(n == 0, was, is),
                    None => {
                        format!("Prochaine édition{NO_BREAK}: {}.", date::date_at_hour(new.1.local(is.at)))
                    }
                };
            }
            (None, None) => {
                unchanged = now + HORIZON;
                break;
            }
        }
    }
    format!("Rien ne change avant le {}.", date::long_date(new.1.local(unchanged).date()))
}

/// Two schedules, each with its zone.
struct Change<'a> {
    old: (&'a Schedule, Zone),
    new: (&'a Schedule, Zone),
}

impl Change<'_> {
    /// `was` and `is` are the first slots that differ; `at_once` when they are the first ones of all.
    fn sentence(&self, at_once: bool, was: Slot, is: Slot) -> String {
        let (old_zone, new_zone) = (self.old.1, self.new.1);
        let (was_shown, is_shown) = (old_zone.local(was.at), new_zone.local(is.at));
        let same_day = was_shown.date() == is_shown.date();
        let (mut was_name, mut is_name) = if same_day {
            (format!("de {}", date::hour(was_shown.time())), date::hour(is_shown.time()))
        } else {
            (format!("du {}", date::date_at_hour(was_shown)), format!("le {}", date::date_at_hour(is_shown)))
        };
        let mut next = date::date_at_hour(is_shown);
        if old_zone != new_zone {
            was_name = format!("{was_name} ({old_zone})");
            is_name = format!("{is_name} ({new_zone})");
            next = format!("{next} ({new_zone})");
        }
        let added = is.at < was.at && fires_at(self.new, was.at);
        let removed = was.at < is.at && fires_at(self.old, is.at);
        if at_once {
            return if added {
                format!("Prochaine édition{NO_BREAK}: {next}, en plus de celle {was_name}.")
            } else if removed {
                format!("Prochaine édition{NO_BREAK}: {next}{NARROW}; celle {was_name} n’aura pas lieu.")
            } else {
                format!("Prochaine édition{NO_BREAK}: {next} au lieu {was_name}.")
            };
        }
        let until = date::date_at_hour(if is.at < was.at { is_shown } else { was_shown });
        let what = if added {
            "une édition s’ajoute".to_owned()
        } else if removed {
            "cette édition n’aura pas lieu".to_owned()
        } else if same_day {
            format!("édition à {is_name} au lieu {was_name}")
        } else {
            format!("édition {is_name} au lieu {was_name}")
        };
        format!("Rien ne change avant le {until}{NO_BREAK}: {what}.")
    }
}

fn fires_at((schedule, zone): (&Schedule, Zone), at: DateTime<Utc>) -> bool {
    schedule.previous_slot(zone, at).is_some_and(|slot| slot.at == at)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::french::typography::{Spaces, typeset};
    use crate::newsletters::slot::SlotKey;

    fn zone(name: &str) -> Zone {
        Zone::parse(name).unwrap()
    }

    fn utc(text: &str) -> DateTime<Utc> {
        format!("{text}Z").parse().unwrap()
    }

    fn next(text: &str, zone_name: &str, after: &str) -> String {
        let slot = Schedule::parse(text).unwrap().slots_after(zone(zone_name), utc(after)).next().unwrap();
        describe_slot(slot, zone(zone_name)).replace('\u{a0}', " ")
    }

    #[test]
    fn slots_are_told_with_zone_and_offset() {
        for (text, zone_name, after, expected) in [
            (
                "0 7 * * 1-5",
                "Africa/Lome",
                "2026-11-20T08:00:00",
                "lundi 23 novembre 2026 à 7 h (Africa/Lome, UTC+0)",
            ),
            (
                "30 2 * * *",
                "Europe/Paris",
                "2026-03-28T12:00:00",
                "dimanche 29 mars 2026 à 3 h au lieu de 2 h 30, heure sautée (Europe/Paris, UTC+2)",
            ),
            (
                "30 2 * * *",
                "Europe/Paris",
                "2026-10-24T12:00:00",
                "dimanche 25 octobre 2026 à 2 h 30 (Europe/Paris, UTC+2)",
            ),
            (
                "0 6 1 * *",
                "Asia/Kolkata",
                "2026-11-20T08:00:00",
                "mardi 1er décembre 2026 à 6 h (Asia/Kolkata, UTC+5:30)",
            ),
            (
                "0 6 * * *",
                "America/St_Johns",
                "2026-11-22T12:00:00",
                "lundi 23 novembre 2026 à 6 h (America/St_Johns, UTC−3:30)",
            ),
            (
                "0 6 * * *",
                "America/New_York",
                "2026-11-22T12:00:00",
                "lundi 23 novembre 2026 à 6 h (America/New_York, UTC−5)",
            ),
        ] {
            assert_eq!(next(text, zone_name, after), expected);
        }
        let run = Slot { key: SlotKey::run(Uuid::nil()), at: utc("2026-11-23T15:04:59") };
        assert_eq!(
            describe_slot(run, zone("Africa/Lome")).replace('\u{a0}', " "),
            "lundi 23 novembre 2026 à 15 h 04 (Africa/Lome, UTC+0)"
        );
    }

    /// Monday 23 November 2026, 08:00 UTC. Spaces are shown as ordinary ones.
    fn change(old: (&str, &str), new: (&str, &str)) -> String {
        let (old_schedule, new_schedule) = (Schedule::parse(old.0).unwrap(), Schedule::parse(new.0).unwrap());
        let sentence = describe_change(
            (&old_schedule, zone(old.1)),
            (&new_schedule, zone(new.1)),
            utc("2026-11-23T08:00:00"),
        );
        assert_eq!(typeset(&sentence, Spaces::Narrow), sentence, "typography");
        sentence.replace(['\u{a0}', '\u{202f}'], " ")
    }

    #[test]
    fn the_effect_of_a_new_schedule_is_one_sentence() {
        for (old, new, expected) in [
            (
                "0 7 * * 1-5",
                "0 6 * * 1-5",
                "Prochaine édition : mardi 24 novembre 2026 à 6 h au lieu de 7 h.",
            ),
            (
                "0 7 * * 1-5",
                "0 18 * * 1-5",
                "Prochaine édition : lundi 23 novembre 2026 à 18 h au lieu du mardi 24 novembre 2026 à 7 h.",
            ),
            (
                "0 7 * * 1-5",
                "0 7,18 * * 1-5",
                "Prochaine édition : lundi 23 novembre 2026 à 18 h, en plus de celle du mardi 24 novembre 2026 à 7 h.",
            ),
            (
                "0 7 * * 1-5",
                "0 6,7 * * 1-5",
                "Prochaine édition : mardi 24 novembre 2026 à 6 h, en plus de celle de 7 h.",
            ),
            (
                "0 7,18 * * 1-5",
                "0 7 * * 1-5",
                "Prochaine édition : mardi 24 novembre 2026 à 7 h ; celle du lundi 23 novembre 2026 à 18 h n’aura pas lieu.",
            ),
            (
                "0 7,18 * * *",
                "0 18 * * *",
                "Rien ne change avant le mardi 24 novembre 2026 à 7 h : cette édition n’aura pas lieu.",
            ),
            (
                "0 7 * * 1-5",
                "0 7 * * *",
                "Rien ne change avant le samedi 28 novembre 2026 à 7 h : une édition s’ajoute.",
            ),
            (
                "0 7 * * *",
                "0 7 * * 1-5",
                "Rien ne change avant le samedi 28 novembre 2026 à 7 h : cette édition n’aura pas lieu.",
            ),
            (
                "0 7,18 * * 2",
                "0 7,19 * * 2",
                "Rien ne change avant le mardi 24 novembre 2026 à 18 h : édition à 19 h au lieu de 18 h.",
            ),
            (
                "0 7 * * 1,2",
                "0 7 * * 2,3",
                "Rien ne change avant le mercredi 25 novembre 2026 à 7 h : édition le mercredi 25 novembre 2026 à 7 h au lieu du lundi 30 novembre 2026 à 7 h.",
            ),
            (
                "0 7 * * 1",
                "0 8 1 * *",
                "Prochaine édition : mardi 1er décembre 2026 à 8 h au lieu du lundi 30 novembre 2026 à 7 h.",
            ),
            (
                "0 7 * * 1",
                "0 7 29 2 *",
                "Prochaine édition : mardi 29 février 2028 à 7 h au lieu du lundi 30 novembre 2026 à 7 h.",
            ),
            ("0 7 * * 1-5", "0 7 * * mon-fri", "Rien ne change."),
            ("@daily", "0 0 * * *", "Rien ne change."),
        ] {
            assert_eq!(change((old, "Africa/Lome"), (new, "Africa/Lome")), expected, "{old} -> {new}");
        }
    }

    #[test]
    fn the_effect_of_a_new_zone_names_both() {
        for (old, new, expected) in [
            (
                "Africa/Lome",
                "Europe/Paris",
                "Prochaine édition : mardi 24 novembre 2026 à 7 h (Europe/Paris) au lieu de 7 h (Africa/Lome).",
            ),
            (
                "Africa/Lome",
                "Europe/London",
                "Rien ne change avant le lundi 29 mars 2027 à 7 h : édition à 7 h (Europe/London) au lieu de 7 h (Africa/Lome).",
            ),
            ("Africa/Lome", "Africa/Abidjan", "Rien ne change avant le vendredi 24 novembre 2028."),
        ] {
            assert_eq!(change(("0 7 * * 1-5", old), ("0 7 * * 1-5", new)), expected);
        }
    }
}
