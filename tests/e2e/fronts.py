"""What stands before the program on the web: the site's own server, a reverse proxy, a host that only redirects, TLS."""

import http.client
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PASSED_ON = ("If-None-Match", "If-Modified-Since", "Accept", "Accept-Encoding", "A-IM", "User-Agent")
PASSED_BACK = ("Content-Type", "ETag", "Last-Modified", "Cache-Control", "Vary", "Location", "Content-Encoding", "Link")


class Front:
    """A host. What it answers is `answer(path, headers)`, which gives (status, headers, body) and may change at any time."""

    def __init__(self, name="127.0.0.1", answer=None, certificate=None):
        self.answer = answer or nothing
        self.asked = []  # (path, status)
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                status, headers, body = front.answer(self.path, self.headers)
                front.asked.append((self.path, status))
                self.send_response_only(status)
                for key, value in headers.items():
                    self.send_header(key, value)
                if status != 304:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        scheme = "http"
        if certificate:
            scheme = "https"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.base = f"{scheme}://{name}:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def nothing(_path, _headers):
    return 404, {"Content-Type": "text/plain"}, b"nothing here\n"


def redirect(base, status=301):
    """Everything here is there now."""
    return lambda path, _headers: (status, {"Location": base + path}, b"")


def proxy(newsroom):
    """Everything is the program's to answer; a program that is being restarted is waited for as proxies do, by a 502."""

    def answer(path, headers):
        connection = http.client.HTTPConnection("127.0.0.1", newsroom.port, timeout=10)
        try:
            connection.request("GET", path, headers={key: headers[key] for key in PASSED_ON if key in headers})
            got = connection.getresponse()
            return got.status, {key: got.headers[key] for key in PASSED_BACK if key in got.headers}, got.read()
        except OSError:
            return 502, {"Content-Type": "text/plain"}, b"the program is away\n"
        finally:
            connection.close()

    return answer


def certificate(file):
    """A certificate for this machine with its key, in one file."""
    parts = [f"{file}.key", f"{file}.crt"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", parts[0], "-out", parts[1], "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        check=True, capture_output=True, timeout=60,
    )
    with open(file, "wb") as both:
        for part in parts:
            with open(part, "rb") as one:
                both.write(one.read())
    return str(file)
