"""`kiosque doctor` before a first sending: a private name server, a real Postfix into a Maildir, and a relay that meddles."""

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

from demo import PROGRAM, wait_for
from dns_server import Dns
from dovecot import PASSWORD, Dovecot
from postfix import Postfix
from test_relay import CONFIG

FROM = "lettres.epreuve.example"
DMARC = "v=DMARC1; p=none; rua=mailto:dmarc@epreuve.example"


class Meddler:
    """An SMTP relay that hands mail on to another one as some services do: its own Message-ID and unsubscribe header, links that
    count clicks, a picture that counts openings."""

    def __init__(self, port):
        self.next_port = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                stream, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(stream,), daemon=True).start()

    def _talk(self, stream):
        with stream, stream.makefile("rwb") as lines:
            def say(text):
                lines.write(text.encode() + b"\r\n")
                lines.flush()

            say("220 meddler")
            sender = recipient = None
            for line in lines:
                word = line[:4].upper()
                if word == b"EHLO":
                    say("250 meddler")
                elif word == b"MAIL":
                    sender = re.search(rb"<(.*?)>", line)[1].decode()
                    say("250 ok")
                elif word == b"RCPT":
                    recipient = re.search(rb"<(.*?)>", line)[1].decode()
                    say("250 ok")
                elif word == b"DATA":
                    say("354 go")
                    message = b""
                    for part in lines:
                        if part == b".\r\n":
                            break
                        message += part
                    self._hand_on(sender, recipient, self.meddle(message))
                    say("250 queued as 4F7")
                elif word == b"QUIT":
                    say("221 bye")
                    return
                else:
                    say("250 ok")

    @staticmethod
    def meddle(message):
        message = re.sub(rb"\r\nMessage-ID: <.*?>", b"\r\nMessage-ID: <0102@meddler.example>", message, count=1)
        message = message.replace(b"\r\nList-Unsubscribe: <", b"\r\nList-Unsubscribe: <https://meddler.example/unsub>, <", 1)
        message = message.replace(b'<a href=3D"http://', b'<a href=3D"https://clics.meddler.example/?u=3Dhttp://', 1)
        return message.replace(b"</body>", b'<img src=3D"https://meddler.example/o.gif"></body>', 1)

    def _hand_on(self, sender, recipient, message):
        import smtplib

        with smtplib.SMTP("127.0.0.1", self.next_port, timeout=10) as smtp:
            smtp.sendmail("rebonds@meddler.example", [recipient], message)

    def stop(self):
        self.listener.close()


