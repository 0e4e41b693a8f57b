"""A newsroom's own site on the servers that such sites run on, private and on a free port: nginx, Apache, PHP's own.

Each answers « le site » to everything that its rules do not send elsewhere.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from demo import ask, wait_for
from newsroom import free_port

SITE = "le site\n"
MODULES = Path("/usr/lib/apache2/modules")

NGINX = """\
daemon off;
pid nginx.pid;
error_log error.log;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp; uwsgi_temp_path temp; scgi_temp_path temp;
  server {{
    listen 127.0.0.1:{port};
    include {folder}/kiosque-feeds.conf;
    # As WordPress' handbook has it.
    root www;
    index index.php;
    location / {{ try_files $uri $uri/ /index.php?$args; }}
    location ~ \.php$ {{ default_type text/plain; return 200 "{site}"; }}
  }}
}}
"""

APACHE = """\
ServerRoot {folder}
ServerName localhost
PidFile {folder}/apache.pid
ErrorLog {folder}/error.log
Listen 127.0.0.1:{port}
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule dir_module {modules}/mod_dir.so
LoadModule mime_module {modules}/mod_mime.so
LoadModule rewrite_module {modules}/mod_rewrite.so
TypesConfig /dev/null
{user}
DocumentRoot {folder}/www
<Directory {folder}/www>
  AllowOverride All
  Require all granted
</Directory>
{rules}
"""

# As WordPress writes it, and its front controller.
HTACCESS = """\
# BEGIN WordPress
<IfModule mod_rewrite.c>
RewriteEngine On
RewriteBase /
RewriteRule ^index\\.txt$ - [L]
RewriteCond %{REQUEST_FILENAME} !-f
RewriteCond %{REQUEST_FILENAME} !-d
RewriteRule . /index.txt [L]
</IfModule>
# END WordPress
"""

ROUTER = """\
<?php
define('ABSPATH', __DIR__ . '/');
header('Content-Type: text/plain');
require __DIR__ . '/kiosque-feeds.php';
echo "le site\\n";
"""


class Server:
    """A folder, a port, a process."""

    def __repr__(self):
        return type(self).__name__

    def __init__(self, rules):
        self.holder = tempfile.TemporaryDirectory(prefix="kiosque-site-")
        self.folder = Path(self.holder.name)
        self.folder.chmod(0o755)
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        command = self.prepare(rules)
        with (self.folder / "output.txt").open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        try:
            wait_for(command[0], self.is_ready, 20)
        except BaseException:
            self.stop()
            raise

    def is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError("\n".join(f"{log.name}:\n{log.read_text()}" for log in self.folder.glob("*.*t")))
        try:
            return ask(self.base + "/").status == 200
        except OSError:
            return False

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.holder.cleanup()


class Nginx(Server):
    NAME, PROGRAM = "nginx", shutil.which("nginx")

    def prepare(self, rules):
        (self.folder / "www").mkdir()
        (self.folder / "www" / "index.php").touch()
        (self.folder / "kiosque-feeds.conf").write_text(rules)
        (self.folder / "nginx.conf").write_text(NGINX.format(port=self.port, folder=self.folder, site=SITE.strip() + "\\n"))
        return [self.PROGRAM, "-p", str(self.folder), "-c", "nginx.conf", "-e", "error.log"]


class Apache(Server):
    """The rules stand in the `.htaccess`, before those of WordPress, or in the server's configuration."""

    NAME, PROGRAM = "apache", shutil.which("apache2") if MODULES.is_dir() else None
    IN_HTACCESS = True

    def prepare(self, rules):
        (self.folder / "www").mkdir()
        (self.folder / "www" / "index.txt").write_text(SITE)
        (self.folder / "www" / ".htaccess").write_text((rules if self.IN_HTACCESS else "") + HTACCESS)
        user = "User www-data\nGroup www-data" if os.geteuid() == 0 else ""
        (self.folder / "httpd.conf").write_text(
            APACHE.format(
                folder=self.folder, port=self.port, modules=MODULES, user=user, rules="" if self.IN_HTACCESS else rules
            )
            + "DirectoryIndex index.txt\n"
        )
        return [self.PROGRAM, "-f", str(self.folder / "httpd.conf"), "-D", "FOREGROUND"]


class ApacheHost(Apache):
    IN_HTACCESS = False


class Php(Server):
    """The must-use plugin, loaded as WordPress loads it: before anything of the site runs."""

    NAME, PROGRAM = "wordpress", shutil.which("php")

    def prepare(self, rules):
        (self.folder / "kiosque-feeds.php").write_text(rules)
        (self.folder / "index.php").write_text(ROUTER)
        return [self.PROGRAM, "-S", f"127.0.0.1:{self.port}", "index.php"]


SERVERS = (Nginx, Apache, ApacheHost, Php)
