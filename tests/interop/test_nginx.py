"""A company's gateway: nginx with `grpc_pass` before the real Repository service and before `local serve`.

One nginx has a server for each thing that it can do, right and wrong, each on a port of its own.
"""

import contextlib
import json
import re
import signal
import socket
import subprocess

import pytest
import yaml

from lab import HERE, PATIENCE, PEERS, SPACECTL, Server, Spacectl, free_port, free_ports, local_serve, wait_until_listening
from terminal import required

# What each server says, between the braces of its block: {pki} is the folder of certificates, {service} the real
# service and {served} `local serve`, both as HOST:PORT, {dead} a port where nobody listens and {mute} one where nobody
# answers.
TLS = "listen 127.0.0.1:{port} ssl http2; ssl_certificate {pki}/service.pem; ssl_certificate_key {pki}/service.key;"
PASS = "location / {{ grpc_pass grpc://{service}; }}"
SERVERS = {
    "service": f"{TLS} client_max_body_size 0; {PASS}",
    "served": f"{TLS} client_max_body_size 0; location / {{{{ grpc_pass grpc://{{served}}; }}}}",
    # It closes each connection after so many requests, of which 1000 is its own default.
    **{
        f"closing{count}": f"{TLS} keepalive_requests {count}; location / {{{{ grpc_pass grpc://{{served}}; }}}}"
        for count in (3, 1000)
    },
    "cleartext": f"listen 127.0.0.1:{{port}} http2; {PASS}",
    "mutual": f"{TLS} ssl_client_certificate {{pki}}/company.pem; ssl_verify_client on; ssl_verify_depth 2; {PASS}",
    "http1": f"{TLS} {PASS}".replace("ssl http2", "ssl"),
    "web": "listen 127.0.0.1:{port};",
    "old": f"{TLS} ssl_protocols TLSv1 TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0; {PASS}",
    "small": f"{TLS} client_max_body_size 1k; {PASS}",
    "down": f"{TLS} location / {{{{ grpc_pass grpc://{{dead}}; }}}}",
    "mute": f"{TLS} location / {{{{ grpc_pass grpc://{{mute}}; grpc_read_timeout 1s; }}}}",
    "slow": f"{TLS} {PASS} location /spaceone {{{{ grpc_pass grpc://{{mute}}; grpc_read_timeout 1s; }}}}",
    "closed": f"{TLS} return 503;",
    "nowhere": f"{TLS} return 404;",
    "forbidden": f"{TLS} location / {{{{ deny all; }}}}",
    "login": f"{TLS} return 302 https://login.example/;",
    "console": f"{TLS} default_type text/html; return 200 '<title>Console</title>';",
    "unreflected": f"{TLS} location / {{{{ return 404; }}}} location /spaceone {{{{ grpc_pass grpc://{{service}}; }}}}",
    "polite": f"{TLS} default_type application/grpc; add_header grpc-status 14 always;"
    " add_header grpc-message 'closed for repairs' always; return 204;",
    **{
        name: f"{TLS} {PASS}".replace("service.pem", f"{name}.pem").replace("service.key", f"{name}.key")
        for name in ("elsewhere", "expired", "early", "itself")
    },
}

CONFIGURATION = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log info;
events {{ worker_connections 256; }}
http {{
  access_log {folder}/access.log; keepalive_requests 100000;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
{servers}
}}
"""


class Gateway(Server):
    def __init__(self, process, pki, ports):
        super().__init__(process)
        self.pki = pki
        self.ports = ports

    def place(self, server):
        return f"127.0.0.1:{self.ports[server]}"


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    """The folder of certificates."""
    folder = tmp_path_factory.mktemp("pki")
    subprocess.run([PEERS / "client/bin/python", HERE / "certificates.py", folder], check=True, timeout=PATIENCE)
    return folder


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, pki, repository):
    nginx = required("nginx")
    folder = tmp_path_factory.mktemp("nginx")
    ports = dict(zip(SERVERS, free_ports(len(SERVERS)), strict=True))
    log = folder / "error.log"
    with local_serve(folder / "plugins.db") as served, mute() as silent:
        values = {
            "pki": pki,
            "service": repository.url.removeprefix("grpc://"),
            "served": served.url.removeprefix("grpc://"),
            "dead": f"127.0.0.1:{free_port()}",
            "mute": silent,
        }
        servers = [f"server {{ {SERVERS[server].format(port=port, **values)} }}" for server, port in ports.items()]
        (folder / "nginx.conf").write_text(CONFIGURATION.format(folder=folder, servers="\n".join(servers)))
        command = [nginx, "-p", folder, "-c", "nginx.conf", "-e", log]
        with open(folder / "output", "w") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
            gateway = Gateway(process, pki, ports)
            try:
                for port in ports.values():
                    wait_until_listening(process, port, folder / "output")
                yield gateway
            finally:
                # Its workers end with it only if it is asked.
                process.terminate()
                process.wait(PATIENCE)


@contextlib.contextmanager
def mute():
    """A port whose listener never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def company(tmp_path, gateway):
    """A user who trusts the company's authority, by configuration; each server is an environment of that name."""
    user = Spacectl(tmp_path / "user")
    folder = user.home / ".spaceone/environments"
    folder.mkdir(parents=True)
    for server in SERVERS:
        endpoints = {"repository": f"grpc+ssl://{gateway.place(server)}"}
        settings = {"ca": str(gateway.pki / "company.pem"), "endpoints": endpoints}
        (folder / f"{server}.yml").write_text(yaml.safe_dump(settings))
    return user


