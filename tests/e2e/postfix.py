"""A private Postfix: a relay as an operator has one, on a free port of 127.0.0.1, that delivers into one Maildir.

Needs root, which Postfix starts as. Nothing of the machine's own Postfix is read or changed.
"""

import os
import re
import socket
import subprocess
import tempfile
from pathlib import Path

from demo import wait_for

NOBODY = 65534

MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log/mail.log
maillog_file_prefixes = {folder}
myhostname = relais.exemple.tg
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtpd_peername_lookup = no
smtp_dns_support_level = disabled
default_transport = error:this relay delivers nowhere else
mydestination =
alias_maps =
local_recipient_maps =
virtual_mailbox_base = {folder}
virtual_mailbox_domains = regexp:{folder}/etc/domains
virtual_mailbox_maps = regexp:{folder}/etc/mailboxes
virtual_uid_maps = static:{nobody}
virtual_gid_maps = static:{nobody}
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = check_recipient_access regexp:{folder}/etc/access, reject_unlisted_recipient, permit
"""

# A host behind the relay: it refuses after the relay has taken the message, which so comes back as a notification, and the
# mail of the return path goes to a mailbox by LMTP.
COMES_BACK = """
smtpd_reject_unlisted_recipient = no
smtpd_recipient_restrictions = permit_mynetworks, reject
transport_maps = regexp:{folder}/etc/transport
"""

MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 {bounce}
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """Takes mail for any address, but `inconnu@…` (550, no such user) and `plus-tard@…` (451, try again).

    With `returns_to`, a domain and the port of an LMTP server, it takes mail for anybody, sends back what is for `inconnu…@`,
    and hands mail for that domain to the server."""

    def __init__(self, returns_to=None):
        self.holder = tempfile.TemporaryDirectory(prefix="kiosque-postfix-")
        self.folder = Path(self.holder.name)
        self.folder.chmod(0o755)
        for name in ("etc", "queue", "data", "log", "mail"):
            (self.folder / name).mkdir()
        subprocess.run(["chown", "postfix", self.folder / "data"], check=True)
        os.chown(self.folder / "mail", NOBODY, NOBODY)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        values = {"folder": self.folder, "port": self.port, "nobody": NOBODY}
        values["bounce"] = "bounce" if returns_to else "discard"
        files = {
            "main.cf": (MAIN + (COMES_BACK if returns_to else "")).format(**values),
            "master.cf": MASTER.format(**values),
            "domains": "/./ OK\n",
            "mailboxes": "!/^inconnu/ mail/\n",
            "access": "/^plus-tard@/ 451 4.7.1 Try again later\n",
        }
        if returns_to:
            domain, port = returns_to
            files["transport"] = f"/@{re.escape(domain)}$/ lmtp:inet:127.0.0.1:{port}\n"
        for name, text in files.items():
            (self.folder / "etc" / name).write_text(text)
        self._run("start")
        wait_for("Postfix", self._answers, 20)

    def _run(self, verb):
        command = ["postfix", "-c", self.folder / "etc", verb]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise AssertionError(f"postfix {verb}: {done.stdout}{done.stderr}{self.log()}")

    def _answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
                return connection.recv(4) == b"220 "
        except OSError:
            return False

    def log(self):
        file = self.folder / "log" / "mail.log"
        return file.read_text() if file.exists() else ""

    def received(self):
        """The messages delivered so far, as bytes."""
        return [file.read_bytes() for file in sorted((self.folder / "mail" / "new").glob("*"))]

    def stop(self):
        self._run("stop")
        self.holder.cleanup()
