"""`kiosque demo` as a newcomer, two feed readers, a validator and a browser meet it.

    make test                                                     # everything, tools included
    cargo build && python3 -m unittest discover -v tests/e2e      # this alone, with what is here
"""

import os
import re
import shutil
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from demo import Demo, ROOT, ask, picture, wait_for

try:
    import feedparser
except ImportError:
    feedparser = None

RUBRICS = {"Politique", "Économie", "Société", "Culture", "Sport", "Tech & Web", "Coopération", "Santé"}
SCREENS = ROOT / "target" / "screens"

demo = None


def setUpModule():
    global demo
    demo = Demo()


def tearDownModule():
    demo.stop()
    demo.folder.cleanup()


class Feeds(unittest.TestCase):
    def test_the_index_announces_every_rubric_and_the_whole_in_both_formats(self):
        feeds = demo.feeds()
        for media_type, ending in (("application/rss+xml", ".rss"), ("application/atom+xml", ".atom")):
            addresses = [address for _, address, kind in feeds if kind == media_type]
            self.assertEqual(len(addresses), len(RUBRICS) + 1, feeds)
            self.assertTrue(all(address.endswith(ending) for address in addresses), addresses)
            self.assertIn(f"{demo.base}/flux/tech-web{ending}", addresses)
            self.assertIn(f"{demo.base}/flux/tout{ending}", addresses)

    @unittest.skipUnless(feedparser, "feedparser is missing")
    def test_feedparser_reads_every_feed_without_complaint(self):
        rubrics = set()
        for title, address, kind in demo.feeds():
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

    @unittest.skipUnless(shutil.which("newsboat"), "newsboat is missing")
    def test_newsboat_reads_the_feeds_without_complaint(self):
        with tempfile.TemporaryDirectory() as folder:
            files = {name: Path(folder, name) for name in ("config", "urls", "cache.db", "error.log")}
            files["config"].write_text(f'error-log "{files["error.log"]}"\nmax-items 0\n')
            addresses = [f"{demo.base}/flux/tout.rss", f"{demo.base}/flux/tech-web.atom"]
            files["urls"].write_text("".join(f"{address}\n" for address in addresses))
            command = ["newsboat", "-C", files["config"], "-u", files["urls"], "-c", files["cache.db"], "-x"]
            environment = {**os.environ, "HOME": folder, "LC_ALL": "C.UTF-8"}
            expected = sum(ask(address).text.count("<item>") + ask(address).text.count("<entry>") for address in addresses)
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
        entry = next(entry for entry in feed.entries if entry.enclosures)
        page = ask(entry.link)
        self.assertEqual(page.status, 200, entry.link)
        self.assertIn("text/html", page.headers["Content-Type"])
        image = ask(entry.enclosures[0].href)
        self.assertEqual((image.status, image.headers["Content-Type"]), (200, "image/jpeg"))
        self.assertEqual(len(image.body), int(entry.enclosures[0].length))


@unittest.skipUnless(os.environ.get("KIOSQUE_CHROMIUM"), "Chromium is missing")
class Pages(unittest.TestCase):
    def test_pages_hold_at_375_and_800_pixels_in_light_and_dark(self):
        pages = [("flux", f"{demo.base}/flux/"), ("lettres", f"{demo.base}/lettres")]
        for seen in picture(pages, SCREENS):
            with self.subTest(seen["file"]):
                self.assertEqual(seen["faults"], [])
                self.assertLessEqual(seen["overflow"], 0, "wider than the screen")
                self.assertEqual(seen["lang"], "fr")
                self.assertTrue(seen["title"])
                self.assertEqual((seen["unalt"], seen["broken"]), (0, []))


class Stopping(unittest.TestCase):
    """Comes last: `unittest` takes classes in alphabetical order."""

    def test_ctrl_c_ends_the_demo_in_good_order(self):
        self.assertEqual(demo.stop(), 0, demo.output())


if __name__ == "__main__":
    unittest.main(verbosity=2)