LIST = ("list", "repository.Plugin", "-p", "repository_id=x", "-c", "plugin_id", "-o", "json")


def failed(user, *args):
    """How a call ends: its exit code, causes and hints."""
    result = user.run("--error-format", "json", *args)
    assert result.stdout == "", result
    error = json.loads(result.stderr)["error"]
    return result.code, error.get("causes", []), error.get("hints", [])


def test_a_gateway_before_the_real_service(gateway, company, domain):
    """Reflection streams both ways, plugins are registered and listed, refusals come through as sent."""
    company.run("config", "set", "token", "-", "-e", "service", stdin=domain)
    spec = {"name": "Slack", "service_type": "notification.Protocol", "image": "cloudforet/plugin-slack"}
    register = ("-e", "service", "exec", "register", "repository.Plugin", "-j", json.dumps(spec), "-c", "plugin_id")
    assert company.output(*register, "-o", "quiet") == "plugin-slack\n"
    assert company.output("-e", "service", "list", "repository.Plugin", "-c", "name", "-o", "quiet") == "Slack\n"
    lookup = ("-e", "service", "get", "repository.Plugin", "-p", "plugin_id=nope")
    assert company.refused(*lookup)[:2] == (67, "INVALID_ARGUMENT")
    assert "get_versions" in company.output("-e", "service", "api-resources", "-o", "json")


def test_a_gateway_before_local_serve_takes_large_messages(gateway, company):
    """Two megabytes up and down, in frames of 16 KiB, through a gateway that keeps no more than a page of each."""
    large = "x" * 2_000_000
    spec = {
        "name": "large",
        "image": "spaceone/plugin-large",
        "resource_type": "monitoring.Webhook",
        "provider": "aws",
        "registry_type": "DOCKER_HUB",
        "registry_config": {"image_pull_secrets": "x"},
        "tags": {"large": large},
    }
    registered = company.run("-e", "served", "exec", "register", "repository.Plugin", "-f", "-", stdin=json.dumps(spec))
    assert registered.code == 0, registered.stderr
    rows = json.loads(company.output("-e", "served", "list", "repository.Plugin", "-c", "tags", "-o", "json"))
    assert rows["results"][0]["tags"]["large"] == large


def test_a_gateway_without_tls_is_one_like_any_other(gateway, company):
    endpoint = f"grpc://{gateway.place('cleartext')}"
    assert "get_versions" in company.output("--endpoint", endpoint, "api-resources", "-o", "json")


@pytest.mark.parametrize(
    "flags",
    [
        ("--cert", "me.pem", "--key", "me.key"),
        ("--cert", "me.pem", "--key", "me-sec1.key"),
        ("--cert", "me-rsa.pem", "--key", "me-rsa.key"),
        ("--cert", "me-rsa.pem", "--key", "me-rsa-pkcs1.key"),
    ],
)
def test_a_client_certificate_opens_the_door(gateway, company, flags):
    """Kinds of keys: PKCS #8, SEC 1 and PKCS #1; the one of RSA comes with a chain."""
    flags = [str(gateway.pki / flag) if "." in flag else flag for flag in flags]
    assert company.output("-e", "mutual", "api-resources", "-o", "json", *flags)


def test_a_client_certificate_of_the_configuration(gateway, company):
    for key, file in {"cert": "me.pem", "key": "me.key"}.items():
        company.run("config", "set", key, gateway.pki / file, "-e", "mutual")
    assert company.output("-e", "mutual", "api-resources", "-o", "json")


