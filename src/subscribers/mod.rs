//! Readers: addresses, subscriptions, consent, suppression.
//!
//! A reader asks by the form ([`ask`]), presses the button behind the link in the mail ([`confirm`]) and leaves by
//! one click ([`leave`]). Every step is a consent event with the words that were read; whoever must not be mailed
//! stands in the suppressions as a keyed hash. Links that only show something read, and change nothing.

mod address;
mod ask;
mod audit;
mod choice;
mod confirm;
mod consent;
mod crowd;
mod csv;
mod enrol;
mod erase;
mod first_name;
mod form_limits;
mod form_sql;
mod form_time;
mod import;
mod keep;
mod leave;
mod list;
mod move_address;
mod move_sql;
mod newsletter;
mod origin;
mod own_data;
mod own_sql;
mod preferences;
mod preferences_sql;
mod preferences_token;
mod sheet;
mod sql;
mod subscription;
mod suppression;
mod token;
mod wave;

pub use address::AddressHash;
pub use ask::{ASK_EVERY, ASKS_UNTIL_CONFIRMED, Asked, Asking, ConfirmationDue, Wanted, ask};
pub use audit::{Audit, AuditKind, AuditLine, AuditScope, register_act};
pub use choice::{Choice, ChoiceError, ChoiceId, choices_of_readers, choose};
pub use confirm::{
    Confirmed, Link, OpenConfirmation, Refused, confirm, confirmation_token, look_at_confirmation, refuse,
};
pub use consent::{ConsentEvent, Event, Receipt, Reference, wording};
pub use crowd::make_crowd;
pub use enrol::{Enrolled, Enrolment, enrol};
pub use erase::forget;
pub use first_name::{FirstName, FirstNameError};
pub use form_limits::{Admission, FormLimits, FormNetwork, admit, forget_networks, form_is_flooded};
pub use form_time::{FILLED_AFTER, FormTime, SHOWN_FOR};
pub use import::{
    Column, Destination, Held, ImportError, ImportSummary, Kind, Letter, Mistake, Order, PlaceError, Places,
    Progress, System, import, read as read_list,
};
pub use keep::{go_on, letters_of};
pub use leave::{
    Leaving, Left, STAY_WITHIN, Scope, Stayed, leave, left_together, look_at_leaving, reader_of, stay,
};
pub use list::{Filter, Listed, Reader, ReaderSubscription, list, show};
pub use move_address::{
    AddressChange, AddressChangeId, AddressLink, CONFIRM_ADDRESS_FOR, Moved, UNDO_ADDRESS_FOR, ask_to_move,
    confirm_move, forget_address_changes, look_at_move, note_asked, note_told, undo_move,
};
pub use newsletter::{Newsletter, NewsletterId, find_newsletter, list_newsletters};
pub use origin::{Origin, truncate_origins, truncated};
pub use own_data::{
    OwnConfirmation, OwnEvent, OwnReader, OwnSubscription, OwnSuppression, moment, moment_or_none, own_reader,
};
pub use preferences::{
    Change, ChosenLetter, NAME_MAX, Preferences, Wish, choose_letter, lock_preferences, may_mail_link,
    preferences, preferences_of_address, rename,
};
pub use preferences_token::{PREFERENCES_PATH, PreferencesToken};
pub use sheet::Sheet;
pub use subscription::{ConfirmationId, SubscriberId, SubscriptionId, SubscriptionState};
pub use suppression::{Reason, Suppression, suppress, suppress_stored, suppression_of};
pub use token::{CONFIRM_FOR, ConfirmToken, UnsubscribeToken};
pub use wave::{Lifted, Listing, Wave, WaveReason, lift_wave, lifts, list_suppressions, wave_size};

use crate::db::Sql;

/// The statements of this module, for the test that prepares every one.
#[must_use]
pub fn statements() -> Vec<Sql> {
    [sql::ALL, crowd::ALL, form_sql::ALL, preferences_sql::ALL, move_sql::ALL, own_sql::ALL, import::sql::ALL]
        .concat()
}
