//! Which slots are to be handled now, and how: promise P2 as a pure function.
//!
//! A slot lies after the moment its schedule was taken up. It is handled `hold` before it is due. A missed slot within
//! `grace` is sent once, late; of several missed ones the latest is sent, the others are coalesced into it. A slot
//! that falls into a pause, or is older than `grace`, is a row that says so.

use crate::clock::Timestamp;
use crate::config::DateRange;

use super::schedule::Schedule;
use super::slot::Slot;
use super::slot_store::SkipReason;
use super::zone::Zone;

/// What the newsletter's declaration says about its slots.
#[derive(Debug, Clone, Copy)]
pub struct SlotRules<'a> {
    /// When it is due, in wall-clock time.
    pub schedule: &'a Schedule,
    /// Where that wall hangs.
    pub zone: Zone,
    /// Days without an edition, on the zone's calendar.
    pub pauses: &'a [DateRange],
    /// How late a missed slot may still be sent (ms).
    pub grace: i64,
    /// How long before the slot it is frozen (ms).
    pub hold: i64,
}

/// What the database remembers of them.
#[derive(Debug, Clone, Default)]
pub struct SlotMemory {
    /// When the present schedule was taken up.
    pub taken_up_at: Timestamp,
    /// The latest slot that was handled, if any; an operator's skip of a coming slot does not count.
    pub handled_until: Option<Timestamp>,
    /// The operator's pause: from, until (open-ended when absent).
    pub pause: Option<(Timestamp, Option<Timestamp>)>,
}

/// What becomes of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotVerdict {
    /// It makes an edition.
    Edition,
    /// It sends nothing, and says why.
    Skip(SkipReason),
}

/// More slots than this in one step are left for the next: a year asleep must not become one huge transaction.
const AT_ONCE: usize = 500;

/// The slots to handle at `now`, in order, with what becomes of each.
#[must_use]
pub fn due_slots(rules: &SlotRules<'_>, memory: &SlotMemory, now: Timestamp) -> Vec<(Slot, SlotVerdict)> {
    let since = memory.handled_until.map_or(memory.taken_up_at, |until| until.max(memory.taken_up_at));
    let horizon = now.plus(rules.hold);
    let slots: Vec<Slot> = rules
        .schedule
        .slots_after(rules.zone, since.to_utc())
        .take_while(|slot| Timestamp::from(slot.at) <= horizon)
        .take(AT_ONCE)
        .collect();
    let sendable = |slot: &Slot| {
        let at = Timestamp::from(slot.at);
        at.plus(rules.grace) >= now && !is_paused(rules, memory, at)
    };
    // A full step may hide younger missed slots behind it: nothing in it is the latest then.
    let latest_missed = (slots.len() < AT_ONCE)
        .then(|| slots.iter().rposition(|slot| Timestamp::from(slot.at) <= now && sendable(slot)))
        .flatten();
    let verdicts: Vec<SlotVerdict> = slots
        .iter()
        .enumerate()
        .map(|(index, slot)| {
            let at = Timestamp::from(slot.at);
            if is_paused(rules, memory, at) {
                SlotVerdict::Skip(SkipReason::Paused)
            } else if at > now || latest_missed == Some(index) {
                SlotVerdict::Edition
            } else if latest_missed.is_some() || at.plus(rules.grace) >= now {
                SlotVerdict::Skip(SkipReason::Coalesced)
            } else {
                SlotVerdict::Skip(SkipReason::Missed)
            }
        })
        .collect();
    slots.into_iter().zip(verdicts).collect()
}

