//! Recipient groups: domains that the same hosts serve, and the pace they are sent to. A shipped list, without DNS.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock};

use serde::Deserialize;

use crate::config;

/// How fast a group may be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub struct Pace {
    /// Messages under way at a time; none: no bound.
    pub in_flight: Option<u32>,
    /// Messages a second; none: no bound.
    pub rate: Option<u32>,
}

/// Which domain belongs to which group, and each group's pace. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Groups(Arc<Table>);

#[derive(Debug, Clone, Default)]
struct Table {
    of_domain: HashMap<String, String>,
    paces: HashMap<String, Pace>,
    /// `of_domain` as a JSON object, for the fan-out's statement.
    json: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shipped {
    domains: Vec<String>,
    in_flight: Option<u32>,
    rate: Option<u32>,
}

static SHIPPED: LazyLock<Groups> = LazyLock::new(|| {
    let shipped: BTreeMap<String, Shipped> = {
        #[expect(clippy::expect_used, reason = "the list stands in the program, and a test reads it")]
        toml::from_str(include_str!("groups.toml")).expect("the shipped list is right")
    };
    let mut table = Table::default();
    for (name, group) in shipped {
        table.of_domain.extend(group.domains.into_iter().map(|domain| (domain, name.clone())));
        table.paces.insert(name, Pace { in_flight: group.in_flight, rate: group.rate });
    }
    table.finish()
});

impl Table {
    fn finish(mut self) -> Groups {
        let ordered: BTreeMap<_, _> = self.of_domain.iter().collect();
        self.json = serde_json::json!(ordered).to_string();
        Groups(Arc::new(self))
    }
}

impl Groups {
    /// The shipped list.
    #[must_use]
    pub fn shipped() -> Self {
        SHIPPED.clone()
    }

    /// The shipped list, changed and extended by the configuration.
    #[must_use]
    pub fn of(configured: &[config::RecipientGroup]) -> Self {
        let mut table = (*SHIPPED.0).clone();
        for group in configured {
            let name = group.name.get_ref().to_lowercase();
            for domain in &group.domains {
                table.of_domain.insert(domain.get_ref().to_lowercase(), name.clone());
            }
            let pace = table.paces.entry(name).or_default();
            *pace = Pace { in_flight: group.in_flight.or(pace.in_flight), rate: group.rate.or(pace.rate) };
        }
        table.finish()
    }

    /// The group of a domain, itself where it belongs to none. A group's own name is its group, too.
    #[must_use]
    pub fn group<'a>(&'a self, domain: &'a str) -> &'a str {
        self.0.of_domain.get(domain).map_or(domain, String::as_str)
    }

    /// The pace of a group.
    #[must_use]
    pub fn pace(&self, group: &str) -> Pace {
        self.0.paces.get(group).copied().unwrap_or_default()
    }

    /// Every domain with its group, as a JSON object.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.0.json
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn domains_of_one_provider_are_one_group_and_every_other_is_its_own() {
        let groups = Groups::shipped();
        for (domain, group) in [
            ("gmail.com", "google"),
            ("googlemail.com", "google"),
            ("hotmail.fr", "microsoft"),
            ("live.fr", "microsoft"),
            ("aol.com", "yahoo"),
            ("ymail.com", "yahoo"),
            ("wanadoo.fr", "orange"),
            ("free.fr", "free"),
            ("laposte.net", "laposte"),
            ("neuf.fr", "sfr"),
            ("exemple.tg", "exemple.tg"),
            ("orange", "orange"),
        ] {
            assert_eq!(groups.group(domain), group);
        }
        assert_eq!(groups.pace("orange").in_flight, Some(2));
        assert_eq!(groups.pace("exemple.tg"), Pace::default());
        let json: BTreeMap<String, String> = serde_json::from_str(groups.json()).unwrap();
        assert_eq!(json["wanadoo.fr"], "orange");
    }

    #[test]
    fn the_configuration_changes_and_extends_the_list() {
        let text = "public_url = \"https://lettres.test.tg\"\n[database]\nurl = \"sqlite:k.db\"\n[http]\n\
            listen = \"127.0.0.1:8080\"\n[publisher]\nname = \"Le Journal\"\nlaw = []\nlegal_form = \"SARL\"\n\
            address = \"Lomé\"\nphone = \"+228 22 22 22 22\"\ndirector = \"A. M.\"\nemail = \"a@test.tg\"\n\
            privacy_contact = \"b@test.tg\"\n[[relay]]\nurl = \"maildir:out\"\n";
        let groups = "[[recipient_group]]\nname = \"orange\"\ndomains = [\"orange.tg\"]\nrate = 2\n\
            [[recipient_group]]\nname = \"Presse\"\ndomains = [\"Presse.tg\", \"journal.tg\"]\nin_flight = 1\n";
        let folder = std::path::Path::new("/srv");
        let config = Config::from_toml_str(&format!("{text}{groups}"), folder).unwrap();
        let list = Groups::of(&config.recipient_groups);
        assert_eq!((list.group("orange.tg"), list.group("wanadoo.fr")), ("orange", "orange"));
        assert_eq!(list.pace("orange"), Pace { in_flight: Some(2), rate: Some(2) });
        assert_eq!((list.group("presse.tg"), list.pace("presse").in_flight), ("presse", Some(1)));

        let wrong = "[[recipient_group]]\nname = \"orange\"\ndomains = [\"a@b.tg\"]\nrate = 0\n";
        let mistakes = Config::from_toml_str(&format!("{text}{wrong}"), folder).unwrap_err().to_string();
        assert!(mistakes.contains("config.toml:19:") && mistakes.contains("config.toml:20:"), "{mistakes}");
    }
}
