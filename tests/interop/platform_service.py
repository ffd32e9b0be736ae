"""Runs one real service of the 2.x platform: platform_service.py NAME PORTS SETTINGS.

NAME is `repository`, `identity`, `config`, `secret` or `inventory`; PORTS says where it and the others listen, SETTINGS
overrides its own configuration, both as JSON objects. Mails go to the file that the setting MAILS names, a JSON object
per line.

Only what reaches out of the process is replaced: the databases, also that of secrets, and Redis by some in memory,
Docker Hub by canned tags, and the mail server. Tokens are those that the identity service has issued, and some that
need no keys: a domain's identifier, with `key-` before it or not, is its administrator's, or with `x_workspace_id` the
token of that workspace's owner; `system` is the installation's own, by which services call each other.
"""

import email
import email.header
import functools
import json
import sys
import types

import mongomock
import pymongo

# Replaced before any module imports it by name.
pymongo.MongoClient = mongomock.MongoClient
# Imported and never called: the client of a cloud's registry, and a scheduler of which no wheel is published.
for module, attribute in {"google.cloud": "artifactregistry_v1", "scheduler": "Scheduler"}.items():
    sys.modules[module] = types.ModuleType(module)
    setattr(sys.modules[module], attribute, None)

import fakeredis  # noqa: E402
from spaceone.core import config, model, pygrpc  # noqa: E402
from spaceone.core.auth.jwt import JWTAuthenticator  # noqa: E402
from spaceone.core.cache.redis_cache import RedisCache  # noqa: E402
from spaceone.core.connector.space_connector import SpaceConnector  # noqa: E402
from spaceone.core.error import ERROR_AUTHENTICATE_FAILURE  # noqa: E402
from spaceone.core.handler.authentication_handler import SpaceONEAuthenticationHandler  # noqa: E402
from spaceone.core.opentelemetry import set_tracer  # noqa: E402

SYSTEM = "system"


class Authentication(SpaceONEAuthenticationHandler):
    def _initialize(self):
        """Connects to no identity service: only tokens of its own need one, and not every test runs it."""

    @functools.cached_property
    def identity_conn(self):
        return SpaceConnector(service="identity")

    def verify(self, params):
        token = (self.transaction.meta.get("token") or "").removeprefix("key-")
        if token == SYSTEM:
            self._update_system_meta({"typ": "SYSTEM_TOKEN", "own": "SYSTEM", "aud": SYSTEM})
        elif token.startswith("domain-"):
            workspace = self.transaction.get_meta("x_workspace_id")
            self._update_meta({
                "typ": "ACCESS_TOKEN",
                "own": "USER",
                "aud": "admin@example.com",
                "did": token,
                "wid": workspace,
                "rol": "WORKSPACE_OWNER" if workspace else "DOMAIN_ADMIN",
            })
        elif token.count(".") == 2:
            super().verify(params)
        else:
            raise ERROR_AUTHENTICATE_FAILURE(message="invalid token")


class SystemToken(JWTAuthenticator):
    """Takes the token by which services call each other, too: identity gives them its public keys for it."""

    def validate(self, token, options=None):
        return {} if token == SYSTEM else super().validate(token, options)


class MailFile:
    """In place of a mail server: writes mails to the file `path`."""

    def __init__(self, path):
        self.path = path

    def sendmail(self, sender, receivers, text):
        mail = email.message_from_string(text)
        subject = str(email.header.make_header(email.header.decode_header(mail["Subject"])))
        body = mail.get_payload(0).get_payload(decode=True).decode()
        with open(self.path, "a") as file:
            file.write(json.dumps({"to": receivers, "subject": subject, "body": body}) + "\n")

    def quit(self):
        """Keeps the file."""


def tags_in_registry(connector, registry_url, image, *_):
    """Newest first; an image whose name ends in `-missing` is not in the registry."""
    if image.endswith("-missing"):
        raise registry_connector.ERROR_NO_IMAGE_IN_REGISTRY(registry_type="DOCKER_HUB", image=image)
    return ["1.2.2", "1.2.1", "1.0"]


name = sys.argv[1]
ports, settings = map(json.loads, sys.argv[2:])
endpoints = {service: f"grpc://127.0.0.1:{port}" for service, port in ports.items()}
# The service finds its handlers by the name of their module.
handlers = types.ModuleType("interop_handlers")
handlers.Authentication = Authentication
sys.modules[handlers.__name__] = handlers
config.init_conf(f"spaceone.{name}", port=ports[name])
config.set_service_config()
core = "spaceone.core"
config.set_global_force(
    TOKEN=SYSTEM,
    HANDLERS={
        "authentication": [{"backend": "interop_handlers:Authentication"}],
        "authorization": [{"backend": f"{core}.handler.authorization_handler:SpaceONEAuthorizationHandler"}],
        "mutation": [{"backend": f"{core}.handler.mutation_handler:SpaceONEMutationHandler"}],
        "event": [],
    },
    CONNECTORS={
        **config.get_global("CONNECTORS"),
        "SpaceConnector": {
            "backend": f"{core}.connector.space_connector:SpaceConnector",
            "endpoints": endpoints,
        },
        "MongoDBConnector": {},
    },
    # The list that identity answers to Endpoint.list.
    ENDPOINTS=[{"service": service, "name": service, "endpoint": url} for service, url in endpoints.items()],
    # The service connects only where a user is named.
    DATABASES={"default": {"engine": "MongoModel", "host": "mongodb://localhost", "db": name, "username": "interop"}},
    CACHES={"default": {"engine": "RedisCache"}, "local": {"engine": "LocalCache"}},
    BACKEND="MongoDBConnector",
    QUEUES={},
)
config.set_global_force(**settings)
redis = fakeredis.FakeRedis()
RedisCache._get_connection = lambda cache, pool: redis
set_tracer()
if name == "repository":
    # Only now: importing the service's modules reads its configuration.
    from spaceone.repository.connector import registry_connector

    registry_connector.DockerHubConnector.get_tags = tags_in_registry
if name == "identity":
    from spaceone.identity.connector.smtp_connector import SMTPConnector
    from spaceone.identity.service import domain_service

    domain_service.JWTAuthenticator = SystemToken
    mails = config.get_global("MAILS")
    SMTPConnector.set_smtp = lambda connector, *_: setattr(connector, "smtp", MailFile(mails))
model.init_all()
pygrpc.serve()
