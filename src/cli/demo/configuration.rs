//! The demo's `config.toml`: what an operator would write, with an invented publisher and a letter that leaves every
//! minute.

use std::net::SocketAddr;

/// The letter that leaves every minute.
pub(super) const LETTER: &str = "minute";

/// The file, for the addresses that were free. Paths in it start from its folder.
pub(super) fn text(http: SocketAddr, metrics: SocketAddr) -> String {
    format!(
        r#"# Written by `kiosque demo`, and gone with it. A real one: config.toml at the top of the repository.
public_url = "http://{http}"

[database]
url = "sqlite:kiosque.db"

[http]
listen = "{http}"

[metrics]
listen = "{metrics}"

[log]
filter = "warn"

[images]
folder = "images"
folder_url = "http://{http}/images/"

[feeds]
items = 30
window = "20m"

[publisher]
name = "Le Courrier de la Lagune"
law = ["TG"]
legal_form = "SARL-U"
address = "12, rue des Cocotiers, Lomé"
phone = "+228 00 00 00 00"
director = "A. Exemple"
haac_receipt = "0000/HAAC/00-0000/Pl/P"
email = "redaction@lagune.example"
privacy_contact = "donnees@lagune.example"

[[relay]]
url = "maildir:outbox"

[[category]]
name = "Politique"
[[category]]
name = "Économie"
[[category]]
name = "Société"
[[category]]
name = "Culture"
[[category]]
name = "Sport"
[[category]]
name = "Tech & Web"
[[category]]
name = "Coopération"
[[category]]
name = "Santé"

[[feed]]
slug = "l-essentiel"
name = "L’essentiel"
categories = ["politique", "economie", "societe"]

[[newsletter]]
slug = "{LETTER}"
title = "La Minute"
description = "Ce qui vient de paraître, chaque minute : pour voir partir des éditions."
from = "La Minute <minute@lagune.example>"
reply_to = "redaction@lagune.example"
bounce_to = "retours@lagune.example"
schedule = "* * * * *"
timezone = "Africa/Lome"
max_age = "36h"
max_articles = 12
hold = "0s"
grace = "1m"

[[newsletter]]
slug = "matinale"
title = "La Matinale"
description = "L’essentiel de l’actualité, du lundi au vendredi à 7 heures."
from = "La Matinale <matinale@lagune.example>"
reply_to = "redaction@lagune.example"
bounce_to = "retours@lagune.example"
schedule = "0 7 * * 1-5"
timezone = "Africa/Lome"
"#
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::cli::demo::content;
    use crate::clock::Timestamp;
    use crate::config::Config;
    use crate::newsletters::declaration_reading;

    #[test]
    fn it_is_a_configuration_without_mistakes_that_names_every_rubric_of_the_samples() {
        let text = text(([127, 0, 0, 1], 8080).into(), ([127, 0, 0, 1], 9090).into());
        let config = Config::from_toml_str(&text, Path::new("/nowhere")).unwrap();
        let declarations = declaration_reading::check(&config).unwrap();
        assert!(declarations.newsletter(LETTER).is_some());
        let declared: BTreeSet<&str> = declarations.categories.iter().map(|c| c.name.as_str()).collect();
        for article in content::published(Timestamp::from_millis(0)).unwrap() {
            for category in &article.categories {
                assert!(declared.contains(category.as_str()), "{category}");
            }
        }
    }
}
