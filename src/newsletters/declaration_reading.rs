//! Declarations read out of a configuration.
//!
//! `config` stands at the bottom of the house and keeps as texts what it does not understand. Here they are read, and
//! what is wrong is reported at its place, all at once.

use std::collections::{HashMap, HashSet};
use std::fmt;

use toml::Spanned;

use crate::config::{self, Config, Mistakes, nearest};
use crate::french::slug::slug;
use crate::french::typography::{Spaces, typeset};
use crate::mail::{self, Address, Mailbox, dkim};

use super::declaration::{CategoryDeclaration, Declaration, Declarations};
use super::makeup::Makeup;
use super::schedule::Schedule;
use super::slug::Slug;
use super::template_name::TemplateName;
use super::zone::Zone;

/// Checks what a configuration declares.
///
/// # Errors
/// All the mistakes in it.
pub fn check(config: &Config) -> Result<Declarations, Mistakes> {
    let (declarations, mistakes) = read(config);
    mistakes.into_result()?;
    Ok(declarations)
}

/// Reads what a configuration declares as far as it can be understood, and what is wrong with the rest.
pub fn read(config: &Config) -> (Declarations, Mistakes) {
    let mut reading = Reading { mistakes: Mistakes::new(config.source().clone()) };
    let mut slugs = Taken::new("category");
    let categories = reading.categories(&config.categories, &mut slugs);
    reading.feeds(&config.configured_feeds, &categories, &mut slugs);
    let newsletters = reading.newsletters(&config.newsletters, &categories);
    reading.dkim(&config.dkim);
    for text in config.bounces.iter().filter_map(|bounces| bounces.unsubscribe.as_ref()) {
        reading.parse("bounces.unsubscribe", text, mail::unsubscribe_to);
    }
    for text in config.alerts.mail.iter().flatten() {
        reading.parse("alerts.mail", text, |text| expecting(Address::parse(text), ADDRESS));
    }
    (Declarations { categories, newsletters }, reading.mistakes)
}

struct Reading {
    mistakes: Mistakes,
}

impl Reading {
    /// Reads a text by its own parser; a key that was left out has been reported already.
    fn parse<T, E: fmt::Display>(
        &mut self,
        key: &str,
        text: &Spanned<String>,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        if text.span().is_empty() {
            return None;
        }
        match read(text.get_ref()) {
            Ok(value) => Some(value),
            Err(error) => {
                self.mistakes.push(text.span(), format!("`{key}`: {error}"));
                None
            }
        }
    }

    fn slugs(&mut self, key: &str, texts: &[Spanned<String>]) -> Vec<Slug> {
        texts.iter().filter_map(|text| self.parse(key, text, Slug::parse)).collect()
    }

    fn categories(&mut self, declared: &[config::Category], taken: &mut Taken) -> Vec<CategoryDeclaration> {
        let mut meanings = Taken::new("category.from");
        let mut checked = Vec::new();
        for category in declared {
            let (key, text) = match &category.slug {
                Some(slug) => ("category.slug", slug),
                None => ("category.name", &category.name),
            };
            let slug = match &category.slug {
                Some(text) => self.parse(key, text, Slug::parse),
                None => self.parse(key, text, slug_of_name),
            };
            let was = self.slugs("category.was", &category.was);
            let Some(slug) = slug else { continue };
            taken.take(&slug, text, &mut self.mistakes);
            for (was, text) in was.iter().zip(&category.was) {
                taken.take(was, text, &mut self.mistakes);
            }
            for text in &category.from {
                match Slug::parse(&crate::french::slug::slug(text.get_ref()).unwrap_or_default()) {
                    Ok(meaning) => meanings.take(&meaning, text, &mut self.mistakes),
                    Err(_) => self.mistakes.push(text.span(), "`category.from`: expected a name or a slug"),
                }
            }
            checked.push(CategoryDeclaration {
                name: category.name.get_ref().clone(),
                slug,
                was,
                from: category.from.iter().map(|text| text.get_ref().clone()).collect(),
                removed: category.removed,
            });
        }
        self.other_meanings(declared, &checked);
        checked
    }

