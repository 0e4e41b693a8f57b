//! Signed deliveries: what a row remembers of its signatures, so that a copy is the same to the byte.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use kiosque::clock::HOUR;
use kiosque::config::Config;
use kiosque::db::Db;
use kiosque::delivery::{Pump, Settings, Signing};
use kiosque::mail::dkim::{Algorithm, PublicKey, SigningKey, signatures};

use crate::support::database::each_engine;
use crate::support::newsroom::config_text;
use crate::support::post::{DAILY, Post, relay_at};
use crate::support::program::Place;
use crate::support::smtp::{Act, Rule, Step};

/// A folder with an RSA key `k1` and an Ed25519 key `e1`.
fn keys() -> (tempfile::TempDir, [PublicKey; 2]) {
    let folder = tempfile::tempdir().unwrap();
    let public = [("k1", Algorithm::Rsa), ("e1", Algorithm::Ed25519)].map(|(name, algorithm)| {
        let key = SigningKey::generate(algorithm).unwrap();
        std::fs::write(folder.path().join(name), key.to_pem().unwrap()).unwrap();
        key.public()
    });
    (folder, public)
}

/// The signers of a configuration with these tables besides.
fn signing(folder: &Path, tables: &str) -> Signing {
    let text = format!("{}\n{tables}", config_text(DAILY));
    Signing::of(&Config::from_toml_str(&text, folder).unwrap()).unwrap()
}

fn table(selector: &str) -> String {
    format!("[[dkim]]\ndomain = \"test.tg\"\nselector = \"{selector}\"\nkey = \"file:{selector}\"\n")
}

fn pump(post: &Post, signing: Signing) -> Pump {
    post.pump_with(vec![relay_at(&post.relay, 2)], Settings::default()).signing_with(signing)
}

/// A post of one reader whose first copy the relay takes without a word, an hour before it is sent again.
async fn in_doubt(db: &Db, signing: Signing) -> Post {
    let post = Post::to_readers(db, 1).await;
    post.relay.rule(Rule::at(Step::Dot, Act::Drop).but_takes().times(1));
    pump(&post, signing).step().await.unwrap();
    assert_eq!(post.states().await, [("in_doubt", 1)].into());
    post.room.clock.advance(HOUR);
    post
}

#[tokio::test]
async fn every_message_carries_both_signatures_and_a_copy_has_the_same_bytes() {
    let (folder, public) = keys();
    let both = signing(folder.path(), &(table("k1") + &table("e1")));
    each_engine(async |db| {
        let post = in_doubt(&db, both.clone()).await;
        post.run_out(&pump(&post, both.clone())).await;
        assert_eq!(post.states().await, [("sent", 1)].into());
        let taken = post.relay.taken();
        assert_eq!(taken.len(), 2);
        post.assert_promises().await;
        let found = signatures(&taken[0].message);
        let names: Vec<&str> = found.iter().map(|verdict| verdict.selector.as_str()).collect();
        assert_eq!(names, ["k1", "e1"]);
        for (verdict, key) in found.iter().zip(&public) {
            assert_eq!(verdict.check(key), Ok(()));
        }
    })
    .await;
}

#[tokio::test]
async fn a_copy_is_signed_by_the_retired_key_that_signed_the_first() {
    let (folder, public) = keys();
    let before = signing(folder.path(), &table("k1"));
    let after = signing(folder.path(), &(table("k1") + "retired = true\n" + &table("e1")));
    each_engine(async |db| {
        let post = in_doubt(&db, before.clone()).await;
        post.run_out(&pump(&post, after.clone())).await;
        post.assert_promises().await;
        assert_eq!(signatures(&post.relay.taken()[1].message)[0].check(&public[0]), Ok(()));
    })
    .await;
}

#[tokio::test]
async fn a_copy_whose_key_is_gone_is_held_with_the_reason() {
    let (folder, _) = keys();
    let before = signing(folder.path(), &table("k1"));
    for after in [signing(folder.path(), &table("e1")), Signing::default()] {
        each_engine(async |db| {
            let post = in_doubt(&db, before.clone()).await;
            post.drain(&pump(&post, after.clone())).await;
            assert_eq!(post.balance().await.held, 1);
            let reason = post.value("reason", "lecteur1@exemple.tg").await;
            assert!(reason.contains("no longer among [[dkim]]"), "{reason}");
            assert_eq!(post.relay.taken().len(), 1);
        })
        .await;
    }
}

