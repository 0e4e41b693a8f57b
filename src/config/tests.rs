//! The file as a whole: every mistake at once, each at its place.

use std::path::Path;

use super::*;

const EXAMPLE: &str = include_str!("../../config.toml");

/// The lines `line:column: message` of every mistake.
fn mistakes(text: &str) -> Vec<String> {
    let (config, mistakes) = Config::read(Source::new("config.toml", Path::new("/srv"), text));
    let place = |mistake: &Mistake| match &mistake.at {
        Some(at) => {
            let (line, column) = config.source().line_column(at.start);
            format!("{line}:{column}: {}", mistake.message)
        }
        None => mistake.message.clone(),
    };
    mistakes.list().into_iter().map(place).collect()
}

#[test]
fn the_example_is_right_and_says_what_is_left_of_it() {
    let config = Config::from_toml_str(EXAMPLE, Path::new("/srv")).unwrap();
    assert_eq!(config.categories.len(), 8);
    assert_eq!(config.newsletters.len(), 2);
    assert_eq!(config.newsletters[0].slug.get_ref(), "matinale");
    assert_eq!(config.database.url.read(), Ok(DatabaseTarget::Sqlite("/srv/data/kiosque.db".into())));
    assert_eq!(config.relays[0].url, RelayUrl::Maildir("/srv/data/outbox".into()));
    let left = config.example_values_left();
    let phone = left.iter().find(|value| value.key == "publisher.phone").unwrap();
    assert_eq!(EXAMPLE.lines().nth(phone.line - 1), Some("phone = \"+228 00 00 00 00\""));
    assert!(left.iter().any(|value| value.key == "newsletter.from"));
}

#[test]
fn every_mistake_is_reported_at_once_and_at_its_place() {
    let text = EXAMPLE
        .replace("listen = \"127.0.0.1:8080\"", "listn = \"127.0.0.1:8080\"")
        .replace("timezone = \"Africa/Lome\"\npauses", "timezone = \"Afrika/Lome\"\npauses")
        .replace("2026-12-24..2027-01-03", "2027-01-03..2026-12-24")
        .replace("# grace = \"4h\"", "grace = 4")
        .replace("director = \"A. Exemple\"", "director = \"\"")
        .replace("maildir:data/outbox", "smtp://mail.example.org");
    let found = mistakes(&text);
    let expected = [
        "unknown key `http.listn`; did you mean `listen`?",
        "`publisher.director` is empty: law = [\"TG\"] requires it in the legal notice",
        "`relay.url`: expected \"smtps://user@host\"",
        "`newsletter.timezone`: expected a time zone such as \"Africa/Lome\" or \"Europe/Paris\" (no zone is called \"Afrika/Lome\"; did you mean \"Africa/Lome\"?)",
        "`newsletter.pauses`: expected days such as \"2026-12-24..2027-01-03\" or \"2026-12-25\" (the range ends before it begins)",
        "`newsletter.grace`: expected a length of time such as \"30m\", \"4h\" or \"7d\" (found an integer)",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.contains(expected), "{found}\n{expected}");
    }
    let line = text.lines().position(|line| line.starts_with("listn")).unwrap() + 1;
    assert!(found[0].starts_with(&format!("{line}:1: ")), "{}", found[0]);
}

#[test]
fn missing_keys_are_named_where_their_table_begins() {
    let found = mistakes("[[newsletter]]\nslug = \"matinale\"\n");
    for key in ["public_url", "database.url", "newsletter.title", "newsletter.from", "newsletter.schedule"] {
        assert!(found.iter().any(|line| line.contains(&format!("`{key}`"))), "{key}: {found:#?}");
    }
    assert!(found.iter().any(|line| line.starts_with("1:1: `newsletter.title` is missing")), "{found:#?}");
    assert!(found.iter().any(|line| line.contains("[[relay]]")), "{found:#?}");
}

