//! The rows that tie a reader to a newsletter.

use crate::{id_type, text_enum};

id_type! {
    /// An address's row.
    SubscriberId
}

id_type! {
    /// What ties a subscriber to a newsletter; unsubscribe tokens carry it.
    SubscriptionId
}

id_type! {
    /// One asking to confirm a subscription.
    ConfirmationId
}

text_enum! {
    /// How far a subscription is. Only a confirmed one is mailed.
    SubscriptionState {
        /// Asked for, never confirmed.
        Pending = "pending",
        /// Confirmed by the reader, or imported with consent.
        Confirmed = "confirmed",
        /// Ended by the reader.
        Left = "left",
    }
}
