"""Real feed readers: newsboat, with its cache, and rss2email, with a Maildir."""

import os
import re
import sqlite3
import subprocess
from email import message_from_bytes
from email.policy import default as default_policy
from pathlib import Path

# The word in an article's text by which the tests know it, whatever else changes.
MARK = re.compile(r"repère-(\d+)")


def run(command, **environment):
    done = subprocess.run(
        [str(word) for word in command], env={**os.environ, "LC_ALL": "C.UTF-8", **environment},
        capture_output=True, text=True, timeout=60, check=False,
    )
    if done.returncode != 0:
        raise AssertionError(f"{command[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


class Newsboat:
    """One cache for all its feeds: an article in two of them has one id and is one."""

    def __init__(self, folder, urls):
        self.folder = Path(folder, "newsboat")
        self.folder.mkdir()
        self.log = self.folder / "error.log"
        # The certificate of a test is nobody's.
        (self.folder / "config").write_text(f'error-log "{self.log}"\nmax-items 0\nssl-verifypeer no\nssl-verifyhost no\n')
        (self.folder / "urls").write_text("".join(f"{url}\n" for url in urls))

    def poll(self):
        files = ["-C", self.folder / "config", "-u", self.folder / "urls", "-c", self.folder / "cache.db"]
        run(["newsboat", *files, "-x", "reload"], HOME=str(self.folder))
        complaints = self.log.read_text() if self.log.exists() else ""
        if complaints:
            raise AssertionError(f"newsboat complains: {complaints}")

    def entries(self):
        """What it shows, each row of its cache, as parsers.py has it."""
        columns = {"id": "guid", "link": "url", "title": "title", "content": "content", "byline": "author", "published": "pubDate"}
        with sqlite3.connect(f"file:{self.folder / 'cache.db'}?mode=ro", uri=True) as cache:
            rows = cache.execute(f"SELECT {', '.join(columns.values())} FROM rss_item WHERE deleted = 0 ORDER BY id").fetchall()
        return [dict(zip(columns, row)) for row in rows]

    def items(self):
        """The same of articles with a mark: (mark, title, address)."""
        return [(int(MARK.search(item["content"]).group(1)), item["title"], item["link"]) for item in self.entries()]


class Rss2email:
    """Sends a mail for each article of each feed that it has not seen in it. `feeds` are addresses by name."""

    def __init__(self, folder, feeds, certificate="", as_html=False):
        self.folder = Path(folder, "r2e")
        self.folder.mkdir()
        self.environment = {"HOME": str(self.folder)} | ({"SSL_CERT_FILE": certificate} if certificate else {})
        (self.folder / "config").write_text(
            "[DEFAULT]\nfrom = r2e@lecteurs.example\nto = lecteur@lecteurs.example\nemail-protocol = maildir\n"
            f"maildir-path = {self.folder}\nmaildir-mailbox = inbox\nhtml-mail = {as_html}\nverbose = warning\n"
        )
        self.command = ["r2e", "-c", self.folder / "config", "-d", self.folder / "data.json"]
        for name, url in feeds.items():
            run([*self.command, "add", name, url], **self.environment)

    def poll(self):
        said = run([*self.command, "run"], **self.environment)
        if said.strip():
            raise AssertionError(f"r2e complains: {said}")

    def _sent(self):
        for file in (self.folder / "inbox").glob("*/*"):
            yield message_from_bytes(file.read_bytes(), policy=default_policy)

    def mails(self):
        """Every mail it has sent of articles with a mark: (feed's name, mark)."""
        for mail in self._sent():
            feed = re.match(r"<(.+)\.localhost>", mail["List-ID"]).group(1)
            yield feed, int(MARK.search(mail.get_content()).group(1))

    def entries(self):
        """Every mail it has sent, as parsers.py has it."""
        return [
            {
                "id": header(mail, "X-RSS-ID"),
                "link": header(mail, "X-RSS-URL"),
                "title": header(mail, "Subject"),
                "content": re.search(r'<div id="body">\n(.*)</div>\n<div class="footer">', mail.get_content(), re.S).group(1),
            }
            for mail in self._sent()
        ]


def header(mail, name):
    """A header's text; a fold of a long one may have left a blank."""
    return str(mail[name] or "").strip()