def test_a_closed_door_says_what_it_wants(gateway, company):
    """nginx lets everybody in, and then says in HTTP what it wanted: told as where TLS itself says so."""
    call = ("-e", "mutual", *LIST)
    assert failed(company, *call) == (
        1,
        ["the response is not gRPC: HTTP 400 No required SSL certificate was sent (text/html)"],
        [
            "give a client certificate with --cert FILE and --key FILE, or as "
            "`cert` and `key` in the configuration: the service asks for one"
        ],
    )
    for name in ("me-stranger", "me-late"):
        cert = gateway.pki / f"{name}.pem"
        code, causes, hints = failed(company, *call, "--cert", cert, "--key", gateway.pki / f"{name}.key")
        assert (code, causes) == (1, ["the response is not gRPC: HTTP 400 The SSL certificate error (text/html)"])
        assert hints[0].startswith(f"check the client certificate in {cert}: "), hints


@pytest.mark.parametrize("key", ["me-protected.key", "me-protected-sec1.key"])
def test_a_protected_key_is_refused_with_what_to_do(gateway, company, key):
    result = company.run("-e", "mutual", *LIST, "--cert", gateway.pki / "me.pem", "--key", gateway.pki / key)
    assert result.code == 1
    assert f"--key: {gateway.pki / key}: its private key is protected by a passphrase" in result.stderr
    assert "openssl pkey -in" in result.stderr


class TestConnectionsThatAreClosed:
    """What the gateway says it has not processed goes over a new connection: nothing is lost, and nothing done twice."""

    @pytest.mark.parametrize(("closing", "count"), [(1000, 2500), (3, 250)])
    def test_every_document_is_registered_once(self, gateway, company, closing, count):
        provider, ids = f"once-{closing}", [f"plugin-{closing}-{n:04}" for n in range(count)]
        specs = [{"name": id, "image": f"x/{id}", "resource_type": "a.B", "provider": provider} for id in ids]
        (company.home / "many.yml").write_text(yaml.safe_dump_all(specs))
        register = ("exec", "register", "repository.Plugin", "-f", "many.yml", "-c", "plugin_id", "-o", "quiet")
        result = company.run("-e", f"closing{closing}", *register)
        assert (result.code, result.stderr) == (0, f"registered {count}\n")
        assert result.stdout.splitlines() == ids
        listed = ("list", "repository.Plugin", "-p", f"provider={provider}", "-s", "plugin_id", "-c", "plugin_id", "-o", "quiet")
        assert company.output("-e", "served", *listed).splitlines() == ids
        pages = ("--page-size", "10")
        assert company.output("-e", f"closing{closing}", *listed, *pages).splitlines() == ids

    def test_a_watch_goes_on(self, gateway, company):
        listed = ("list", "repository.Plugin", "-p", "provider=watched", "-c", "plugin_id", "-o", "quiet")
        command = [SPACECTL, "-e", "closing3", *listed, "--watch", "0.1"]
        environment = {"HOME": str(company.home), "LANG": "C.UTF-8"}
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment) as watch:
            try:
                ids = [f"plugin-watched-{n}" for n in range(8)]
                for id in ids:
                    spec = {"name": id, "image": f"x/{id}", "resource_type": "a.B", "provider": "watched"}
                    company.output("-e", "served", "exec", "register", "repository.Plugin", "-j", json.dumps(spec))
                    # An answer takes a line for each plugin, and an empty line parts it from the one before.
                    while watch.stdout.readline() != f"{id}\n":
                        assert watch.poll() is None, watch.stderr.read()
                watch.send_signal(signal.SIGINT)
                assert (watch.wait(PATIENCE), watch.stderr.read()) == (130, "")
            finally:
                watch.kill()


NO_HTTP2 = "check the port: the service speaks TLS without HTTP/2, which gRPC needs (nginx: `listen … ssl http2`)"
NO_SERVICE = "check that the service is running: a proxy answers in its place"
NO_PATH = (
    "check what the proxy passes on (nginx: grpc_pass): no gRPC service is behind this path; "
    "it must pass /grpc.reflection. too"
)
NO_GRPC = (
    "check the host, the port and what the proxy passes on: a web server or proxy answers there"
)