    /// Configured feeds stand beside the rubrics: each has a slug of its own, and the rubrics it names are declared.
    fn feeds(
        &mut self,
        declared: &[config::ConfiguredFeed],
        categories: &[CategoryDeclaration],
        taken: &mut Taken,
    ) {
        for feed in declared {
            if let Some(slug) = self.parse("feed.slug", &feed.slug, Slug::parse) {
                taken.take(&slug, &feed.slug, &mut self.mistakes);
            }
            let was = self.slugs("feed.was", &feed.was);
            for (was, text) in was.iter().zip(&feed.was) {
                taken.take(was, text, &mut self.mistakes);
            }
            self.chosen("feed.categories", &feed.categories, categories);
            if let Some(author) = feed.author.as_ref().filter(|author| slug(author.get_ref()).is_none()) {
                self.mistakes.push(author.span(), "`feed.author`: expected a name");
            }
        }
    }

    /// A name under `from` that is another category's slug would file its articles wrongly.
    fn other_meanings(&mut self, declared: &[config::Category], checked: &[CategoryDeclaration]) {
        for category in declared {
            let own = category
                .slug
                .as_ref()
                .map_or_else(|| slug(category.name.get_ref()), |s| Some(s.get_ref().clone()));
            for text in &category.from {
                let meaning = slug(text.get_ref()).unwrap_or_default();
                let other = checked.iter().find(|other| other.slug.as_str() == meaning);
                let other = other.filter(|other| Some(other.slug.as_str()) != own.as_deref());
                if let Some(other) = other {
                    let name = &other.name;
                    self.mistakes.push(
                        text.span(),
                        format!("`category.from`: \"{meaning}\" is the category \"{name}\" itself"),
                    );
                }
            }
        }
    }

    fn dkim(&mut self, declared: &[config::Dkim]) {
        let mut taken = HashSet::new();
        for dkim in declared {
            let domain = self.parse("dkim.domain", &dkim.domain, |text| {
                let expected = "expected a domain such as \"lettres.exemple.tg\"";
                dkim::Name::domain(text).map_err(|error| format!("{expected} ({error})"))
            });
            let selector = self.parse("dkim.selector", &dkim.selector, |text| {
                dkim::Name::selector(text)
                    .map_err(|error| format!("expected a name such as \"k2026\" ({error})"))
            });
            if let (Some(domain), Some(selector)) = (domain, selector)
                && !taken.insert((domain, selector))
            {
                let what =
                    "`dkim.selector`: this selector of this domain is there already; each key has its own";
                self.mistakes.push(dkim.selector.span(), what);
            }
        }
    }

    fn newsletters(
        &mut self,
        declared: &[config::Newsletter],
        categories: &[CategoryDeclaration],
    ) -> Vec<Declaration> {
        let mut taken = Taken::new("newsletter");
        let mut checked = Vec::new();
        for newsletter in declared {
            if let Some(declaration) = self.newsletter(newsletter, categories, &mut taken) {
                checked.push(declaration);
            }
        }
        checked
    }

    fn newsletter(
        &mut self,
        declared: &config::Newsletter,
        categories: &[CategoryDeclaration],
        taken: &mut Taken,
    ) -> Option<Declaration> {
        // everything is read before anything is given up, so that every mistake is seen
        let slug = self.parse("newsletter.slug", &declared.slug, Slug::parse);
        let was = self.slugs("newsletter.was", &declared.was);
        if let Some(slug) = &slug {
            taken.take(slug, &declared.slug, &mut self.mistakes);
        }
        for (was, text) in was.iter().zip(&declared.was) {
            taken.take(was, text, &mut self.mistakes);
        }
        let from =
            self.parse("newsletter.from", &declared.from, |text| expecting(Mailbox::parse(text), FROM));
        let reply_to = declared.reply_to.as_ref().and_then(|text| {
            self.parse("newsletter.reply_to", text, |text| expecting(Mailbox::parse(text), FROM))
        });
        let bounce_to = self.parse("newsletter.bounce_to", &declared.bounce_to, |text| {
            expecting(Address::parse(text), ADDRESS)
        });
        let editors = declared.editors.iter().filter_map(|text| {
            self.parse("newsletter.editors", text, |text| expecting(Address::parse(text), ADDRESS))
        });
        let editors = editors.collect();
        let schedule = self.parse("newsletter.schedule", &declared.schedule, Schedule::parse);
        let template = declared
            .template
            .as_ref()
            .and_then(|text| self.parse("newsletter.template", text, TemplateName::parse));
        let chosen = declared
            .categories
            .as_ref()
            .map(|chosen| self.chosen("newsletter.categories", chosen, categories));
        let carried = match &chosen {
            Some(chosen) => chosen.iter().collect(),
            None => categories.iter().map(|category| &category.slug).collect::<Vec<_>>(),
        };
        let makeup = Makeup::read(declared, &carried, &mut self.mistakes);
        Some(Declaration {
            slug: slug?,
            was,
            title: declared.title.get_ref().clone(),
            description: declared.description.clone(),
            from: printed(from?),
            reply_to,
            bounce_to: bounce_to?,
            editors,
            schedule: schedule?,
            zone: Zone::parse(declared.timezone.name()).ok()?,
            pauses: declared.pauses.clone(),
            categories: chosen,
            max_age: declared.max_age,
            min_articles: declared.min_articles,
            template: template.unwrap_or_default(),
            makeup,
            after_pause: declared.after_pause,
            grace: declared.grace,
            hold: declared.hold,
            approval: declared.approval,
            expire_after: declared.expire_after,
            spread: declared.spread,
            welcome: declared.welcome,
            on_doubt: declared.on_doubt,
            noindex: declared.noindex,
            last_mail: declared.last_mail,
            count_clicks: declared.count_clicks,
            greeting: declared.greeting,
        })
    }

