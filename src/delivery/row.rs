//! A delivery's row: its states, its kinds, what a claim gives.

use crate::clock::Timestamp;
use crate::db::KeyId;
use crate::delivery::pump::queue::Place;
use crate::newsletters::edition::EditionId;
use crate::newsletters::variant::VariantId;
use crate::subscribers::{ConfirmationId, SubscriberId, SubscriptionId};
use crate::{id_type, text_enum};

id_type! {
    /// A delivery's number.
    DeliveryId
}

text_enum! {
    /// What a delivery is for.
    Kind {
        /// An edition to a reader.
        Edition = "edition",
        /// The link that confirms an inscription.
        Confirmation = "confirmation",
        /// Something a person must know: an alarm, a receipt.
        Notice = "notice",
        /// To an editor: a preview, a test.
        Editor = "editor",
    }
}

impl Kind {
    /// A person who waits for an answer comes before digests. The lower number goes first.
    pub const fn priority(self) -> i64 {
        match self {
            Self::Confirmation => 0,
            Self::Notice => 1,
            Self::Editor => 2,
            Self::Edition => 5,
        }
    }

    /// Whose priority it is.
    pub fn of_priority(priority: i64) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.priority() == priority)
    }

    /// Every priority, the most urgent first.
    pub const PRIORITIES: [i64; 4] = [0, 1, 2, 5];
}

text_enum! {
    /// How far a delivery has come (P3).
    State {
        /// Waits for its hour.
        Pending = "pending",
        /// Some node has taken it to send.
        Claimed = "claimed",
        /// Its body was, or may have been, begun: the relay may have it.
        InDoubt = "in_doubt",
        /// The relay has it.
        Sent = "sent",
        /// It cannot be sent; the reason and the reply stand beside.
        Failed = "failed",
        /// It must not be sent any more: the reader left, for example.
        Cancelled = "cancelled",
    }
}

/// A claimed row: what one message is made of.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Claimed {
    /// The row.
    pub id: DeliveryId,
    /// What it is for.
    pub kind: Kind,
    /// The lower number goes first.
    pub priority: i64,
    /// When it was due.
    pub due_at: Timestamp,
    /// Of which edition.
    pub edition_id: Option<EditionId>,
    /// The address's domain, or the group it belongs to.
    pub recipient_group: String,
    /// Whose unsubscribe link it carries.
    pub subscription_id: Option<SubscriptionId>,
    /// Whose confirmation link it carries.
    pub confirmation_id: Option<ConfirmationId>,
    /// When that confirmation was made: part of its token.
    pub confirmation_at: Option<Timestamp>,
    /// Whose preferences its link opens.
    pub subscriber_id: Option<SubscriberId>,
    /// The message without what is one reader's own.
    pub variant_id: VariantId,
    /// Where it goes.
    pub address: String,
    /// The name as printed.
    pub name: Option<String>,
    /// Without angle brackets; the same for every try.
    pub message_id: String,
    /// The key of its token, since the first claim.
    pub token_key_id: Option<KeyId>,
    /// The second and the selectors of its signatures ([`super::signing`]), since its latest claim before any doubt.
    pub dkim: Option<String>,
    /// SHA-256 of its bytes, if it was ever in doubt: they must be the same again.
    pub message_hash: Option<Vec<u8>>,
    /// Temporary answers about the recipient so far.
    pub attempts: i64,
    /// This claim's number.
    pub epoch: i64,
    /// It was in doubt when it was claimed: the relay may have it already.
    pub doubtful: bool,
    /// When it was written.
    pub created_at: Timestamp,
    /// When trying ends.
    pub expires_at: Timestamp,
    /// Its place among those under way, while it has one.
    #[sqlx(skip)]
    pub place: Place,
}