#[test]
fn the_law_decides_which_keys_of_the_publisher_are_required() {
    let french = EXAMPLE.replace("law = [\"TG\"]", "law = [\"FR\"]");
    let found = mistakes(&french);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].contains("`publisher.host` is missing: law = [\"FR\"]"), "{}", found[0]);
    let given = french.replace("# host = ", "host = ").replace("haac_receipt", "# haac_receipt");
    assert_eq!(mistakes(&given), Vec::<String>::new());
    let both = EXAMPLE.replace("law = [\"TG\"]", "law = [\"TG\", \"FR\", \"BJ\"]").replace("phone = ", "# ");
    let found = mistakes(&both);
    assert_eq!(found.iter().filter(|line| line.contains("`publisher.phone`")).count(), 1, "{found:#?}");
    assert!(
        found.iter().any(|line| line.contains("`publisher.law`: expected \"TG\" or \"FR\" (found \"BJ\")"))
    );
}

#[test]
fn errors_of_syntax_do_not_hide_the_other_mistakes() {
    let text =
        EXAMPLE.replace("[http]\nlisten = \"127.0.0.1:8080\"", "[http]\nlisten = \"127.0.0.1\"\nname == 3");
    let line = text.lines().position(|line| line.starts_with("name == 3")).unwrap() + 1;
    let found = mistakes(&text);
    assert!(found.iter().any(|mistake| mistake.starts_with(&format!("{line}:7: "))), "{found:#?}");
    assert!(
        found.iter().any(|line| line.contains("`http.listen`: expected an IP address and port")),
        "{found:#?}"
    );
}

#[test]
fn a_text_may_stand_in_the_environment_or_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("phone"), "+228 22 22 22 22\n").unwrap();
    let text = EXAMPLE
        .replace("\"+228 00 00 00 00\"", "\"file:phone\"")
        .replace("\"Le Journal\"", "\"env:CARGO_PKG_NAME\"")
        .replace("# tokens = ", "tokens = ")
        .replace("sqlite:data/kiosque.db", "env:KIOSQUE_NO_SUCH");
    let config = Config::from_toml_str(&text, folder.path()).unwrap();
    assert_eq!(config.publisher.phone, "+228 22 22 22 22");
    assert_eq!(config.publisher.name, "kiosque");
    assert!(config.api.tokens[0].read().is_err(), "a token is read when used");
    assert!(config.database.url.read().unwrap_err().to_string().contains("KIOSQUE_NO_SUCH"));
    let missing = EXAMPLE.replace("\"Le Journal\"", "\"env:KIOSQUE_NO_SUCH\"");
    assert!(mistakes(&missing)[0].contains("publisher.name: the environment variable KIOSQUE_NO_SUCH"));
}

#[test]
fn passwords_never_show_in_debug_output() {
    let text = EXAMPLE
        .replace("sqlite:data/kiosque.db", "postgres://k:sesame@db/kiosque")
        .replace("maildir:data/outbox", "smtps://lettres@mail.example.org")
        .replace("# password = \"env:RELAY_PASSWORD\"", "password = \"sesame\"");
    let config = Config::from_toml_str(&text, Path::new("/srv")).unwrap();
    assert!(!format!("{:?}", config.sections).contains("sesame"));
    assert!(!format!("{:?}", config.database.url.read()).contains("sesame"));
}

#[test]
fn a_relay_with_a_user_needs_a_password_and_the_other_way_round() {
    let user = EXAMPLE.replace("maildir:data/outbox", "smtps://lettres@mail.example.org");
    assert!(mistakes(&user)[0].contains("`relay.password` is missing"));
    let password = EXAMPLE.replace("# password = \"env:RELAY_PASSWORD\"", "password = \"x\"");
    assert!(mistakes(&password)[0].contains("`relay.url` names no user"));
}

#[test]
fn header_forging_characters_are_refused_in_texts() {
    let text = EXAMPLE.replace("title = \"La Matinale\"", "title = \"La\\r\\nBcc: x\"");
    assert!(mistakes(&text)[0].contains("U+000D"), "{:?}", mistakes(&text));
}

#[test]
fn a_log_filter_that_cannot_be_read_is_a_mistake() {
    let text = EXAMPLE.replace("# filter = \"info\"", "filter = \"info,sqlx=loud\"");
    assert!(mistakes(&text)[0].contains("`log.filter`: expected a filter"), "{:?}", mistakes(&text));
}
