//! Articles, their categories and the doors they come in by.

use crate::id_type;

id_type! {
    /// An article's row.
    ArticleId
}

id_type! {
    /// A category's row.
    CategoryId
}
