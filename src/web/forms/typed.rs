//! What somebody typed into the form, as the page and the JSON endpoint take it: nothing is believed yet.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::fields::Fields;

/// The fields of an asking.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Typed {
    /// The address.
    #[serde(default)]
    pub address: String,
    /// The first name; empty when none was given.
    #[serde(default)]
    pub first_name: String,
    /// The newsletters by slug, each with the slugs of the rubrics wanted; none of them means all.
    #[serde(default)]
    pub newsletters: BTreeMap<String, Vec<String>>,
    /// When the form was shown: what [`crate::subscribers::FormTime`] wrote.
    #[serde(default)]
    pub form: String,
    /// A field that no person sees. Whoever fills it in is none.
    #[serde(default)]
    pub site: String,
}

impl Typed {
    /// Of a posted form: `address`, `first_name`, `newsletter` (a slug) once for each, `rubric` (a newsletter's slug, `/`,
    /// the rubric's) once for each, `form`, `site`. A rubric of a newsletter that was not ticked counts for nothing.
    #[must_use]
    pub(super) fn of_fields(fields: &Fields) -> Self {
        let mut newsletters: BTreeMap<String, Vec<String>> =
            fields.all("newsletter").map(|slug| (slug.to_owned(), Vec::new())).collect();
        for (newsletter, rubric) in fields.all("rubric").filter_map(|value| value.split_once('/')) {
            if let Some(rubrics) = newsletters.get_mut(newsletter) {
                rubrics.push(rubric.to_owned());
            }
        }
        let first = |name| fields.first(name).to_owned();
        Self {
            address: first("address"),
            first_name: first("first_name"),
            newsletters,
            form: first("form"),
            site: first("site"),
        }
    }

    /// Of an `application/x-www-form-urlencoded` body.
    #[must_use]
    pub fn of_form(body: &[u8]) -> Self {
        Self::of_fields(&Fields::of_form(body))
    }

    /// Of a JSON object with the names of this type's fields.
    ///
    /// # Errors
    /// What is wrong with it and where, without its values.
    pub fn of_json(body: &[u8]) -> Result<Self, serde_json::Error> {
        // serde takes an array for a struct.
        if body.trim_ascii_start().first() == Some(&b'[') {
            return Err(serde::de::Error::custom("an object is expected"));
        }
        serde_json::from_slice(body)
    }

    /// What a form that comes back has ticked: newsletters by their slug, rubrics as they are posted.
    #[must_use]
    pub fn ticked(&self) -> Vec<String> {
        let rubrics = |(slug, rubrics): (&String, &Vec<String>)| {
            rubrics.iter().map(|rubric| format!("{slug}/{rubric}")).collect::<Vec<_>>()
        };
        self.newsletters.keys().cloned().chain(self.newsletters.iter().flat_map(rubrics)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_and_the_json_endpoint_take_the_same() {
        let form = b"address=ama%40exemple.tg&first_name=Ama&newsletter=matinale&newsletter=soir\
            &rubric=matinale%2Fpolitique&rubric=matinale%2Fsport&rubric=hebdo%2Fsport&rubric=x&form=abc";
        let json = br#"{"address": "ama@exemple.tg", "first_name": "Ama", "form": "abc",
            "newsletters": {"matinale": ["politique", "sport"], "soir": []}}"#;
        let typed = Typed::of_form(form);
        assert_eq!(Typed::of_json(json).unwrap(), typed);
        assert_eq!(typed.ticked(), ["matinale", "soir", "matinale/politique", "matinale/sport"]);
        assert_eq!(Typed::of_json(b"{}").unwrap(), Typed::of_form(b""));
        for no in [&b"{\"adress\": \"\"}"[..], b"[]", b" [\"a@exemple.tg\"]", b"null", b""] {
            assert!(Typed::of_json(no).is_err());
        }
    }
}