/// Whether a slot at `at` falls into the operator's pause or one of the declared ones.
#[must_use]
pub fn is_paused(rules: &SlotRules<'_>, memory: &SlotMemory, at: Timestamp) -> bool {
    let by_operator =
        memory.pause.is_some_and(|(from, until)| from <= at && until.is_none_or(|until| at < until));
    let day = rules.zone.local(at.to_utc()).date();
    by_operator || rules.pauses.iter().any(|pause| pause.contains(day))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{DAY, HOUR, MINUTE};

    fn at(text: &str) -> Timestamp {
        chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").expect("a time").and_utc().into()
    }

    struct Given {
        schedule: Schedule,
        memory: SlotMemory,
        pauses: Vec<DateRange>,
    }

    impl Given {
        fn every_morning() -> Self {
            let memory = SlotMemory { taken_up_at: at("2026-11-01 12:00"), ..SlotMemory::default() };
            Self { schedule: Schedule::parse("0 7 * * *").expect("a schedule"), memory, pauses: Vec::new() }
        }

        fn due(&self, now: &str) -> Vec<(String, SlotVerdict)> {
            let rules = SlotRules {
                schedule: &self.schedule,
                zone: Zone::parse("Africa/Lome").expect("a zone"),
                pauses: &self.pauses,
                grace: 4 * HOUR,
                hold: 30 * MINUTE,
            };
            let due = due_slots(&rules, &self.memory, at(now));
            due.into_iter().map(|(slot, verdict)| (slot.key.to_string(), verdict)).collect()
        }
    }

    const SENT: SlotVerdict = SlotVerdict::Edition;
    const MISSED: SlotVerdict = SlotVerdict::Skip(SkipReason::Missed);
    const COALESCED: SlotVerdict = SlotVerdict::Skip(SkipReason::Coalesced);
    const PAUSED: SlotVerdict = SlotVerdict::Skip(SkipReason::Paused);

    #[test]
    fn a_slot_is_handled_when_its_hold_begins_and_not_before() {
        let given = Given::every_morning();
        assert_eq!(given.due("2026-11-02 06:29"), []);
        assert_eq!(given.due("2026-11-02 06:30"), [("2026-11-02T07:00".to_owned(), SENT)]);
    }

    #[test]
    fn a_schedule_never_fires_before_it_was_taken_up() {
        let mut given = Given::every_morning();
        given.memory.taken_up_at = at("2026-11-02 07:01");
        assert_eq!(given.due("2026-11-02 07:05"), []);
    }

    #[test]
    fn a_missed_slot_within_grace_is_sent_late_and_an_older_one_is_not() {
        let mut given = Given::every_morning();
        given.memory.handled_until = Some(at("2026-11-02 07:00"));
        assert_eq!(given.due("2026-11-03 11:00"), [("2026-11-03T07:00".to_owned(), SENT)]);
        assert_eq!(given.due("2026-11-03 11:01"), [("2026-11-03T07:00".to_owned(), MISSED)]);
    }

    #[test]
    fn of_several_missed_slots_the_latest_is_sent_and_the_others_say_so() {
        let mut given = Given::every_morning();
        given.memory.handled_until = Some(at("2026-11-02 07:00"));
        let due = given.due("2026-11-05 08:00");
        let keys: Vec<&str> = due.iter().map(|(key, _)| &key[..10]).collect();
        assert_eq!(keys, ["2026-11-03", "2026-11-04", "2026-11-05"]);
        assert_eq!(due.iter().map(|(_, verdict)| *verdict).collect::<Vec<_>>(), [COALESCED, COALESCED, SENT]);
    }

    #[test]
    fn a_pause_is_a_row_a_slot_and_ends_when_it_says() {
        let mut given = Given::every_morning();
        given.memory.handled_until = Some(at("2026-11-02 07:00"));
        given.memory.pause = Some((at("2026-11-03 00:00"), Some(at("2026-11-04 00:00"))));
        let verdicts: Vec<SlotVerdict> = given.due("2026-11-04 07:00").into_iter().map(|due| due.1).collect();
        assert_eq!(verdicts, [PAUSED, SENT]);
        given.memory.pause = None;
        given.pauses = vec!["2026-11-03..2026-11-04".parse().expect("a range")];
        let verdicts: Vec<SlotVerdict> = given.due("2026-11-04 07:00").into_iter().map(|due| due.1).collect();
        assert_eq!(verdicts, [PAUSED, PAUSED]);
    }

    #[test]
    fn years_asleep_are_worked_off_in_steps_and_only_the_last_slot_is_sent() {
        let mut given = Given::every_morning();
        given.memory.taken_up_at = at("2026-11-02 12:00").plus(-800 * DAY);
        let first = given.due("2026-11-02 08:00");
        assert_eq!(first.len(), AT_ONCE);
        assert!(first.iter().all(|(_, verdict)| *verdict == MISSED));
        given.memory.handled_until = Some(at("2026-11-02 07:00").plus((AT_ONCE as i64 - 799) * DAY));
        let second = given.due("2026-11-02 08:00");
        assert_eq!(second.last().map(|due| due.1), Some(SENT));
        assert_eq!(second.iter().filter(|due| due.1 == SENT).count(), 1);
    }
}
