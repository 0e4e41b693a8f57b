//! `kiosque feed check`, and its rules on what other systems write.

use std::collections::BTreeSet;
use std::io::Read as _;

use axum::http::Method;
use axum::http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, ETAG, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};
use kiosque::clock::Timestamp;
use kiosque::feeds::check::{self, Exchange, Reply, Severity};

use crate::support::database::each_engine;
use crate::support::program::Place;
use crate::support::site::Site;

/// 2026-11-23T08:00:00Z.
const NOW: Timestamp = Timestamp::from_millis(1_795_420_800_000);

/// The rules that a document breaks, errors and warnings alone.
fn broken(feed: &str, location: &str) -> BTreeSet<&'static str> {
    let report = check::check(feed.as_bytes(), Some(location), NOW);
    let grave = report.findings.iter().filter(|finding| finding.rule.severity < Severity::Advice);
    grave.map(|finding| finding.rule.id).collect()
}

#[test]
fn what_wordpress_ghost_and_hugo_write_is_told_from_what_is_right() {
    let wordpress = r#"<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"
	xmlns:content="http://purl.org/rss/1.0/modules/content/"
	xmlns:wfw="http://wellformedweb.org/CommentAPI/"
	xmlns:dc="http://purl.org/dc/elements/1.1/"
	xmlns:atom="http://www.w3.org/2005/Atom"
	xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"
	xmlns:slash="http://purl.org/rss/1.0/modules/slash/"
	>
<channel>
	<title>Le Journal</title>
	<atom:link href="https://www.exemple.tg/feed/?null" rel="self" type="application/rss+xml" />
	<link>https://www.exemple.tg</link>
	<description></description>
	<lastBuildDate>Mon, 23 Nov 2026 07:58:00 +0000</lastBuildDate>
	<language>fr-FR</language>
	<sy:updatePeriod>hourly</sy:updatePeriod>
	<sy:updateFrequency>1</sy:updateFrequency>
	<generator>https://wordpress.org/?v=6.8.3</generator>
	<item>
		<title>L&#8217;été &#038; la mer</title>
		<link>https://www.exemple.tg/2026/11/ete/</link>
		<dc:creator><![CDATA[Afi]]></dc:creator>
		<pubDate>Mon, 23 Nov 2026 07:00:00 +0000</pubDate>
		<category><![CDATA[Société]]></category>
		<guid isPermaLink="false">https://www.exemple.tg/?p=12</guid>
		<description><![CDATA[<p>La suite [&#8230;]</p>]]></description>
		<content:encoded><![CDATA[<p style="position:absolute">a <a href="/b">b</a></p>
<iframe src="https://www.youtube.com/embed/x"></iframe><script>s()</script>]]></content:encoded>
		<wfw:commentRss>https://www.exemple.tg/2026/11/ete/feed/</wfw:commentRss>
		<slash:comments>3</slash:comments>
	</item>
</channel>
</rss>"#;
    let expected = ["relative-reference", "self-is-elsewhere", "unsafe-element", "unsafe-style"];
    assert_eq!(broken(wordpress, "https://www.exemple.tg/feed/"), BTreeSet::from(expected));

    let ghost = r#"<?xml version="1.0" encoding="UTF-8"?><rss xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:atom="http://www.w3.org/2005/Atom" version="2.0" xmlns:media="http://search.yahoo.com/mrss/"><channel><title><![CDATA[Le Journal]]></title><description><![CDATA[Nouvelles]]></description><link>https://www.exemple.tg/</link><image><url>https://www.exemple.tg/favicon.png</url><title>Le Journal</title><link>https://www.exemple.tg/</link></image><generator>Ghost 5.96</generator><lastBuildDate>Mon, 23 Nov 2026 07:59:59 GMT</lastBuildDate><atom:link href="https://www.exemple.tg/rss/" rel="self" type="application/rss+xml"/><ttl>60</ttl><item><title><![CDATA[Le pont]]></title><description><![CDATA[Le chantier]]></description><link>https://www.exemple.tg/le-pont/</link><guid isPermaLink="false">6412f0c1e8a1f70001a1b2c3</guid><category><![CDATA[Société]]></category><dc:creator><![CDATA[Afi]]></dc:creator><pubDate>Mon, 23 Nov 2026 07:00:00 GMT</pubDate><media:content url="https://www.exemple.tg/content/images/p.jpg" medium="image"/><content:encoded><![CDATA[<img src="https://www.exemple.tg/content/images/p.jpg" alt="Le pont"><p>Le chantier</p>]]></content:encoded></item></channel></rss>"#;
    assert_eq!(broken(ghost, "https://www.exemple.tg/rss/"), BTreeSet::new());

    let hugo = r#"<?xml version="1.0" encoding="utf-8" standalone="yes"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom">
  <channel>
    <title>Le Journal</title>
    <link>https://www.exemple.tg/</link>
    <description>Recent content on Le Journal</description>
    <generator>Hugo</generator>
    <language>fr_TG</language>
    <managingEditor>redaction@exemple.tg</managingEditor>
    <lastBuildDate>lun., 23 nov. 2026 07:00:00 +0000</lastBuildDate>
    <atom:link href="https://www.exemple.tg/index.xml" rel="self" type="application/rss+xml" />
    <item>
      <title>Le pont</title>
      <link>https://www.exemple.tg/pont/</link>
      <pubDate>Mon, 01 Jan 0001 00:00:00 +0000</pubDate>
      <guid>https://www.exemple.tg/pont/</guid>
      <description>&lt;p&gt;Voir &lt;a href=&#34;../mer/&#34;&gt;la mer&lt;/a&gt;&lt;/p&gt;</description>
    </item>
  </channel>
</rss>"#;
    let expected =
        ["ancient-date", "invalid-language", "invalid-rfc822-date", "no-real-name", "relative-reference"];
    assert_eq!(broken(hugo, "https://www.exemple.tg/index.xml"), BTreeSet::from(expected));
}

#[test]
fn the_document_of_the_rules_names_every_one_as_the_program_does() {
    let path = "docs/feed-check.md";
    let document = std::fs::read_to_string(path).expect("the document");
    let (before, _) = document.split_once("## The rules\n").expect("its part on the rules");
    let mut expected = format!("{before}## The rules\n");
    for severity in [Severity::Error, Severity::Warning, Severity::Advice] {
        expected.push_str(match severity {
            Severity::Error => "\n### Errors\n\n",
            Severity::Warning => "\n### Warnings\n\n",
            Severity::Advice => "\n### Advice\n\n",
        });
        expected.push_str("| rule | why, and what to do | source |\n| --- | --- | --- |\n");
        for rule in check::rules().into_iter().filter(|rule| rule.severity == severity) {
            let advice = rule.advice.replace('<', "&lt;").replace('|', "\\|");
            expected.push_str(&format!("| `{}` | {advice} | {} |\n", rule.id, rule.source));
        }
    }
    if std::env::var_os("KIOSQUE_WRITE_DOCS").is_some() {
        std::fs::write(path, &expected).expect("the document is written");
    }
    assert!(
        document == expected,
        "{path} is not what the rules are; KIOSQUE_WRITE_DOCS=1 cargo test --test it feed_check writes it"
    );
}

/// Asks a feed as `kiosque feed check` does.
async fn exchange(site: &Site, path: &str) -> Exchange {
    let reply = async |method: Method, headers: &[(HeaderName, &str)]| {
        let answer = site.ask(method, path, headers).await;
        let body = match answer.headers.get(CONTENT_ENCODING).map(|coding| coding.to_str().unwrap()) {
            Some("gzip") => {
                let mut plain = Vec::new();
                flate2::read::GzDecoder::new(&answer.body[..]).read_to_end(&mut plain).ok();
                plain
            }
            Some(other) => panic!("{other}"),
            None => answer.body,
        };
        Reply { status: answer.status, headers: answer.headers, body }
    };
    let full = reply(Method::GET, &[(ACCEPT_ENCODING, "gzip")]).await;
    let validator = |name: HeaderName| full.headers[name].to_str().unwrap().to_owned();
    let (tag, date) = (validator(ETAG), validator(LAST_MODIFIED));
    let gzip = (ACCEPT_ENCODING, "gzip");
    Exchange {
        asked: format!("https://lettres.exemple.tg{path}"),
        plain: Some(reply(Method::GET, &[]).await),
        conditional: Some(
            reply(Method::GET, &[gzip.clone(), (IF_NONE_MATCH, &tag), (IF_MODIFIED_SINCE, &date)]).await,
        ),
        dated: Some(reply(Method::GET, &[gzip.clone(), (IF_MODIFIED_SINCE, &date)]).await),
        head: Some(reply(Method::HEAD, &[gzip]).await),
        full,
        ..Exchange::default()
    }
}

#[tokio::test]
async fn what_we_serve_breaks_no_rule_of_http_not_even_advice() {
    each_engine(async |db| {
        let site = Site::ready(db).await;
        for path in [
            "/flux/tout.rss",
            "/flux/tout.atom",
            "/flux/tout.json",
            "/flux/sport.rss",
            "/flux/sport.json",
            "/flux.opml",
        ] {
            let exchange = exchange(&site, path).await;
            let report = check::check_answers(&exchange, site.news.clock.now());
            assert_eq!(report.findings, [], "{path}");
        }
    })
    .await;
}

#[test]
fn an_operator_reads_what_is_wrong_where_why_and_what_to_do() {
    let place = Place::new();
    let feed = "<?xml version=\"1.0\"?>\n<rss version=\"2.0\"><channel><title>A</title><link>https://x.tg/</link>\n\
        <description>B</description><item><title>Hier</title><pubDate>hier</pubDate></item></channel></rss>";
    std::fs::write(place.path().join("feed.xml"), feed).unwrap();
    let ran = place.run(&["feed", "check", "feed.xml"]);
    assert_eq!(ran.status, Some(1), "{}", ran.out);
    for part in [
        "feed.xml\n  error  invalid-rfc822-date\n    line 3, “Hier”: <pubDate> is no date: “hier”.\n      Readers show",
        "      [W3C InvalidRFC2822Date; RSS 2.0 profile, pubDate; RFC 5322 §3.3]\n",
        "  warning  no-guid\n",
        "\n1 document checked, 1 with faults: 1 error, 2 warnings; 1 piece of advice.\n",
    ] {
        assert!(ran.out.contains(part), "{part}\n{}", ran.out);
    }
    let json = place.run(&["feed", "check", "--json", "feed.xml", "missing.xml"]);
    let checked: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json.status, Some(1));
    assert_eq!(checked[0]["findings"][0]["rule"], "invalid-rfc822-date");
    assert_eq!(checked[0]["findings"][0]["severity"], "error");
    assert_eq!(checked[0]["findings"][0]["line"], 3);
    assert!(checked[1]["failed"].as_str().unwrap().contains("No such file"));
    let private = place.run(&["feed", "check", "http://127.0.0.1:1/feed"]);
    assert!(private.out.contains("which is no public address"), "{}", private.out);
    assert_eq!(private.status, Some(1));
}

#[test]
fn an_installation_s_own_feeds_and_archives_are_clean_without_a_network() {
    let place = Place::new();
    place.out(&["migrate"]);
    let fixture = |name: &str| format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    place.out(&["import", &fixture("wordpress-1.xml"), &fixture("wordpress-2.xml")]);
    let ran = place.run(&["feed", "check", "--archives"]);
    assert_eq!(ran.status, Some(0), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains(" documents checked: no errors, no warnings"), "{}", ran.out);
    let count: usize = ran.out.lines().last().unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!(count > 20, "{}", ran.out);
}
