"""The feed of a real WordPress, read while its newsroom publishes, edits and withdraws: each article once, equal to its export."""

import base64
import json
import re
import sqlite3
import struct
import unittest
import zlib
from contextlib import closing
from datetime import datetime, timedelta, timezone
from html import unescape

from demo import ask, wait_for
from newsroom import Newsroom
from wordpress_site import WordPressSite, missing

READ_WITHIN = 30  # seconds from a change on the site to the article here
SHOWN = 10  # posts_per_rss, as WordPress is installed

RUBRICS = "".join(f'[[category]]\nname = "{name}"\n' for name in ("Économie", "Politique", "Tech & Web", "Santé"))


def picture(width, height):
    """A PNG of one colour, large enough for WordPress to make its smaller sizes of it; base64."""
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = (b"\0" + b"\x11\x77\x99" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return base64.b64encode(png).decode()


CLASSIC = """L'année "record" du port -- enfin... Le trafic a été multiplié par 3x2, dit-on à Lomé : « du jamais vu » !

<strong>Deuxième</strong> paragraphe & suite, avec <a href="/economie/autre/">un lien</a>, 10 000 F CFA et une adresse :

https://www.exemple.tg/rapport.pdf

[caption id="attachment_7" align="aligncenter" width="300"]<img src="/wp-content/uploads/quai.jpg" alt="Le quai" width="300" height="200" /> La légende d'Afi[/caption]

<blockquote>Une citation, 'entre apostrophes'

en deux temps</blockquote>
Suite et fin.<!--more-->

<h3>Intertitre</h3>
<ul>
<li>un</li>
<li>deux</li>
</ul>
[contact-form-7 id="12" title="Contact"]
Mi Ɖɔ ŋutsu ɖeka, Kpalimɛ ƒe ŋkɔ. 🎉"""

BLOCKS = """<!-- wp:paragraph -->
<p>Le "bloc" d'ouverture...</p>
<!-- /wp:paragraph -->

<!-- wp:heading -->
<h2>L'intertitre</h2>
<!-- /wp:heading -->

<!-- wp:image {"id":7,"sizeSlug":"large"} -->
<figure class="wp-block-image size-large"><img src="https://www.exemple.tg/i/marche.jpg" alt="Le marché" class="wp-image-7"/><figcaption class="wp-element-caption">Le marché d'Assigamé</figcaption></figure>
<!-- /wp:image -->

<!-- wp:columns -->
<div class="wp-block-columns"><!-- wp:column -->
<div class="wp-block-column"><!-- wp:paragraph -->
<p>À gauche</p>
<!-- /wp:paragraph --></div>
<!-- /wp:column -->

<!-- wp:column -->
<div class="wp-block-column"><!-- wp:list -->
<ul><li>à <em>droite</em></li><li>aussi</li></ul>
<!-- /wp:list --></div>
<!-- /wp:column --></div>
<!-- /wp:columns -->

<!-- wp:quote -->
<blockquote class="wp-block-quote"><p>Dit-elle</p><cite>Ama</cite></blockquote>
<!-- /wp:quote -->

<!-- wp:embed {"url":"https://www.youtube.com/watch?v=abcdefghijk","type":"video","providerNameSlug":"youtube"} -->
<figure class="wp-block-embed is-type-video is-provider-youtube wp-block-embed-youtube"><div class="wp-block-embed__wrapper">
https://www.youtube.com/watch?v=abcdefghijk
</div></figure>
<!-- /wp:embed -->

<!-- wp:table -->
<figure class="wp-block-table"><table><tbody><tr><td>2025</td><td>1,2</td></tr><tr><td>2026</td><td>2,4</td></tr></tbody></table></figure>
<!-- /wp:table -->"""


def moment(hours):
    """A moment before now, as WordPress writes it."""
    at = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(hours=hours)
    return at.strftime("%Y-%m-%d %H:%M:%S")


def brief(number, hours, **more):
    html = f"Le texte de la brève n° {number}, qui n'est pas long."
    return {"slug": f"breve-{number}", "title": f"Brève n° {number}", "html": html, "author": "afi", "gmt": moment(hours), "categories": ["Politique"], **more}


def said(text):
    """A text whatever its typography: what docs/import.md says is no change."""
    text = re.sub(r"[\s\u200b\ufe0f]", "", unescape(text))
    text = re.sub("[‘’′']", "'", text)
    text = re.sub("[“”«»\"]", "''", text)
    return re.sub("[–—-]+", "-", text).replace("…", "...").replace("×", "x")


def content(body):
    """What a body says: its words, its pictures and links, and the elements that mean something."""
    kept = re.findall(r"<(?:h\d|li|strong|em|b|i|blockquote|td|table)\b", body)
    return said(re.sub(r"<[^>]*>", "", body)), re.findall(r'src="([^"]*)"', body), re.findall(r'href="([^"]*)"', body), kept


def stored(newsroom):
    """Every article of the newsroom, read from its file at once: a verb for each would take most of the test's time."""
    with closing(sqlite3.connect(f"file:{newsroom.path('kiosque.db')}?mode=ro", uri=True)) as db:
        db.row_factory = sqlite3.Row
        rows = [dict(row) for row in db.execute("SELECT * FROM articles ORDER BY id")]
        slugs = "SELECT c.slug FROM article_categories a JOIN categories c ON c.id = a.category_id WHERE a.article_id = ? AND c.kind = 'rubric' ORDER BY a.position"
        for row in rows:
            for said_by in ("content_hash", "own_hash", "feed_hash"):
                del row[said_by]
            row["categories"] = [slug for (slug,) in map(tuple, db.execute(slugs, [row["id"]]))]
            row["authors"], row["tags"] = json.loads(row["authors"]), json.loads(row["tags"])
    return rows


@unittest.skipIf(missing(), f"{missing()} is missing")
class WordPressFeed(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.site = WordPressSite()
        self.addCleanup(self.site.close)

    def newsroom(self):
        source = f'[[source]]\nfeed = "{self.site.feed}"\nevery = "1s"\n'
        newsroom = Newsroom(RUBRICS + source, more='[outbound]\nallow = ["127.0.0.1"]\n')
        self.addCleanup(newsroom.close)
        return newsroom

    def reading(self, newsroom):
        return json.loads(newsroom.run("status", "--json"))["feeds_read"][0]

    def wait_until_read(self, newsroom):
        """Waits until the feed was asked after this moment."""
        now = self.reading(newsroom)["checked_at"] or 0
        # The answer to a request that began before the change may come after it: the one after that may not.
        for _ in range(2):
            last = now
            now = wait_for("a reading", lambda: self.read_after(newsroom, last), READ_WITHIN)
        state = self.reading(newsroom)
        self.assertIsNone(state["error"], state)

    def read_after(self, newsroom, before):
        checked_at = self.reading(newsroom)["checked_at"] or 0
        return checked_at if checked_at > before else None

    def import_file(self, newsroom, text):
        newsroom.path("export.xml").write_text(text, encoding="utf-8")
        return json.loads(newsroom.run("import", "export.xml", "--json"))

    def test_each_article_comes_once_and_equals_its_export(self):
        self.site.write(
            {
                "slug": "port",
                "title": "L'année \"record\" du port -- enfin... & après",
                "html": CLASSIC,
                "author": "koffi",
                "gmt": moment(30),
                "categories": ["Économie", "Tech & Web"],
                "tags": ["port & quais", "Lomé"],
                "picture": picture(1600, 900),
            },
            {
                "slug": "marche",
                "title": "Le marché « Assigamé »",
                "html": BLOCKS,
                "excerpt": "L'éditeur résume : \"rien\" ne va plus.",
                "author": "afi",
                "gmt": moment(29),
                "categories": ["Économie"],
                "picture": picture(1500, 1000),
                "shows_picture": True,
            },
            {"slug": "ewe", "title": "Ŋkeke nyui, Ɖevi", "html": "Woezɔ! Míele mɔ kpɔm.", "author": "afi", "gmt": moment(28), "categories": ["Santé"], "at_once": True},
            brief(1, 27, categories=[]),
        )
        reader = self.newsroom()
        reader.start()
        self.wait_until_read(reader)
        first = {article["entry_id"]: article for article in stored(reader)}
        self.assertEqual(len(first), 4)
        # The guid of a post that was a draft first, and of one that was published at once.
        self.assertEqual(sum("/?p=" in guid for guid in first), 3, list(first))
        self.assertTrue(all(article["appeared_at"] == article["published_at"] for article in first.values()))
        port = next(article for article in first.values() if article["url"].endswith("/port/"))
        self.assertEqual((port["categories"], sorted(port["tags"])), (["economie", "tech-web"], ["Lomé", "port & quais"]))
        self.assertEqual(port["authors"], ["Koffi d'Almeida"])
        self.assertIn("🎉", port["body"])
        self.assertNotIn("[contact", port["body"])
        self.assertIn("srcset", ask(self.site.feed).text)

        # Edited and extended between two readings; the feed now has fewer than there are.
        self.site.write(
            {"slug": "marche", "title": "Le marché d'Assigamé", "html": BLOCKS.replace("À gauche", "À gauche, et corrigé"), "picture": picture(1500, 1000), "shows_picture": True},
            {"slug": "ewe", "html": "Woezɔ! Míele <strong>mɔ</strong> kpɔm.", "categories": ["Santé", "Politique"]},
            *(brief(number, 28 - number) for number in range(2, 9)),
        )
        self.wait_until_read(reader)
        articles = {article["entry_id"]: article for article in stored(reader)}
        self.assertEqual(len(articles), 11)
        self.assertEqual(articles.keys() & first.keys(), first.keys())
        by_slug = {article["url"].rstrip("/").rsplit("/", 1)[1]: article for article in articles.values()}
        self.assertEqual(by_slug["marche"]["title"], "Le marché d’Assigamé")
        self.assertIn("<strong>mɔ</strong>", by_slug["ewe"]["body"])
        self.assertEqual(by_slug["ewe"]["categories"], ["politique", "sante"])

        # A post withdrawn is absent from the feed, and stays here until somebody takes it back.
        self.site.write({"slug": "breve-8", "gone": True})
        self.wait_until_read(reader)
        self.assertTrue(all(article["retracted_at"] is None for article in stored(reader)))

        # More than the feed shows, while nobody reads.
        reader.stop()
        self.site.write(*(brief(number, 19 - number / 10) for number in range(10, 23)))
        reader.start()
        self.wait_until_read(reader)
        self.assertEqual(len(stored(reader)), 11 + SHOWN)

        # The export brings the rest, and changes nothing that a reader sees of the others.
        reader.stop()
        export = self.site.export()
        before = {article["entry_id"]: article for article in stored(reader)}
        summary = self.import_file(reader, export)
        self.assertEqual((summary["new"], summary["rejected"]), (3, 0), summary)
        after = {article["entry_id"]: article for article in stored(reader)}
        self.assertEqual(len(after), 24)
        for guid, article in before.items():
            for field in ("id", "external_id", "title", "body", "published_at", "appeared_at", "categories"):
                self.assertEqual(article[field], after[guid][field], (guid, field))
        port = next(article for article in after.values() if article["url"].endswith("/port/"))
        self.assertIn("port.png", port["image_url"])
        again = self.import_file(reader, export)
        self.assertEqual((again["new"], again["updated"], again["unchanged"]), (0, 0, 23), again)

        # A newsroom that has the export alone has the same articles.
        other = self.newsroom()
        summary = self.import_file(other, export)
        self.assertEqual((summary["new"], summary["rejected"]), (23, 0), summary)
        exported = {article["entry_id"]: article for article in stored(other)}
        self.assertEqual(set(exported), set(after) - {by_slug["breve-8"]["entry_id"]})
        for guid, article in exported.items():
            with self.subTest(article["url"]):
                read = after[guid]
                for field in ("url", "authors", "published_at", "origin_id"):
                    self.assertEqual(article[field], read[field])
                self.assertEqual(set(article["categories"]), set(read["categories"]))
                self.assertEqual(set(article["tags"]), set(read["tags"]))
                self.assertEqual(said(article["title"]), said(read["title"]))
                self.assertEqual(content(article["body"]), content(read["body"]))
                self.assertEqual(said(article["summary"])[:200], said(read["summary"])[:200])
                for field in ("image_url", "image_alt", "image_width", "image_height", "image_bytes"):
                    self.assertEqual(article[field], read[field])

        # And its feed says nothing new to it.
        summary = json.loads(other.run("import", self.site.feed, "--json"))
        self.assertEqual((summary["new"], summary["updated"], summary["unchanged"]), (0, 0, SHOWN), summary)
        self.assertEqual({article["entry_id"]: article for article in stored(other)}, exported)


if __name__ == "__main__":
    unittest.main()
