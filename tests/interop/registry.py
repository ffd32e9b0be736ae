"""A real image registry, `docker-registry` from Debian's package, and images in it."""

import base64
import contextlib
import hashlib
import json
import ssl
import subprocess
import urllib.request
from pathlib import Path

from lab import PATIENCE, Server, free_port, wait_until_listening
from terminal import required

# The login that a registry with `login=True` asks for, and its password as htpasswd keeps it (bcrypt).
USER, PASSWORD = "developer", "hunter2"
HTPASSWD = f"{USER}:$2b$04$abcdefghijklmnopqrstuuV3duMsC0HpUex6N9qapiuOHHWkwRXVm\n"

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


class Registry(Server):
    """`address` is `127.0.0.1:PORT`; `url` has the scheme before it."""

    def __init__(self, process, port, login, certificates):
        super().__init__(process)
        self.address = f"127.0.0.1:{port}"
        self.scheme = "https" if certificates else "http"
        self.url = f"{self.scheme}://{self.address}"
        self.login = login
        self.context = ssl.create_default_context(cafile=certificates / "company.pem") if certificates else None

    def request(self, method, path, body=None, **headers):
        url = path if "://" in path else f"{self.url}{path}"
        request = urllib.request.Request(url, data=body, method=method, headers=headers)
        if self.login:
            request.add_header("Authorization", "Basic " + encoded_login())
        return urllib.request.urlopen(request, timeout=PATIENCE, context=self.context)

    def push(self, image, *tags):
        """Pushes an image of one empty layer under `tags`; returns its digest."""
        layer = self._push_blob(image, b"")
        config = self._push_blob(image, json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {}}).encode())
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": "application/vnd.docker.container.image.v1+json", **config},
            "layers": [{"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", **layer}],
        }
        body = json.dumps(manifest).encode()
        for tag in tags:
            self.request("PUT", f"/v2/{image}/manifests/{tag}", body, **{"Content-Type": MANIFEST}).close()
        return f"sha256:{hashlib.sha256(body).hexdigest()}"

    def remove(self, image, digest):
        self.request("DELETE", f"/v2/{image}/manifests/{digest}").close()

    def tags(self, image):
        with self.request("GET", f"/v2/{image}/tags/list") as answer:
            return json.load(answer)["tags"]

    def _push_blob(self, image, content):
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        with self.request("POST", f"/v2/{image}/blobs/uploads/", b"") as answer:
            location = answer.headers["Location"]
        joint = "&" if "?" in location else "?"
        kind = {"Content-Type": "application/octet-stream"}
        self.request("PUT", f"{location}{joint}digest={digest}", content, **kind).close()
        return {"size": len(content), "digest": digest}


def encoded_login(user=USER, password=PASSWORD):
    return base64.b64encode(f"{user}:{password}".encode()).decode()


def write_login(home, address, user=USER, password=PASSWORD):
    """Logs in as `docker login` does: in `.docker/config.json` of this home."""
    file = Path(home) / ".docker" / "config.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"auths": {address: {"auth": encoded_login(user, password)}}}))
    file.chmod(0o600)
    return file


@contextlib.contextmanager
def registry(folder, login=False, certificates=None, port=None):
    """A registry that keeps its images in `folder`. With `login` it asks for one, with the folder that certificates.py
    filled it speaks TLS."""
    program = required("docker-registry")
    port = port or free_port()
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    http = {"addr": f"127.0.0.1:{port}", "secret": "none"}
    if certificates:
        http["tls"] = {"certificate": f"{certificates}/service.pem", "key": f"{certificates}/service.key"}
    settings = {
        "version": 0.1,
        "log": {"level": "warn"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "images")}, "delete": {"enabled": True}},
        "http": http,
    }
    if login:
        (folder / "htpasswd").write_text(HTPASSWD)
        settings["auth"] = {"htpasswd": {"realm": "registry", "path": str(folder / "htpasswd")}}
    # JSON is YAML.
    (folder / "config.yml").write_text(json.dumps(settings))
    log = folder / "log"
    command = [program, "serve", folder / "config.yml"]
    environment = {"HOME": str(folder), "OTEL_TRACES_EXPORTER": "none"}
    with open(log, "w") as output, subprocess.Popen(command, stdout=output, stderr=output, env=environment) as process:
        server = Registry(process, port, login, certificates)
        try:
            wait_until_listening(process, port, log)
            yield server
        finally:
            server.end()
