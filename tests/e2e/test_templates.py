"""Every digest template, as two linters, a browser and a spam filter judge it.

The mails are those of `kiosque template check`: invented editions of a usual size, of one article, with everything an edition
can carry, and larger than a mail may be. `scripts/mail-screens` takes pictures of them.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
import tomllib
import unittest
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path

import mail_screens
import spam
from demo import PROGRAM, ROOT
from newsroom import Newsroom

TEMPLATES = ("breves", "sobre", "une")
MODULES = mail_screens.MODULES
ACCEPTED = json.loads((ROOT / "tests" / "fixtures" / "caniemail_accepted.json").read_text())

# Mail programs that readers of a newsroom use.
CLIENTS = ["gmail.*", "outlook.*", "apple-mail.*", "yahoo.*", "orange.*", "samsung-email.*"]

# What is right for a page and wrong for a mail, which Outlook draws with the engine of Word.
OFF = {
    "doctype-style": "off",          # in small letters, as the standard for HTML writes it too
    "no-deprecated-attr": "off",     # cellpadding, align, bgcolor: Outlook knows nothing else
    "no-inline-style": "off",        # Gmail may drop <style>
    "prefer-native-element": "off",  # role=presentation and role=article stand where MJML puts them
    "prefer-tbody": "off",
    "void-style": "off",             # <br /> and <br> are the same
}

mails = {}


def setUpModule():
    with tempfile.TemporaryDirectory(prefix="kiosque-templates-") as out:
        done = subprocess.run(
            [PROGRAM, "template", "check", "--out", out], capture_output=True, text=True, timeout=300, check=False
        )
        if done.returncode:
            raise AssertionError(done.stdout + done.stderr)
        mails.update({path.stem: path.read_text() for path in sorted(Path(out).glob("*.html"))})


def lint():
    """What html-validate and caniemail find in every mail."""
    job = {"clients": CLIENTS, "rules": OFF, "mails": [{"name": name, "html": html} for name, html in mails.items()]}
    done = subprocess.run(
        ["node", ROOT / "tests" / "e2e" / "mail_lint.mjs"],
        input=json.dumps(job), capture_output=True, text=True, timeout=300, check=False,
        env={**os.environ, "NODE_PATH": str(MODULES)},
    )
    if done.returncode:
        raise AssertionError(done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


@unittest.skipUnless((MODULES / "caniemail").exists() and shutil.which("node"), "html-validate and caniemail are missing")
class Linters(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.found = lint()

    def test_every_template_was_written_in_both_layouts(self):
        for template in TEMPLATES:
            for sample in ("usual", "one", "everything", "full", "rectificatif"):
                for layout in ("normal", "light"):
                    self.assertIn(f"{template}-{sample}-{layout}", mails)

    def test_html_validate_finds_nothing(self):
        found = {(one["mail"], one["rule"], one["what"]) for one in self.found if one["tool"] == "html-validate"}
        self.assertEqual(found, set())

    def test_what_a_mail_program_drops_is_not_needed_to_read_a_mail(self):
        dropped = {}
        for one in self.found:
            if one["tool"] == "caniemail" and one["kind"] == "errors":
                dropped.setdefault(one["feature"], (one["mail"], one["clients"], one["what"]))
        unknown = {feature: why for feature, why in dropped.items() if feature not in ACCEPTED}
        self.assertEqual(unknown, {}, "not in tests/fixtures/caniemail_accepted.json, with the reason why it is not missed")
        self.assertEqual(set(ACCEPTED) - set(dropped), set(), "accepted, but used no more")
        # The linter is awake: it must know that Outlook on Windows drops most of what MJML writes for the others.
        self.assertIn("outlook.windows", dropped["@media"][1])


@unittest.skipUnless(os.environ.get("KIOSQUE_CHROMIUM"), "Chromium is missing")
class Shown(unittest.TestCase):
    def test_every_template_can_be_read_narrow_and_wide_by_day_and_by_night_without_images_and_without_styles(self):
        names = [f"{template}-everything-normal" for template in TEMPLATES] + ["une-one-normal", "sobre-rectificatif-normal", "sobre-usual-light", "editor", "confirmation"]
        seen = mail_screens.look([(name, mails[name]) for name in names], axe=True)
        self.assertEqual(len(seen), 5 * 6 + 3 * 4)
        for shown in seen:
            with self.subTest(shown["file"]):
                self.assertEqual(shown["wrong"], [])


LETTER = """
[[newsletter]]
slug = "{template}"
title = "La Matinale"
from = "La Matinale <matinale@lettres.exemple.tg>"
bounce_to = "retours@lettres.exemple.tg"
schedule = "0 7 * * *"
timezone = "Africa/Lome"
template = "{template}"
max_articles = 18
"""


@unittest.skipUnless(shutil.which("spamassassin"), "SpamAssassin is missing")
class Spam(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        files = [tomllib.loads(path.read_text()) for path in sorted((ROOT / "samples" / "articles").glob("*.toml"))]
        articles = [article for file in files for article in file["article"]]
        rubrics = sorted({article["categories"][0] for article in articles})
        lines = "".join(f'[[category]]\nname = "{rubric}"\n' for rubric in rubrics)
        lines += "".join(LETTER.format(template=template) for template in TEMPLATES)
        cls.newsroom = Newsroom(lines, public_url="https://lettres.exemple.tg")
        cls.addClassCleanup(cls.newsroom.close)
        cls.newsroom.run("migrate")
        now = datetime.now(timezone.utc)
        cls.newsroom.import_lines("".join(
            json.dumps({
                "id": article["id"],
                "url": f"https://exemple.tg/{article['path']}",
                "title": article["title"],
                "summary": article["summary"],
                "html": article["html"],
                "author": article["author"],
                "categories": article["categories"],
                "image": f"https://exemple.tg/images/{article['image']}" if article.get("image") else None,
                "image_alt": article.get("image_alt"),
                "published_at": (now - timedelta(minutes=2 + number)).isoformat(),
            }) + "\n"
            for number, article in enumerate(articles[:25])
        ))
        cls.newsroom.run("subscriber", "add", "afi@lecteurs.example", "--newsletter", "sobre", "--consent", "pour l'essai")
        with sqlite3.connect(cls.newsroom.path("kiosque.db")) as store:
            store.execute("UPDATE subscriptions SET layout = 'light'")
        for template in TEMPLATES:
            cls.newsroom.run("edition", "preview", template, "--out", template)

    def test_spamassassin_counts_nothing_against_any_template(self):
        names = [f"{template}/all.eml" for template in TEMPLATES] + ["sobre/all-light.eml"]
        messages = [self.newsroom.path(name).read_bytes() for name in names]
        with ThreadPoolExecutor(2) as pool:
            for name, message, (score, rules) in zip(names, messages, pool.map(spam.judge, messages)):
                with self.subTest(name):
                    self.assertLess(score, 1, rules)
                    self.assertEqual([rule for rule, points in rules.items() if points > 0], [])
                    self.assertLess(len(message), 25_600 if "light" in name else 130_000)


if __name__ == "__main__":
    unittest.main()
