//! Prometheus' text format, for what is asked of the database when somebody looks. Such values go straight to the
//! answer: kept in a recorder, an edition long past or an empty queue would go on saying what it last said.

use std::fmt::Write as _;

/// An answer in the making.
#[derive(Debug, Default)]
pub(super) struct Exposition(String);

impl Exposition {
    /// Adds a gauge with its samples, each with the labels inside the braces (`state="sent"`, or none).
    pub(super) fn gauge(&mut self, name: &str, help: &str, samples: impl IntoIterator<Item = (String, f64)>) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} gauge");
        for (labels, value) in samples {
            let _ = match labels.as_str() {
                "" => writeln!(self.0, "{name} {value}"),
                labels => writeln!(self.0, "{name}{{{labels}}} {value}"),
            };
        }
    }

    /// The text.
    pub(super) fn into_text(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gauge_says_what_it_is_even_when_it_has_no_samples() {
        let mut exposition = Exposition::default();
        exposition.gauge("a_up", "Up.", [(String::new(), 1.0)]);
        exposition.gauge("b_rows", "Rows.", [("state=\"sent\"".to_owned(), 12.0)]);
        exposition.gauge("c_none", "None.", []);
        assert_eq!(
            exposition.into_text(),
            "# HELP a_up Up.\n# TYPE a_up gauge\na_up 1\n\
             # HELP b_rows Rows.\n# TYPE b_rows gauge\nb_rows{state=\"sent\"} 12\n\
             # HELP c_none None.\n# TYPE c_none gauge\n"
        );
    }
}