# Exit code, cause and hint, as patterns.
FAILURES = {
    "elsewhere": (
        1,
        "the service's certificate is not for 127.0.0.1, but for elsewhere.example",
        r"use an endpoint by a name that it holds; or, if 127.0.0.1:\d+ is that service, --tls-server-name "
        r"elsewhere.example \(`tls_server_name` in the configuration\)",
    ),
    "expired": (
        1,
        r"the service's certificate expired on \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
        "renew the service's certificate; if that day is still to come, set this machine's clock",
    ),
    "early": (
        1,
        r"the service's certificate is not valid before \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
        "check this machine's clock; if it is right, issue a certificate that is valid now",
    ),
    "itself": (
        1,
        "the service shows the certificate of an authority as its own",
        "issue the service a certificate of its own; one that signed itself needs basicConstraints CA:FALSE",
    ),
    "http1": (1, "received fatal alert: NoApplicationProtocol", re.escape(NO_HTTP2)),
    "web": (
        1,
        "received corrupt message of type InvalidContentType",
        r"use grpc://127.0.0.1:\d+: the service does not speak TLS there",
    ),
    "old": (
        1,
        "received fatal alert: ProtocolVersion",
        "enable TLS 1.2 or 1.3 on the service: nothing older is spoken here",
    ),
    "down": (78, r"the response is not gRPC: HTTP 502 Bad Gateway \(text/html\)", re.escape(NO_SERVICE)),
    "closed": (
        78,
        r"the response is not gRPC: HTTP 503 Service Temporarily Unavailable \(text/html\)",
        re.escape(NO_SERVICE),
    ),
    "slow": (
        78,
        r"the response is not gRPC: HTTP 504 Gateway Time-out \(text/html\)",
        r"raise the proxy's limit \(nginx: grpc_read_timeout\): the service behind it did not answer in time",
    ),
    "mute": (
        68,
        "no answer within 10s",
        re.escape("use --timeout 0 to wait without end"),
    ),
    "nowhere": (76, r"the response is not gRPC: HTTP 404 Not Found \(text/html\)", re.escape(NO_PATH)),
    "unreflected": (76, r"the response is not gRPC: HTTP 404 Not Found \(text/html\)", re.escape(NO_PATH)),
    "forbidden": (
        71,
        r"the response is not gRPC: HTTP 403 Forbidden \(text/html\)",
        "check what the proxy asks for: a network, a login or a client certificate",
    ),
    "login": (
        66,
        r"the response is not gRPC: HTTP 302 Found \(text/html\)",
        "use the endpoint of the gRPC service: a web site sends callers to https://login.example/",
    ),
    "console": (66, r"the response is not gRPC: HTTP 200 Console \(text/html\)", re.escape(NO_GRPC)),
    "polite": (78, "closed for repairs", "wait until the service is back: .*"),
}


@pytest.mark.parametrize("server", FAILURES)
def test_what_a_gateway_can_get_wrong_is_told_with_what_to_do(gateway, company, server):
    code, cause, hint = FAILURES[server]
    ended, causes, hints = failed(company, "-e", server, *LIST)
    assert (ended, len(hints)) == (code, 1), (ended, causes, hints)
    assert re.fullmatch(cause, causes[-1]), causes
    assert re.fullmatch(hint, hints[0]), hints


def test_an_unknown_authority_is_refused(gateway, company):
    code, causes, hints = failed(company, "-e", "service", *LIST, "--ca", gateway.pki / "stranger.pem")
    assert (code, causes) == (1, ["invalid peer certificate: UnknownIssuer"])
    assert hints[0].startswith("check that the service sends its whole chain: "), hints
    # Neither does the system trust it.
    code, _, hints = failed(company, "--endpoint", f"grpc+ssl://{gateway.place('service')}", *LIST)
    assert code == 1
    assert "--ca FILE" in hints[0], hints


def test_a_name_that_the_certificate_holds_is_enough(gateway, company):
    company.run("config", "set", "tls_server_name", "elsewhere.example", "-e", "elsewhere")
    assert company.output("-e", "elsewhere", "api-resources", "-o", "json")


def test_a_request_too_large_for_the_gateway(gateway, company):
    parameters = ("-p", "name=large", "-p", "resource_type=a.B", "-p", f"image={'x' * 2000}")
    code, causes, hints = failed(company, "-e", "small", "exec", "register", "repository.Plugin", *parameters)
    assert (code, causes) == (66, ["the response is not gRPC: HTTP 413 Request Entity Too Large (text/html)"])
    assert hints == ["raise the proxy's limit (nginx: client_max_body_size): it takes no request as large as this one"]


def test_plaintext_to_a_gateway_that_speaks_tls(gateway, company):
    """nginx notices, and says so in HTTP/1."""
    code, causes, hints = failed(company, "--endpoint", f"grpc://{gateway.place('service')}", *LIST)
    assert (code, causes) == (1, ['it answered "HTTP/1.1 400 Bad Request"'])
    assert hints[0].endswith(f"if it speaks TLS, use grpc+ssl://{gateway.place('service')}"), hints


def test_plaintext_to_a_web_server(gateway, company):
    code, causes, hints = failed(company, "--endpoint", f"grpc://{gateway.place('web')}", *LIST)
    assert (code, causes) == (1, ['it answered "HTTP/1.1 400 Bad Request"'])
    assert hints[0].startswith("check the port: a web server answers there"), hints