@unittest.skipUnless(shutil.which("postfix") and os.geteuid() == 0, "Postfix is missing, or this is not root")
class Doctor(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postfix = Postfix()
        cls.addClassCleanup(cls.postfix.stop)
        cls.dns = Dns({})
        cls.addClassCleanup(cls.dns.stop)
        cls.meddler = Meddler(cls.postfix.port)
        cls.addClassCleanup(cls.meddler.stop)

    def place(self, port, key=True):
        """A folder with a configuration for this relay, and a key."""
        holder = tempfile.TemporaryDirectory(prefix="kiosque-doctor-")
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)
        table = ""
        if key:
            words = ["dkim", "keygen", "--domain", FROM, "--selector", "k1", "--out", "k1.pem"]
            out = subprocess.run([PROGRAM, *words], cwd=self.folder, capture_output=True, text=True, check=True).stdout
            self.record = re.search(r"^  (v=DKIM1; .*)$", out, re.M)[1]
            table = f'[[dkim]]\ndomain = "{FROM}"\nselector = "k1"\nkey = "file:k1.pem"\n'
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            listen = f"127.0.0.1:{free.getsockname()[1]}"
        config = CONFIG.format(port=port).replace("127.0.0.1:0", listen).replace(f"https://{FROM}", f"http://{listen}")
        (self.folder / "config.toml").write_text(config + '[outbound]\nallow = ["127.0.0.0/8"]\n' + table)

    def serve(self):
        with (self.folder / "log.txt").open("wb") as log:
            daemon = subprocess.Popen([PROGRAM, "serve"], cwd=self.folder, stdout=log, stderr=log)
        self.addCleanup(lambda: (daemon.terminate(), daemon.wait(20)))
        wait_for("the daemon", lambda: "listening" in (self.folder / "log.txt").read_text(), 20)

    def doctor(self, *words):
        done = subprocess.run(
            [PROGRAM, "doctor", "--json", "--dns", self.dns.address, *words],
            cwd=self.folder, capture_output=True, text=True, timeout=120,
        )
        findings = json.loads(done.stdout)
        failed = any(one["verdict"] == "failure" for one in findings)
        self.assertEqual(done.returncode, 1 if failed else 0, done.stdout + done.stderr)
        for one in findings:
            self.assertEqual(one["verdict"] == "ok", one["advice"] is None, one)
        return {(one["check"], one["verdict"]) for one in findings}, {one["check"]: one["found"] for one in findings}

    def mailbox(self):
        return ("--mailbox", f"maildir:{self.postfix.folder / 'mail'}", "--to", "redaction@lecteurs.example", "--patience", "40")

    def test_what_is_published_is_told_from_what_is_not(self):
        self.place(self.postfix.port)
        subprocess.run([PROGRAM, "migrate"], cwd=self.folder, check=True, capture_output=True)
        self.dns.records = {}
        verdicts, found = self.doctor()
        for check in ("spf", "dkim", "dmarc", "unsubscribe"):
            self.assertIn((check, "failure"), verdicts)
        self.assertIn(("relay", "ok"), verdicts)
        self.assertIn("PIPELINING", found["relay"])
        self.assertIn(("clock", "ok"), verdicts)

        self.dns.records = {
            FROM: ["something=else", "v=spf1 ip4:203.0.113.7 -all"],
            f"k1._domainkey.{FROM}": [self.record],  # too long for this server’s datagrams: by TCP
            "_dmarc.epreuve.example": [DMARC],
        }
        verdicts, found = self.doctor()
        for check in ("spf", "dkim", "dmarc"):
            self.assertIn((check, "ok"), verdicts, found)
        self.assertIn("_dmarc.epreuve.example", found["dmarc"])

        other = self.record[:-12] + "AAAA" + self.record[-8:]
        self.dns.records[f"k1._domainkey.{FROM}"] = [other]
        self.assertIn(("dkim", "failure"), self.doctor()[0])

    def test_without_a_name_server_it_warns_and_says_what_to_look_up(self):
        self.place(self.postfix.port, key=False)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            nobody = f"127.0.0.1:{silent.getsockname()[1]}"
        done = subprocess.run(
            [PROGRAM, "doctor", "--dns", nobody], cwd=self.folder, capture_output=True, text=True, timeout=120
        )
        self.assertRegex(done.stdout, rf"warning +spf +{re.escape(FROM)} cannot be looked up")
        self.assertIn(f"dig +short TXT {FROM}", done.stdout)
        self.assertRegex(done.stdout, r"FAILURE +dkim +nobody signs")
        self.assertRegex(done.stdout, r"FAILURE +database ")
        self.assertEqual(done.returncode, 1)

    def test_a_plain_postfix_keeps_everything(self):
        self.place(self.postfix.port)
        verdicts, _ = self.doctor(*self.mailbox())
        self.assertIn(("database", "failure"), verdicts)
        self.serve()
        verdicts, found = self.doctor(*self.mailbox())
        kept = ["mailbox", "message-id", "date", "headers", "links", "pixels", "text", "list-unsubscribe", "dkim", "return-path"]
        self.assertEqual({(check, "ok") for check in kept} - verdicts, set(), found)
        self.assertIn("holds", found["dkim"])
        # Reached over HTTP with a token of this database; it has no TLS here.
        self.assertIn(("unsubscribe", "warning"), verdicts, found)
        self.assertIn("answers one-click as it should", found["unsubscribe"])
        self.assertEqual({(check, verdict) for check, verdict in verdicts if check in kept and check != "dkim" and verdict != "ok"}, set())

    @unittest.skipUnless(shutil.which("dovecot"), "Dovecot is missing")
    def test_what_comes_into_an_imap_mailbox_is_compared_and_left_as_it_was(self):
        dovecot = Dovecot()
        self.addCleanup(dovecot.stop)
        postfix = Postfix(returns_to=(FROM, dovecot.lmtp_port))
        self.addCleanup(postfix.stop)
        self.place(postfix.port)
        self.serve()
        url = f"imap://redaction@127.0.0.1:{dovecot.imap_port}"
        words = ["--mailbox", url, "--to", f"redaction@{FROM}", "--patience", "40"]
        verdicts, found = self.doctor(*words, "--password", "file:nowhere")
        self.assertIn(("mailbox", "failure"), verdicts)
        self.assertIn("--password: cannot read the file", found["mailbox"])
        (self.folder / "password").write_text(PASSWORD + "\n")
        verdicts, found = self.doctor(*words, "--password", "file:password")
        for check in ("mailbox", "message-id", "list-unsubscribe", "return-path", "links", "pixels"):
            self.assertIn((check, "ok"), verdicts, found)
        self.assertIn("holds", found["dkim"])
        [(flags, _)] = dovecot.messages()
        self.assertNotIn(b"\\Seen", flags)

    def test_a_relay_that_meddles_is_found_out(self):
        self.place(self.meddler.port)
        self.serve()
        verdicts, found = self.doctor(*self.mailbox())
        self.assertIn(("mailbox", "ok"), verdicts, found)
        for check, verdict in [
            ("message-id", "warning"), ("links", "failure"), ("pixels", "failure"), ("list-unsubscribe", "failure"),
            ("dkim", "failure"), ("return-path", "warning"), ("date", "ok"), ("headers", "ok"),
        ]:
            self.assertIn((check, verdict), verdicts, found)
        self.assertIn("clics.meddler.example", found["links"])
        self.assertIn("rebonds@meddler.example", found["return-path"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
