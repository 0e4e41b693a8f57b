"""Real feed readers: newsboat, with its cache, and rss2email, with a Maildir."""

import mailbox
import os
import re
import sqlite3
import subprocess
from email.header import decode_header, make_header
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

    def items(self):
        """What it shows: (mark, title, address), each row of its cache."""
        with sqlite3.connect(f"file:{self.folder / 'cache.db'}?mode=ro", uri=True) as cache:
            rows = cache.execute("SELECT content, title, url FROM rss_item WHERE deleted = 0 ORDER BY id").fetchall()
        return [(int(MARK.search(content).group(1)), title, url) for content, title, url in rows]


class Rss2email:
    """Sends a mail for each article of each feed that it has not seen in it. `feeds` are addresses by name."""

    def __init__(self, folder, feeds, certificate=""):
        self.folder = Path(folder, "r2e")
        self.folder.mkdir()
        self.environment = {"HOME": str(self.folder)} | ({"SSL_CERT_FILE": certificate} if certificate else {})
        (self.folder / "config").write_text(
            "[DEFAULT]\nfrom = r2e@lecteurs.example\nto = lecteur@lecteurs.example\nemail-protocol = maildir\n"
            f"maildir-path = {self.folder}\nmaildir-mailbox = inbox\nhtml-mail = False\nverbose = warning\n"
        )
        self.command = ["r2e", "-c", self.folder / "config", "-d", self.folder / "data.json"]
        for name, url in feeds.items():
            run([*self.command, "add", name, url], **self.environment)

    def poll(self):
        said = run([*self.command, "run"], **self.environment)
        if said.strip():
            raise AssertionError(f"r2e complains: {said}")

    def mails(self):
        """Every mail it has sent: (feed's name, mark, subject)."""
        found = []
        for mail in mailbox.Maildir(self.folder / "inbox"):
            feed = re.match(r"<(.+)\.localhost>", mail["List-ID"]).group(1)
            text = mail.get_payload(decode=True).decode(mail.get_content_charset("utf-8"))
            found.append((feed, int(MARK.search(text).group(1)), str(make_header(decode_header(mail["Subject"])))))
        return found
