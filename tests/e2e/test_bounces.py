"""What comes back: a real Postfix returns what it could not deliver, a real Dovecot keeps it, and kiosque reads it there."""

import json
import os
import re
import shutil
import smtplib
import subprocess
import tempfile
import unittest
from datetime import datetime, timedelta, timezone
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as default_policy
from pathlib import Path

from demo import PROGRAM, wait_for
from dovecot import PASSWORD, Dovecot
from postfix import Postfix
from test_relay import ARTICLE, CONFIG

DOMAIN = "lettres.epreuve.example"

BOUNCES = """
[[bounces]]
mailbox = "{mailbox}"
{password}
every = "1s"
unsubscribe = "desabo@lettres.epreuve.example"
"""


def root_with(*tools):
    return os.geteuid() == 0 and all(shutil.which(tool) for tool in tools)


@unittest.skipUnless(root_with("postfix", "dovecot"), "Postfix or Dovecot is missing, or this is not root")
class ComesBack(unittest.TestCase):
    def setUp(self):
        self.dovecot = Dovecot()
        self.addCleanup(self.dovecot.stop)
        self.postfix = Postfix(returns_to=(DOMAIN, self.dovecot.lmtp_port))
        self.addCleanup(self.postfix.stop)
        holder = tempfile.TemporaryDirectory(prefix="kiosque-bounces-")
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)
        self.daemon = None
        self.addCleanup(self.end)

    def serve(self, mailbox, password):
        self.end()
        config = CONFIG.format(port=self.postfix.port) + BOUNCES.format(mailbox=mailbox, password=password)
        (self.folder / "config.toml").write_text(config)
        with (self.folder / "log.txt").open("wb") as log:
            self.daemon = subprocess.Popen([PROGRAM, "serve"], cwd=self.folder, stdout=log, stderr=log)
        wait_for("the daemon", lambda: "listening" in self.log(), 20)

    def end(self):
        if self.daemon:
            self.daemon.terminate()
            status = self.daemon.wait(20)
            self.daemon = None
            self.assertEqual(status, 0, self.log())

    def log(self):
        return (self.folder / "log.txt").read_text()

    def run_verb(self, *words):
        done = subprocess.run([PROGRAM, *words], cwd=self.folder, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def run_json(self, *words):
        return json.loads(self.run_verb(*words, "--json"))

    def edition(self, number, *readers):
        """An edition with an article of its own, to these readers and those there are."""
        published = (datetime.now(timezone.utc) - timedelta(hours=1)).isoformat()
        article = {**ARTICLE, "id": str(number), "url": f"{ARTICLE['url']}-{number}", "published_at": published}
        (self.folder / "articles.jsonl").write_text(json.dumps(article) + "\n")
        self.run_verb("import", "articles.jsonl")
        for reader in readers:
            address = f"{reader}@lecteurs.example"
            self.run_verb("subscriber", "add", address, "--newsletter", "matinale", "--consent", "épreuve")
        self.run_verb("edition", "run", "matinale", "--yes")

    def send(self, message, envelope_from, envelope_to):
        with smtplib.SMTP("127.0.0.1", self.postfix.port) as relay:
            relay.sendmail(envelope_from, [envelope_to], message.as_bytes())

    def arrived(self, reader):
        """The digest that this reader's mailbox holds."""
        messages = [message_from_bytes(raw, policy=default_policy) for raw in self.postfix.received()]
        mine = [one for one in messages if one["To"].addresses[0].addr_spec == f"{reader}@lecteurs.example"]
        return mine[0] if mine else None

    def suppressions(self, count):
        found = self.run_json("suppression", "list")
        return found if len(found) >= count else None

    def test_notifications_suppress_leaving_leaves_and_holidays_do_nothing(self):
        self.serve(f"imap://retours@127.0.0.1:{self.dovecot.imap_port}", f'password = "{PASSWORD}"')
        self.edition(1, "afi", "koffi", "inconnu")

        digest = wait_for("a digest", lambda: self.arrived("afi") and self.arrived("koffi"), 30)
        path = digest["Return-Path"].strip("<>")
        self.assertRegex(path, rf"^retours\+[a-z2-7]{{32}}@{re.escape(DOMAIN)}$")
        away = EmailMessage()
        away["From"], away["To"], away["Subject"] = "koffi@lecteurs.example", path, "Réponse automatique : absent"
        away["Auto-Submitted"] = "auto-replied"
        away.set_content("De retour lundi.")
        self.send(away, "", path)
        offered = self.arrived("afi")["List-Unsubscribe"]
        leave = re.search(r"<mailto:(desabo\+[\w-]+@[\w.]+)>", "".join(offered.split())).group(1)
        no = EmailMessage()
        no["From"], no["To"], no["Subject"] = "afi@lecteurs.example", leave, "unsubscribe"
        no.set_content("")
        self.send(no, "afi@lecteurs.example", leave)

        try:
            suppressed = wait_for("the suppression", lambda: self.suppressions(1), 60)
        except AssertionError:
            raise AssertionError(self.log() + self.postfix.log() + self.dovecot.log()) from None
        self.assertEqual([(one["reason"], one["domain"]) for one in suppressed], [("hard_bounce", "lecteurs.example")])
        self.assertIn("unknown user", suppressed[0]["reply"])
        states = lambda: {one["address"]: one["state"] for one in self.run_json("subscriber", "list")}
        wait_for("leaving", lambda: states()["afi@lecteurs.example"] == "left", 30)
        self.assertEqual(states()["koffi@lecteurs.example"], "confirmed")

        def looked_at():
            mailboxes = self.run_json("status")["mailboxes"]
            return (mailboxes[0]["reports"], mailboxes[0]["left_alone"]) == (2, 1)

        wait_for("three messages read", looked_at, 30)
        flags = {message_from_bytes(raw)["From"]: flags for flags, raw in self.dovecot.messages()}
        self.assertEqual(len(flags), 3)
        for sender, flag in flags.items():
            self.assertEqual(b"\\Seen" in flag, "koffi" not in sender, f"{sender}: {flag}")

        # The same mailbox as a Maildir: what was read over IMAP has no effect again, and what is new has.
        self.serve(f"maildir:{self.dovecot.maildir}", "")
        self.edition(2, "inconnue")
        wait_for("the second suppression", lambda: self.suppressions(2), 60)
        self.assertEqual(len(self.suppressions(2)), 2)
        self.assertEqual(len(self.dovecot.messages()), 4)
        self.assertEqual(states()["koffi@lecteurs.example"], "confirmed")
        # Nobody who is suppressed gets the next one.
        self.edition(3)
        wait_for("the third edition", lambda: len([1 for raw in self.postfix.received() if b"koffi@" in raw]) == 3, 30)
        rows = self.run_json("delivery", "list")
        to_unknown = [row for row in rows if row["address"].startswith("inconnu")]
        self.assertEqual(len(to_unknown), 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
