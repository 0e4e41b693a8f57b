"""A real WordPress of Debian's, installed anew in a folder of its own: a private MariaDB behind a socket, and PHP's own server.

Nothing of the machine's own WordPress, MariaDB or web server is read or changed but the programs themselves.
"""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from demo import ROOT, ask, wait_for
from newsroom import free_port

SOURCE = Path("/usr/share/wordpress")
SCRIPT = ROOT / "tests" / "e2e" / "wordpress_site.php"

CONFIGURATION = """<?php
define('DB_NAME', 'wordpress');
define('DB_USER', 'root');
define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:{socket}');
define('DB_CHARSET', 'utf8mb4');
define('DB_COLLATE', '');
define('WPLANG', 'fr_FR');
define('WP_HOME', '{base}');
define('WP_SITEURL', '{base}');
define('WP_CONTENT_DIR', '{site}/wp-content');
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('DISABLE_WP_CRON', true);
define('AUTOMATIC_UPDATER_DISABLED', true);
define('WP_DEFAULT_THEME', 'essai');
{secrets}
$table_prefix = 'wp_';
if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
"""

# What a web server does for WordPress: files are files, everything else is index.php's.
ROUTER = """<?php
$file = __DIR__ . rawurldecode(parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH));
if (is_file($file)) return false;
$_SERVER['SCRIPT_NAME'] = '/index.php';
require __DIR__ . '/index.php';
"""


def missing():
    """The first program that is not here, or None."""
    if not (SOURCE / "wp-load.php").exists():
        return "wordpress"
    return next((tool for tool in ("php", "mariadbd", "mariadb-install-db") if not shutil.which(tool)), None)


class WordPressSite:
    """A newsroom's site at `base`, whose feed is `feed`."""

    def __init__(self):
        self.holder = tempfile.TemporaryDirectory(prefix="kiosque-wordpress-")
        self.folder = Path(self.holder.name)
        self.site, self.socket = self.folder / "site", self.folder / "db.sock"
        self.base = f"http://127.0.0.1:{free_port()}"
        self.feed = f"{self.base}/feed/"
        self.processes = []
        try:
            self._database()
            self._site()
            self._ask({"do": "install"})
            self._serve()
        except BaseException:
            self.close()
            raise

    def _database(self):
        data = self.folder / "db"
        user = [f"--user={'root' if os.getuid() == 0 else os.environ.get('USER', 'nobody')}"]
        made = subprocess.run(
            ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--skip-test-db", *user],
            capture_output=True,
            text=True,
            timeout=120,
        )
        if made.returncode != 0:
            raise AssertionError(f"mariadb-install-db: {made.stdout}{made.stderr}")
        # No fsync and small logs: nobody needs this database after the test.
        self._start(
            "mariadbd",
            ["mariadbd", "--no-defaults", f"--datadir={data}", f"--socket={self.socket}", "--skip-networking"]
            + ["--skip-grant-tables", "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=32M", *user],
        )
        self._sql("SELECT 1", attempts=True)
        self._sql("CREATE DATABASE wordpress CHARACTER SET utf8mb4")

    def _sql(self, statement, attempts=False):
        def done():
            command = ["mariadb", "--no-defaults", f"--socket={self.socket}", "-e", statement]
            return subprocess.run(command, capture_output=True, timeout=30).returncode == 0

        if attempts:
            wait_for("MariaDB", done, 30)
        elif not done():
            raise AssertionError(statement)

    def _site(self):
        shutil.copytree(SOURCE, self.site, ignore=lambda _, names: [n for n in names if n == "wp-config.php"], ignore_dangling_symlinks=True)
        languages = Path("/var/lib/wordpress/wp-content/languages")
        if languages.is_dir() and not (self.site / "wp-content" / "languages").exists():
            shutil.copytree(languages, self.site / "wp-content" / "languages")
        theme = self.site / "wp-content" / "themes" / "essai"
        theme.mkdir(parents=True, exist_ok=True)
        (theme / "style.css").write_text("/* Theme Name: Essai */")
        (theme / "index.php").write_text("<?php add_theme_support('post-thumbnails');")
        secrets = ("AUTH_KEY", "SECURE_AUTH_KEY", "LOGGED_IN_KEY", "NONCE_KEY", "AUTH_SALT", "SECURE_AUTH_SALT", "LOGGED_IN_SALT", "NONCE_SALT")
        text = CONFIGURATION.format(
            socket=self.socket,
            base=self.base,
            site=self.site,
            secrets="\n".join(f"define('{name}', 'essai');" for name in secrets),
        )
        (self.site / "wp-config.php").write_text(text)
        (self.site / "router.php").write_text(ROUTER)

    def _serve(self):
        host = self.base.removeprefix("http://")
        self._start("php", ["php", "-S", host, "-t", str(self.site), str(self.site / "router.php")])
        wait_for("the feed of WordPress", lambda: self._answers(), 30)

    def _answers(self):
        try:
            return ask(self.feed).status == 200
        except OSError:
            return False

    def _start(self, name, command):
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT))

    def _ask(self, what):
        host = self.base.removeprefix("http://")
        done = subprocess.run(
            ["php", str(SCRIPT), str(self.site)],
            input=json.dumps({"host": host, **what}),
            capture_output=True,
            text=True,
            timeout=120,
        )
        if done.returncode != 0:
            raise AssertionError(f"{what['do']}: {done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done.stdout

    def write(self, *posts):
        """Writes posts, or changes those whose slug is known."""
        self._ask({"do": "posts", "posts": posts})

    def export(self):
        """The file that Tools → Export → All content gives."""
        text = self._ask({"do": "export"})
        return text[text.index("<?xml") :]

    def close(self):
        for process in reversed(self.processes):
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.holder.cleanup()
