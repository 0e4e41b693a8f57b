"""The switch of docs/migrer-wordpress.md, with a real WordPress and its readers: nobody is lost, no article shows twice."""

import re
import shutil
import tempfile
import unittest
from pathlib import Path

from demo import ask, wait_for
from newsroom import Newsroom
from readers import Newsboat, Rss2email
from wordpress_site import WordPressSite, missing

READ_WITHIN = 30  # seconds from a change on the site to the article here

RUBRICS = """
[[category]]
name = "Politique"
[[category]]
name = "Économie"
"""

# What readers had subscribed to, and where it leads them.
SUBSCRIBED = {
    "/feed/": "tout.rss",
    "/feed/atom/": "tout.atom",
    "/category/politique/feed/": "politique.rss",
    "/category/economie/?feed=atom": "economie.atom",
}


def post(number, rubric):
    text = f"<p>Le texte de l’article, repère-{number}.</p>"
    return {"slug": f"article-{number}", "title": f"Article n° {number}", "html": text, "author": "afi", "categories": [rubric]}


@unittest.skipIf(missing(), f"{missing()} is missing")
@unittest.skipUnless(shutil.which("newsboat") and shutil.which("r2e"), "newsboat or r2e is missing")
class Switch(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="kiosque-switch-")
        self.addCleanup(holder.cleanup)
        self.folder = holder.name
        self.site = WordPressSite()
        self.addCleanup(self.site.close)
        source = f'[[source]]\nfeed = "{self.site.feed}"\nevery = "1s"\n'
        self.room = Newsroom(RUBRICS + source, more='[outbound]\nallow = ["127.0.0.1"]\n')
        self.room.public_url = self.room.base
        self.addCleanup(self.room.close)

    def test_readers_of_wordpress_are_led_over_and_see_each_article_once(self):
        self.site.write(*(post(n, "Politique" if n % 2 else "Économie") for n in range(1, 7)))
        urls = {f"flux{n}": self.site.base + path for n, path in enumerate(SUBSCRIBED)}
        newsboat, r2e = Newsboat(self.folder, urls.values()), Rss2email(self.folder, urls)
        self.poll(newsboat, r2e)
        seen, mailed = newsboat.items(), sorted(r2e.mails())
        self.assertEqual(sorted(mark for mark, *_ in seen), [1, 2, 3, 4, 5, 6])
        self.assertEqual(len(mailed), 18, "six articles in the two feeds of all, three in each rubric's")

        # Steps 2 to 6.
        export = self.site.export()
        self.room.path("export.xml").write_text(export, encoding="utf-8")
        self.room.run("import", "export.xml")
        self.room.start()
        plugins = self.site.site / "wp-content" / "mu-plugins"
        plugins.mkdir(exist_ok=True)
        Path(plugins, "kiosque-feeds.php").write_text(self.room.run("feed", "redirects", "--for", "wordpress"))
        for path, feed in SUBSCRIBED.items():
            self.assertEqual(self.ends_at(path), f"/flux/{feed}")
        number = re.search(r"<wp:term_id>(\d+)</wp:term_id>\s*<wp:category_nicename><!\[CDATA\[economie", export).group(1)
        self.assertEqual(self.ends_at(f"/?feed=rss2&cat={number}"), "/flux/economie.rss")
        self.assertEqual(ask(self.site.base + "/politique/article-1/").status, 200, "pages stay")
        self.assertEqual(ask(self.site.feed, headers={"User-Agent": "kiosque/essai"}).status, 200)

        # The same readers, with what they remember.
        self.poll(newsboat, r2e)
        self.assertEqual([mark for mark, *_ in newsboat.items()], [mark for mark, *_ in seen])
        self.assertEqual(sorted(r2e.mails()), mailed)

        # What WordPress publishes from now on comes by its feed, past the redirects.
        self.site.write(post(7, "Économie"))
        wait_for("the new article", lambda: "repère-7" in self.room.get("/flux/economie.rss").text, READ_WITHIN)
        self.poll(newsboat, r2e)
        self.assertEqual(sorted(mark for mark, *_ in newsboat.items()), [1, 2, 3, 4, 5, 6, 7])
        self.assertEqual(sorted(feed for feed, mark in r2e.mails() if mark == 7), ["flux0", "flux1", "flux3"])
        self.assertEqual(len(list(r2e.mails())), 21)

    def poll(self, *readers):
        for reader in readers:
            reader.poll()

    def ends_at(self, path):
        """The path at the end of permanent redirects."""
        url = self.site.base + path
        for _ in range(3):
            answer = ask(url)
            if answer.status != 301:
                return url.removeprefix(self.room.base)
            url = answer.headers["Location"]
        raise AssertionError(url)


if __name__ == "__main__":
    unittest.main(verbosity=2)
