//! `[form]`: the form by which readers sign up, where it may stand, and how much it takes.

use super::origin::Origin;
use super::read::{Reader, Value, section};

section! {
    /// `[form]`.
    pub struct Form {
        /// Sites that may show the form in a frame and post to its JSON endpoint.
        pub origins: Vec<Origin>,
        /// Askings that a network (an IPv4 /24, an IPv6 /64) may make at once; further ones have to wait, longer each time.
        pub per_network: u32 = 20,
        /// Askings in an hour in all; whoever comes then is asked to come back, and the operator is told.
        pub per_hour: u32 = 1000,
    } then check
}

fn check(form: &Form, value: &Value<'_>, reader: &mut Reader) {
    for (key, number) in [("per_network", form.per_network), ("per_hour", form.per_hour)] {
        if number == 0 && value.get(key).is_some() {
            reader.mistakes.push(value.at_key(key), format!("`form.{key}`: expected at least 1"));
        }
    }
}
