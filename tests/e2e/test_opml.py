"""The list of feeds, imported by a reader and by a parser: each feed once, under the name it has itself."""

import re
import shutil
import tempfile
import unittest
from pathlib import Path

from demo import ask
from newsroom import Newsroom
from readers import run

try:
    import feedparser
    import listparser
except ImportError:
    feedparser = listparser = None

RUBRICS = "".join(f"[[category]]\nname = '{name}'\n" for name in ("Politique", "Tech & Web", "À la une : « débats »"))
PATHS = ["/flux/tout.rss", "/flux/politique.rss", "/flux/tech-web.rss", "/flux/a-la-une-debats.rss"]


class Opml(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.room = Newsroom(RUBRICS)
        cls.addClassCleanup(cls.room.close)
        cls.room.public_url = cls.room.base
        cls.room.start()
        cls.opml = ask(f"{cls.room.base}/flux.opml")

    @unittest.skipUnless(listparser, "listparser is missing")
    def test_a_parser_finds_each_feed_under_its_own_title(self):
        self.assertEqual(self.opml.headers["Content-Type"], "text/x-opml; charset=utf-8")
        found = listparser.parse(self.opml.body)
        self.assertFalse(found.bozo, found.get("bozo_exception"))
        self.assertEqual(found.meta.title, "L’Éveil & Cie")
        self.assertEqual([feed.url for feed in found.feeds], [self.room.base + path for path in PATHS])
        for feed in found.feeds:
            self.assertEqual(feed.title, feedparser.parse(ask(feed.url).body).feed.title)
            self.assertEqual(feed.categories, [["L’Éveil & Cie"]])

    @unittest.skipUnless(shutil.which("newsboat"), "newsboat is missing")
    def test_newsboat_imports_the_list_and_reads_every_feed_in_it(self):
        with tempfile.TemporaryDirectory() as folder:
            files = {name: Path(folder, name) for name in ("config", "urls", "cache.db", "error.log", "flux.opml")}
            files["config"].write_text(f'error-log "{files["error.log"]}"\n')
            files["urls"].touch()
            files["flux.opml"].write_bytes(self.opml.body)
            command = ["newsboat", "-C", files["config"], "-u", files["urls"], "-c", files["cache.db"]]
            run([*command, "-i", files["flux.opml"]], HOME=folder)
            urls = re.findall(r"^\S+", files["urls"].read_text(), re.M)
            self.assertEqual(urls, [self.room.base + path for path in PATHS])
            run([*command, "-x", "reload"], HOME=folder)
            self.assertFalse(files["error.log"].exists() and files["error.log"].read_text())


if __name__ == "__main__":
    unittest.main(verbosity=2)
