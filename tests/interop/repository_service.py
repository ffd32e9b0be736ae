"""Runs the real Repository service 1.12.5: repository_service.py PORT [HARBOR].

Only what reaches out of the process is replaced: the database by one in memory, the look-up in Docker Hub by canned tags
(images of Harbor are looked up by the service's own code, in the registry at the URL `HARBOR`), and the identity service
by rules that need no keys. A caller's token is the name of its domain, with `key-` before it or not, so that each test has
plugins of its own, unless `x_domain_id` names another; without either the domain is `domain-lab`. The token `wrong` and
the workspace `wrong` are refused.

One thing is added. The published service describes `stat` for every resource and answers it for none. Its manager of
plugins can do it, by the statistics that all services share (spaceone-core); here its API is joined to that.
"""

import sys
import types

import mongomock
from spaceone.core import config, pygrpc
from spaceone.core.error import ERROR_AUTHENTICATE_FAILURE
from spaceone.core.handler import BaseAuthenticationHandler, BaseMutationHandler


def domain_of(token):
    """Clients mask a key wherever they repeat it: the prefix keeps it apart from its domain's name."""
    return token and token.removeprefix("key-")


class CheckToken(BaseAuthenticationHandler):
    def verify(self, params):
        for key in ["token", "x_workspace_id"]:
            if domain_of(self.transaction.get_meta(key)) == "wrong":
                raise ERROR_AUTHENTICATE_FAILURE(message=f"invalid {key}")


class DomainOfToken(BaseMutationHandler):
    def request(self, params):
        asked = [self.transaction.get_meta(key) for key in ["x_domain_id", "token"]]
        params.setdefault("domain_id", domain_of(next(filter(None, asked), "domain-lab")))
        return params


def tags_in_registry(connector, registry_url, image, registry_config=None):
    """Newest first; an image whose name ends in `-missing` is not in the registry."""
    if image.endswith("-missing"):
        raise registry_connector.ERROR_NO_IMAGE_IN_REGISTRY(registry_type="DOCKER_HUB", image=image)
    return ["1.2.2", "1.2.1", "1.0"]


# The service finds its handlers by the name of their module.
handlers = types.ModuleType("interop_handlers")
handlers.CheckToken = CheckToken
handlers.DomainOfToken = DomainOfToken
sys.modules[handlers.__name__] = handlers

config.init_conf("spaceone.repository", port=int(sys.argv[1]))
config.set_service_config()
harbor = sys.argv[2] if len(sys.argv) > 2 else ""
config.set_global_force(
    CONNECTORS={**config.get_global("CONNECTORS"), "HarborConnector": {"base_url": harbor, "token": "bm9ib2R5"}},
    REGISTRY_URL_MAP={**config.get_global("REGISTRY_URL_MAP"), "HARBOR": harbor.partition("://")[2]},
    HANDLERS={
        "authentication": [{"backend": "interop_handlers.CheckToken"}],
        "authorization": [],
        "mutation": [{"backend": "interop_handlers.DomainOfToken"}],
        "event": [],
    },
    DATABASES={
        "default": {
            "host": "mongodb://localhost",
            "db": "repository",
            "mongo_client_class": mongomock.MongoClient,
        }
    },
    DATABASE_AUTO_CREATE_INDEX=False,
)

# Only now: importing the service's modules reads its configuration.
from spaceone.repository.connector import registry_connector  # noqa: E402

from spaceone.repository.api.v1.plugin import Plugin  # noqa: E402


def stat(self, request, context):
    params, metadata = self.parse_request(request, context)
    query = params.get("query", {})
    of_domain = {"k": "domain_id", "v": domain_of(metadata.get("token", "domain-lab")), "o": "eq"}
    query["filter"] = [*query.get("filter", []), of_domain]
    with self.locator.get_service("PluginService", metadata) as service:
        result = service.locator.get_manager("LocalPluginManager").stat_plugins(query)
        return self.locator.get_info("StatisticsInfo", result)


Plugin.stat = stat
registry_connector.DockerHubConnector.get_tags = tags_in_registry
pygrpc.serve()