#[tokio::test]
async fn a_message_that_waited_is_signed_by_who_signs_when_it_leaves() {
    let (folder, _) = keys();
    let (before, after) = (signing(folder.path(), &table("k1")), signing(folder.path(), &table("e1")));
    each_engine(async |db| {
        let post = Post::to_readers(&db, 1).await;
        post.relay.rule(Rule::at(Step::Rcpt, Act::Reply("451 4.7.1 later")).times(1));
        pump(&post, before.clone()).step().await.unwrap();
        assert_eq!(post.value("dkim", "lecteur1@exemple.tg").await.split(' ').next_back(), Some("k1"));
        post.run_out(&pump(&post, after.clone())).await;
        let found = signatures(&post.relay.taken()[0].message);
        assert_eq!(found.iter().map(|verdict| &verdict.selector[..]).collect::<Vec<_>>(), ["e1"]);
    })
    .await;
}

#[tokio::test]
async fn where_the_relay_signs_or_the_domain_is_anothers_nothing_is_signed() {
    let (folder, _) = keys();
    let relay_signs =
        config_text(DAILY).replace("url = \"maildir:outbox\"", "url = \"maildir:outbox\"\nsigns = true");
    let text = format!("{relay_signs}\n{}", table("k1"));
    let relay_signs = Signing::of(&Config::from_toml_str(&text, folder.path()).unwrap()).unwrap();
    let of_others = signing(folder.path(), &table("k1").replace("test.tg", "autre.tg"));
    for signing in [relay_signs, of_others, Signing::default()] {
        each_engine(async |db| {
            let post = in_doubt(&db, signing.clone()).await;
            post.run_out(&pump(&post, signing.clone())).await;
            post.assert_promises().await;
            assert_eq!(signatures(&post.relay.taken()[0].message).len(), 0);
        })
        .await;
    }
}

#[test]
fn a_made_key_is_its_owners_alone_is_never_overwritten_and_can_be_pasted_into_the_configuration() {
    let place = Place::new();
    for (file, more, length) in [("k1.pem", &[][..], 390..=420), ("e1.pem", &["--ed25519"], 60..=80)] {
        let selector = &file[..2];
        let words = ["dkim", "keygen", "--domain", "Exemple.tg", "--selector", selector, "--out", file];
        let out = place.out(&[&words[..], more].concat());
        let made = place.path().join(file);
        assert_eq!(std::fs::metadata(&made).unwrap().permissions().mode() & 0o777, 0o600);
        let key = SigningKey::from_pem(&std::fs::read_to_string(&made).unwrap()).unwrap();
        let record = out.lines().map(str::trim).find(|line| line.starts_with("v=DKIM1")).unwrap();
        assert!(length.contains(&record.len()), "{record}");
        assert_eq!(PublicKey::from_record(record).unwrap(), key.public());
        assert!(out.contains(&format!("{selector}._domainkey.exemple.tg. IN TXT ( \"v=DKIM1; k=")), "{out}");
        let lines: Vec<&str> = out.lines().map(str::trim).collect();
        let table = lines.iter().position(|line| *line == "[[dkim]]").unwrap();
        let text = format!("{}\n{}", config_text(DAILY), lines[table..table + 4].join("\n"));
        let config = Config::from_toml_str(&text, Path::new("/nowhere")).unwrap();
        let signing = Signing::of(&config).unwrap();
        assert_eq!(signing.signers_for("lettres.exemple.tg").count(), 1);

        let before = std::fs::read(&made).unwrap();
        let again = place.run(&[&words[..], more].concat());
        assert_eq!(again.status, Some(2));
        assert!(again.err.contains("is there already"), "{}", again.err);
        assert_eq!(std::fs::read(&made).unwrap(), before);
    }
    let wrong = place.run(&["dkim", "keygen", "--domain", "localhost", "--selector", "a", "--out", "x"]);
    assert_eq!(wrong.status, Some(2));
}

#[test]
fn a_key_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("k1"), "geheim").unwrap();
    for (selector, part) in [("k1", "no private key in PEM"), ("k2", "dkim.key: cannot read the file")] {
        let text = format!("{}\n{}", config_text(DAILY), table(selector));
        let config = Config::from_toml_str(&text, folder.path()).unwrap();
        let error = format!("{:#}", Signing::of(&config).unwrap_err());
        assert!(error.contains(&format!("selector {selector}")) && error.contains(part), "{error}");
    }
    let twice = format!("{}\n{}{}", config_text(DAILY), table("k1"), table("K1"));
    let config = Config::from_toml_str(&twice, folder.path()).unwrap();
    let mistakes = kiosque::newsletters::declaration_reading::check(&config).unwrap_err().to_string();
    assert!(mistakes.contains("this selector of this domain is there already"), "{mistakes}");
    let bad = format!("{}\n{}", config_text(DAILY), table("k 1").replace("test.tg", "localhost"));
    let config = Config::from_toml_str(&bad, folder.path()).unwrap();
    let mistakes = kiosque::newsletters::declaration_reading::check(&config).unwrap_err();
    assert_eq!(mistakes.len(), 2, "{mistakes}");
}
