"""Runs a plugin of the real framework: plugin_server.py SOURCE PORT.

As `spaceone run plugin-server plugin -s SOURCE -p PORT` does, without the REST servers and schedulers that the
framework's command line imports."""

import sys

from spaceone.core import config, plugin

source, port = sys.argv[1:]
sys.path.insert(0, source)
config.init_conf(package="plugin", port=int(port), plugin_app_path="{package}.main:app")
plugin.serve()
