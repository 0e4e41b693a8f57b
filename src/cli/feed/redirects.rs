//! `kiosque feed redirects`: rules for a site's own server that send its old feed addresses here.
//!
//! The rules only tell a feed's address from others; which feed it means today is looked up here
//! (`feeds::former`), so that they need not be printed again when rubrics are renamed.

use std::path::Path;

use crate::cli::Failure;
use crate::cli::output::say;
use crate::cli::setup;
use crate::config::PublicUrl;

/// What answers for the site.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Server {
    /// nginx
    Nginx,
    /// Apache httpd with `mod_rewrite`, in a .htaccess too
    Apache,
    /// WordPress itself, where nobody can change the server: a must-use plugin
    #[value(name = "wordpress")]
    WordPress,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// What answers for the site
    #[arg(long = "for", value_name = "SERVER")]
    server: Server,
    /// The site's address, if it stands in a folder, such as `https://www.exemple.tg/journal`
    #[arg(long, value_name = "URL", value_parser = |text: &str| PublicUrl::parse(text))]
    site: Option<PublicUrl>,
}

/// Prints the rules.
pub(super) fn run(named: Option<&Path>, arguments: &Arguments) -> Result<(), Failure> {
    let (config, _) = setup::configuration(named)?;
    let rules = rules(arguments.server, &config.public_url, arguments.site.as_ref());
    say(rules.map_err(|mistake| Failure::usage(format!("kiosque: {mistake}")))?.trim_end());
    Ok(())
}

/// Why there can be no rules.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum NoRules {
    /// A request would be sent in a circle.
    #[error("the site and kiosque have the same address, {0}: the rules would lead in a circle")]
    SameAddress(String),
    /// A path that the three syntaxes do not quote alike.
    #[error("the path {0:?} holds more than letters, digits and - _ . /: write the rules by hand")]
    Path(String),
}

/// The names of WordPress's formats, in paths and in `?feed=`.
const FORMATS: &str = "feed|rdf|rss2?|atom|json";

/// The rules for a site at `site`, or at the root of a host of its own.
fn rules(server: Server, kiosque: &PublicUrl, site: Option<&PublicUrl>) -> Result<String, NoRules> {
    let folder = site.map_or("", PublicUrl::path);
    let same_host = site.is_none_or(|site| site.host() == kiosque.host());
    if site.is_some() && same_host && folder == kiosque.path() {
        return Err(NoRules::SameAddress(kiosque.as_str().to_owned()));
    }
    let (under, own) = (quoted(folder)?, quoted(kiosque.path())?);
    let paths = format!(
        "^{under}/(?:(?:[^?]+/)?(?:feed|rdf|rss2?|atom)(?:/(?:{FORMATS}))?/?\
         |[^?]+\\.feed|wp-(?:rss2?|atom|rdf|feed|commentsrss2)\\.php)(?:[?]|$)"
    );
    let mut never = format!("^{under}/wp-(?:admin|content|includes|json)(?:[/?]|$)");
    if same_host && !own.is_empty() {
        never.push_str(&format!("|^{own}(?:[/?]|$)"));
    }
    let template = match server {
        Server::Nginx => include_str!("rules/nginx.conf"),
        Server::Apache => include_str!("rules/apache.conf"),
        Server::WordPress => include_str!("rules/wordpress.php"),
    };
    Ok(template
        .replace("@KIOSQUE@", kiosque.as_str())
        .replace("@UNDER@", &format!("^{under}(?<kiosque_rest>[/?].*)?$"))
        .replace("@UNDER_REQUEST@", &format!("{under}(/[^? ]*)?"))
        .replace("@SITE@", &format!("^{under}(?:/|$)"))
        .replace("@PATHS@", &paths)
        .replace("@NEVER@", &never)
        .replace("@FORMATS@", &format!("{FORMATS}|comments-[a-z0-9]+")))
}

/// A path as a regular expression that matches itself, in quotes or not, in all three syntaxes.
fn quoted(path: &str) -> Result<String, NoRules> {
    if path.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c)) {
        Ok(path.replace('.', "\\."))
    } else {
        Err(NoRules::Path(path.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> PublicUrl {
        PublicUrl::parse(text).unwrap()
    }

    #[test]
    fn the_rules_lead_to_the_configured_address_and_leave_nothing_open() {
        for server in [Server::Nginx, Server::Apache, Server::WordPress] {
            for site in [None, Some(url("https://www.exemple.tg/journal"))] {
                let rules = rules(server, &url("https://lettres.exemple.tg"), site.as_ref()).unwrap();
                assert!(rules.contains("https://lettres.exemple.tg"), "{rules}");
                assert!(!rules.contains('@'), "a place is not filled in\n{rules}");
                assert_eq!(rules.contains("^/journal"), site.is_some(), "{rules}");
            }
        }
    }

    #[test]
    fn kiosque_below_the_sites_own_address_is_left_alone() {
        let kiosque = url("https://www.exemple.tg/lettres");
        let never = "|^/lettres(?:[/?]|$)";
        assert!(rules(Server::Nginx, &kiosque, None).unwrap().contains(never));
        assert!(
            rules(Server::Nginx, &kiosque, Some(&url("https://www.exemple.tg"))).unwrap().contains(never)
        );
        assert!(!rules(Server::Nginx, &kiosque, Some(&url("https://exemple.tg"))).unwrap().contains(never));
    }

    #[test]
    fn rules_that_would_lead_in_a_circle_or_break_the_syntax_are_refused() {
        let kiosque = url("https://www.exemple.tg");
        let same = rules(Server::Apache, &kiosque, Some(&url("http://www.exemple.tg/")));
        assert_eq!(same, Err(NoRules::SameAddress("https://www.exemple.tg".into())));
        let odd = rules(Server::Nginx, &kiosque, Some(&url("https://exemple.tg/a;b")));
        assert_eq!(odd, Err(NoRules::Path("/a;b".into())));
    }
}
