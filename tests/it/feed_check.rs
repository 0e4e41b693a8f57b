//! `kiosque feed check`, and its rules on what other systems write.

use std::collections::BTreeSet;

use kiosque::clock::Timestamp;
use kiosque::feeds::check::{self, Severity};

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