    /// The categories a newsletter names, each of them declared and in use.
    fn chosen(
        &mut self,
        key: &str,
        named: &[Spanned<String>],
        categories: &[CategoryDeclaration],
    ) -> Vec<Slug> {
        let mut chosen: Vec<Slug> = Vec::new();
        for text in named {
            let wanted = text.get_ref().as_str();
            let problem = match categories.iter().find(|category| category.slug.as_str() == wanted) {
                Some(category) if category.removed => "this category is declared as removed".to_owned(),
                Some(category) if chosen.contains(&category.slug) => "named twice".to_owned(),
                Some(category) => {
                    chosen.push(category.slug.clone());
                    continue;
                }
                None => undeclared(wanted, categories),
            };
            self.mistakes.push(text.span(), format!("`{key}`: \"{wanted}\": {problem}"));
        }
        chosen
    }
}

const FROM: &str = "\"La Matinale <matinale@lettres.exemple.tg>\" or \"matinale@lettres.exemple.tg\"";
const ADDRESS: &str = "\"redaction@exemple.tg\"";

fn expecting<T, E: fmt::Display>(result: Result<T, E>, example: &str) -> Result<T, String> {
    result.map_err(|error| format!("expected a mail address such as {example} ({error})"))
}

/// The mailbox with its name set in French: with U+00A0 throughout, since many a program's list draws a box for U+202F.
fn printed(from: Mailbox) -> Mailbox {
    let name = from.name().map(|name| typeset(name, Spaces::Plain));
    Mailbox::new(name.as_deref(), from.address().clone()).unwrap_or(from)
}

/// The slug made from a category's name.
fn slug_of_name(name: &str) -> Result<Slug, String> {
    let made = slug(name).ok_or("expected a name with letters or digits")?;
    Slug::parse(&made).map_err(|_| format!("its slug would be \"{made}\", which is taken by kiosque's own addresses; give it another: slug = \"{made}-2\""))
}

fn undeclared(wanted: &str, categories: &[CategoryDeclaration]) -> String {
    let by_name =
        categories.iter().find(|c| c.name == wanted || c.was.iter().any(|was| was.as_str() == wanted));
    let near = by_name.map(|c| c.slug.as_str());
    let near = near.or_else(|| nearest(wanted, categories.iter().map(|category| category.slug.as_str())));
    match near {
        Some(near) => format!("no [[category]] has this slug; did you mean \"{near}\"?"),
        None => "no [[category]] has this slug; declare it, or take it out of this list".to_owned(),
    }
}

/// Slugs in use, so that none is given away twice.
struct Taken {
    kind: &'static str,
    by: HashMap<Slug, std::ops::Range<usize>>,
}

impl Taken {
    fn new(kind: &'static str) -> Taken {
        Taken { kind, by: HashMap::new() }
    }

