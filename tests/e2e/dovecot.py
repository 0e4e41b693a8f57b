"""A private Dovecot: one mailbox for every name, by LMTP in and by IMAP out, on free ports of 127.0.0.1.

Needs root, which Dovecot starts as. Nothing of the machine's own Dovecot is read or changed.
"""

import imaplib
import os
import socket
import subprocess
import tempfile
from pathlib import Path

from demo import wait_for

NOBODY = 65534
PASSWORD = "sesame"

CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{folder}/mail
mail_home = {folder}/home
mail_uid = {nobody}
mail_gid = {nobody}
first_valid_uid = 1
recipient_delimiter = +
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={nobody} gid={nobody} home={folder}/home
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
"""


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Dovecot:
    """Takes mail for any address by LMTP; who logs in by IMAP with the password sees all of it."""

    def __init__(self):
        self.holder = tempfile.TemporaryDirectory(prefix="kiosque-dovecot-")
        self.folder = Path(self.holder.name)
        self.folder.chmod(0o755)
        for name in ("run", "state", "mail", "home"):
            (self.folder / name).mkdir()
        for name in ("mail", "home"):
            os.chown(self.folder / name, NOBODY, NOBODY)
        self.imap_port, self.lmtp_port = free_port(), free_port()
        values = {"folder": self.folder, "nobody": NOBODY, "password": PASSWORD}
        config = CONFIG.format(**values, imap=self.imap_port, lmtp=self.lmtp_port)
        (self.folder / "dovecot.conf").write_text(config)
        command = ["dovecot", "-F", "-c", self.folder / "dovecot.conf"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            wait_for("Dovecot", self._answers, 20)
        except AssertionError:
            self.process.terminate()
            raise AssertionError(self.log() + self.process.stderr.read().decode()) from None

    def _answers(self):
        try:
            return self.messages() is not None
        except OSError:
            return False

    @property
    def maildir(self):
        return self.folder / "mail"

    def messages(self):
        """Every message: its flags and bytes."""
        connection = imaplib.IMAP4("127.0.0.1", self.imap_port)
        try:
            connection.login("retours", PASSWORD)
            connection.select("INBOX", readonly=True)
            _, found = connection.search(None, "ALL")
            all_messages = []
            for number in found[0].split():
                _, answer = connection.fetch(number, "(FLAGS BODY.PEEK[])")
                flags = imaplib.ParseFlags(answer[0][0])
                # Dovecot may give the flags after the body.
                flags += imaplib.ParseFlags(answer[1]) if isinstance(answer[1], bytes) else ()
                all_messages.append((set(flags), answer[0][1]))
            return all_messages
        finally:
            connection.logout()

    def log(self):
        file = self.folder / "dovecot.log"
        return file.read_text() if file.exists() else ""

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
        self.process.stderr.close()
        self.holder.cleanup()
