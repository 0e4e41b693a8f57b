"""`kiosque demo` as a newcomer, two feed readers, a validator and a browser meet it.

    make test                                                     # everything, tools included
    cargo build --bins --example feed_rs && python3 -m unittest discover -v tests/e2e      # this alone, with what is here
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import unittest
from pathlib import Path
from urllib.parse import quote, urlencode, urljoin

import json_feed
import spam
from demo import Demo, Links, ROOT, ask, picture, wait_for

try:
    import feedparser
except ImportError:
    feedparser = None

RUBRICS = {"Politique", "Économie", "Société", "Culture", "Sport", "Tech & Web", "Coopération", "Santé"}
OTHER_FEEDS = {"tout", "l-essentiel"}
FORMATS = {"application/rss+xml": ".rss", "application/atom+xml": ".atom", "application/feed+json": ".json"}
SCREENS = ROOT / "target" / "screens"

demo = None


def setUpModule():
    global demo
    demo = Demo()


def tearDownModule():
    demo.stop()
    demo.folder.cleanup()


class Feeds(unittest.TestCase):
    def test_the_index_announces_every_rubric_and_the_whole_in_every_format(self):
        feeds = demo.feeds()
        for media_type, ending in FORMATS.items():
            addresses = [address for _, address, kind in feeds if kind == media_type]
            self.assertEqual(len(addresses), len(RUBRICS) + len(OTHER_FEEDS), feeds)
            self.assertTrue(all(address.endswith(ending) for address in addresses), addresses)
            self.assertIn(f"{demo.base}/flux/tech-web{ending}", addresses)
            for slug in OTHER_FEEDS:
                self.assertIn(f"{demo.base}/flux/{slug}{ending}", addresses)

    @unittest.skipUnless(feedparser, "feedparser is missing")
    def test_feedparser_reads_every_feed_without_complaint(self):
        rubrics = set()
        for title, address, kind in demo.feeds():
            if kind == "application/feed+json":
                continue  # feedparser reads XML; json_feed.py has the rules
            with self.subTest(address):
                answer = ask(address)
                feed = feedparser.parse(answer.body, response_headers={**dict(answer.headers), "content-location": address})
                self.assertFalse(feed.bozo, feed.get("bozo_exception"))
                self.assertEqual(feed.version, "rss20" if kind == "application/rss+xml" else "atom10")
                self.assertEqual(feed.feed.get("language", feed.feed.get("title_detail", {}).get("language")), "fr")
                self.assertGreaterEqual(len(feed.entries), 3)
                self.assertEqual(len({entry.id for entry in feed.entries}), len(feed.entries))
                for entry in feed.entries:
                    self.assertTrue(entry.title and entry.link and entry.summary and entry.author, entry)
                    self.assertIn("<p>", entry.content[0].value)
                    self.assertIsNotNone(entry.published_parsed)
                    self.assertLessEqual(entry.published_parsed, time.gmtime(time.time() + 1), "under embargo")
                    rubrics.update(tag.term for tag in entry.tags)
        self.assertLessEqual(RUBRICS, rubrics)

    def test_every_json_feed_keeps_the_rules_and_has_what_the_others_have(self):
        for _, address, kind in demo.feeds():
            if kind == "application/feed+json":
                with self.subTest(address):
                    feed = json.loads(ask(address).body)
                    self.assertEqual(json_feed.faults(feed), [])
                    self.assertGreaterEqual(len(feed["items"]), 3)

    @unittest.skipUnless(shutil.which("newsboat"), "newsboat is missing")
    def test_newsboat_reads_the_feeds_without_complaint(self):
        with tempfile.TemporaryDirectory() as folder:
            files = {name: Path(folder, name) for name in ("config", "urls", "cache.db", "error.log")}
            files["config"].write_text(f'error-log "{files["error.log"]}"\nmax-items 0\n')
            addresses = [f"{demo.base}/flux/tout.rss", f"{demo.base}/flux/tech-web.atom"]
            files["urls"].write_text("".join(f"{address}\n" for address in addresses))
            command = ["newsboat", "-C", files["config"], "-u", files["urls"], "-c", files["cache.db"], "-x"]
            environment = {**os.environ, "HOME": folder, "LC_ALL": "C.UTF-8"}
            # An article in both feeds has one id, and newsboat counts it once.
            ids = r"<guid[^>]*>(.*?)</guid>|<entry>.*?<id>(.*?)</id>"
            expected = len({a or b for address in addresses for a, b in re.findall(ids, ask(address).text, re.S)})
            for words in (["reload"], ["print-unread"]):
                done = subprocess.run(
                    [*command, *words], env=environment, capture_output=True, text=True, timeout=60, check=False
                )
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            unread = int(done.stdout.split()[0])
            # An article may have come out of its embargo between the two looks.
            self.assertIn(unread - expected, range(0, 5), done.stdout)
            log = files["error.log"].read_text() if files["error.log"].exists() else ""
            self.assertEqual(log, "")

    @unittest.skipUnless(shutil.which("jing"), "jing is missing")
    def test_every_atom_feed_is_valid_by_the_grammar_of_rfc_4287(self):
        with tempfile.TemporaryDirectory() as folder:
            files = []
            for number, (_, address, kind) in enumerate(demo.feeds()):
                if kind == "application/atom+xml":
                    files.append(Path(folder, f"{number}.atom"))
                    files[-1].write_bytes(ask(address).body)
            self.assertTrue(files)
            grammar = ROOT / "tests" / "fixtures" / "atom.rnc"
            done = subprocess.run(["jing", "-c", grammar, *files], capture_output=True, text=True, timeout=120)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_an_unchanged_feed_is_not_sent_again(self):
        # The rubric of the embargoed article that comes next changes within 20 s, the others do not.
        for attempt in range(3):
            first = demo.get("/flux/sport.atom")
            again = demo.get("/flux/sport.atom", **{"If-None-Match": first.headers["ETag"]})
            if again.status == 304:
                break
        self.assertEqual(again.status, 304)
        self.assertEqual(again.body, b"")
        self.assertEqual(again.headers["ETag"], first.headers["ETag"])
        self.assertFalse(first.headers["ETag"].startswith("W/"))

    def test_an_article_comes_out_of_its_embargo_by_itself(self):
        first = demo.get("/flux/tout.atom")

        def moved():
            answer = demo.get("/flux/tout.atom", **{"If-None-Match": first.headers["ETag"]})
            return answer if answer.status == 200 else None

        changed = wait_for("a new article", moved, 45)
        ids = [set(re.findall(r"<entry>.*?<id>(.*?)</id>", answer.text, re.S)) for answer in (first, changed)]
        self.assertTrue(ids[1] - ids[0], "the feed changed, but no entry is new")

    @unittest.skipUnless(feedparser, "feedparser is missing")
    def test_articles_and_pictures_open_from_the_feed(self):
        feed = feedparser.parse(demo.get("/flux/tout.rss").body)
        entry = next(entry for entry in feed.entries if entry.get("media_content"))
        page = ask(entry.link)
        self.assertEqual(page.status, 200, entry.link)
        self.assertIn("text/html", page.headers["Content-Type"])
        picture = entry.media_content[0]
        image = ask(picture["url"])
        self.assertEqual((image.status, image.headers["Content-Type"]), (200, picture["type"]))
        self.assertTrue(image.body.startswith(b"\xff\xd8\xff"))


@unittest.skipUnless(os.environ.get("KIOSQUE_CHROMIUM"), "Chromium is missing")
class Pages(unittest.TestCase):
    def test_pages_hold_at_375_and_800_pixels_in_light_and_dark(self):
        digest = wait_for("a digest", lambda: next(iter(demo.outbox("afi@")), None), 30)
        entry = feedparser.parse(demo.get("/flux/tout.rss").body).entries[0] if feedparser else None
        pages = [
            ("accueil", f"{demo.base}/"),
            ("flux", f"{demo.base}/flux/"),
            ("lettres", f"{demo.base}/lettres"),
            ("outbox", f"{demo.base}/outbox"),
            ("message", f"{demo.base}/outbox/{quote(digest)}"),
            ("digest", f"{demo.base}/outbox/{quote(digest)}/html"),
        ] + ([("article", entry.link)] if entry else [])
        for seen in picture(pages, SCREENS):
            with self.subTest(seen["file"]):
                self.assertEqual(seen["faults"], [])
                self.assertLessEqual(seen["overflow"], 0, "wider than the screen")
                self.assertEqual(seen["lang"], "fr")
                self.assertTrue(seen["title"])
                self.assertEqual((seen["unalt"], seen["broken"]), (0, []))


class Readers(unittest.TestCase):
    """A reader comes by the form, confirms by the mail's button, gets a digest, and leaves by one click."""

    ADDRESS = "nouvelle@lecteurs.example"

    def test_three_readers_get_the_rubrics_they_chose(self):
        wait_for("the first edition", lambda: len(demo.outbox()) >= 3, 30)
        texts = {}
        for reader in ("afi@", "kodjo@", "essi@"):
            texts[reader] = demo.mail(demo.outbox(reader)[-1])["text"].upper()
        self.assertIn("POLITIQUE", texts["kodjo@"])
        self.assertIn("SPORT", texts["essi@"])
        self.assertNotIn("SPORT\n", texts["kodjo@"])
        self.assertNotIn("POLITIQUE\n", texts["essi@"])

    def test_form_confirmation_digest_and_one_click(self):
        form = Links(demo.get("/lettres").text)
        self.assertIn("minute", [field.get("value") for field in form.fields])
        shown = next(field["value"] for field in form.fields if field.get("name") == "form")
        time.sleep(2.1)  # faster than that nobody fills in a form
        body = urlencode({"address": self.ADDRESS, "newsletter": "minute", "form": shown}).encode()
        sent = ask(urljoin(demo.base + "/lettres", form.forms[0]["action"]), "POST", body=body)
        self.assertEqual(sent.status, 200, sent.text)

        # The confirmation goes before digests, and looking at its link changes nothing.
        found = wait_for("the confirmation", lambda: demo.outbox(self.ADDRESS, digests=False), 15)
        self.assertEqual(len(found), 1)
        link = re.search(rf"{re.escape(demo.base)}/confirmer/\S+", demo.mail(found[0])["text"]).group()
        page = Links(ask(link).text)
        self.assertEqual(ask(link).status, 200)
        seen = next(field["value"] for field in page.fields if field.get("name") == "seen")
        done = ask(link, "POST", body=urlencode({"choice": "confirm", "seen": seen}).encode())
        self.assertEqual(done.status, 200, done.text)
        self.assertIn("Votre inscription est confirmée", done.text)

        # The next edition comes, and its header leaves by one POST (RFC 8058).
        digests = wait_for("a digest", lambda: demo.outbox(self.ADDRESS), 130)
        headers = demo.mail(digests[0])["headers"]
        self.assertEqual(headers["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click")
        url = re.fullmatch(r"<(\S+)>", headers["List-Unsubscribe"]).group(1)
        self.assertEqual(ask(url).status, 200, "looking at the link is no harm")
        left = ask(url, "POST", body=b"List-Unsubscribe=One-Click")
        self.assertEqual(left.status, 200, left.text)

        # The one after that comes to the others only.
        before = len(demo.outbox("afi@"))
        wait_for("an edition for the others", lambda: len(demo.outbox("afi@")) > before, 130)
        time.sleep(2)
        self.assertEqual(demo.outbox(self.ADDRESS), digests)


class Spam(unittest.TestCase):
    @unittest.skipUnless(shutil.which("spamassassin"), "SpamAssassin is missing")
    def test_spamassassin_takes_a_digest_for_what_it_is(self):
        name = wait_for("a digest", demo.outbox, 60)[0]
        digest = demo.get(f"/outbox/{quote(name)}/source").body
        score, rules = spam.judge(digest)
        self.assertLess(score, 1, rules)
        against = [name for name, points in rules.items() if points > 0]
        self.assertEqual(against, [], "rules that count against it")
        # The judge is awake: the same mail with a well-known string (GTUBE) is spam.
        score, _ = spam.judge(digest.replace(b"quoted-printable\r\n\r\n", b"quoted-printable\r\n\r\n" + spam.GTUBE, 1))
        self.assertGreater(score, 100)


class Stopping(unittest.TestCase):
    """Comes last: `unittest` takes classes in alphabetical order."""

    def test_ctrl_c_ends_the_demo_in_good_order(self):
        self.assertEqual(demo.stop(), 0, demo.output())


if __name__ == "__main__":
    unittest.main(verbosity=2)