    fn take(&mut self, slug: &Slug, text: &Spanned<String>, mistakes: &mut Mistakes) {
        if let Some(first) = self.by.get(slug) {
            let (line, _) = mistakes.source().line_column(first.start);
            let message = format!("`{}`: the slug \"{slug}\" is already used in line {line}", self.kind);
            mistakes.push(text.span(), message);
        } else {
            self.by.insert(slug.clone(), text.span());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const EXAMPLE: &str = include_str!("../../config.toml");

    fn read_text(text: &str) -> (Declarations, Vec<String>) {
        let config = Config::from_toml_str(text, Path::new("/srv")).unwrap();
        let (declarations, mistakes) = read(&config);
        (declarations, mistakes.list().into_iter().map(|mistake| mistake.message.clone()).collect())
    }

    fn mistakes(text: &str) -> Vec<String> {
        read_text(text).1
    }

    #[test]
    fn the_example_declares_eight_categories_and_two_newsletters() {
        let (declarations, mistakes) = read_text(EXAMPLE);
        assert_eq!(mistakes, Vec::<String>::new());
        let slugs: Vec<&str> =
            declarations.categories.iter().map(|category| category.slug.as_str()).collect();
        let expected =
            ["politique", "economie", "societe", "culture", "sport", "tech-web", "cooperation", "sante"];
        assert_eq!(slugs, expected);
        let matinale = declarations.newsletter("matinale").unwrap();
        assert_eq!(matinale.schedule.to_string(), "0 7 * * 1-5");
        assert_eq!(matinale.bounce_to.as_str(), "retours@lettres.exemple.tg");
        assert_eq!(matinale.categories, None);
    }

    #[test]
    fn a_former_slug_finds_its_newsletter_unless_another_one_has_it_now() {
        let text = EXAMPLE.replace("# was = [\"le-matin\"]", "was = [\"le-matin\"]");
        let (declarations, _) = read_text(&text);
        assert_eq!(declarations.newsletter("le-matin").unwrap().slug.as_str(), "matinale");
        assert!(declarations.newsletter("le-soir").is_none());
    }

    #[test]
    fn slugs_are_given_away_once_and_some_never() {
        let twice = EXAMPLE.replace("name = \"Culture\"", "name = \"Politique\"");
        assert!(
            mistakes(&twice)[0].contains("the slug \"politique\" is already used in line"),
            "{:?}",
            mistakes(&twice)
        );
        let was = EXAMPLE.replace("# was = [\"business\"]", "was = [\"sport\"]");
        assert!(
            mistakes(&was)[0].contains("the slug \"sport\" is already used in line"),
            "{:?}",
            mistakes(&was)
        );
        let from = EXAMPLE.replace("from = [\"sports\"]", "from = [\"Tech\"]");
        assert!(mistakes(&from)[0].contains("`category.from`: the slug \"tech\""), "{:?}", mistakes(&from));
        let other = EXAMPLE.replace("from = [\"sports\"]", "from = [\"Économie\"]");
        assert!(
            mistakes(&other)[0].contains("is the category \"Économie\" itself"),
            "{:?}",
            mistakes(&other)
        );
        let reserved = EXAMPLE.replace("name = \"Culture\"", "name = \"Tout\"");
        assert!(mistakes(&reserved)[0].contains("slug = \"tout-2\""), "{:?}", mistakes(&reserved));
        let same = EXAMPLE.replace("slug = \"hebdo\"", "slug = \"matinale\"");
        assert!(
            mistakes(&same)[0].contains("the slug \"matinale\" is already used"),
            "{:?}",
            mistakes(&same)
        );
        let accents = EXAMPLE.replace("slug = \"hebdo\"", "slug = \"L'Été\"");
        assert!(mistakes(&accents)[0].contains("such as \"l-ete\""), "{:?}", mistakes(&accents));
    }

    #[test]
    fn a_newsletter_names_declared_categories_only() {
        let wrong =
            EXAMPLE.replace("[\"societe\", \"culture\"", "[\"Société\", \"météo\", \"culture\", \"culture\"");
        let found = mistakes(&wrong);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].contains("did you mean \"societe\"?"), "{found:?}");
        assert!(found[1].contains("declare it, or take it out of this list"), "{found:?}");
        assert!(found[2].contains("named twice"), "{found:?}");
        let removed = EXAMPLE.replace("name = \"Culture\"", "name = \"Culture\"\nremoved = true");
        assert!(mistakes(&removed)[0].contains("declared as removed"), "{:?}", mistakes(&removed));
    }

    #[test]
    fn wrong_schedules_and_addresses_are_all_seen_at_once() {
        let text = EXAMPLE
            .replace("\"0 7 * * 1-5\"", "\"0 7 1 * 1-5\"")
            .replace("\"30 8 * * sun\"", "\"30 25 * * sun\"")
            .replace("<hebdo@lettres.exemple.tg>", "<hebdo@localhost>")
            .replace(
                "reply_to = \"redaction@exemple.tg\"\nbounce_to = \"retours@lettres.exemple.tg\"\n",
                "bounce_to = \"retours\"\n",
            );
        let found = mistakes(&text);
        for part in ["both restricted", "hour", "`newsletter.from`", "`newsletter.bounce_to`"] {
            assert!(found.iter().any(|message| message.contains(part)), "{part}: {found:#?}");
        }
    }
}
