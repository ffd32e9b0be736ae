"""Runs many calls of the Python client in one process, as each start of it takes two seconds.

Each line of standard input holds a call's arguments, as JSON; what it prints comes back as one JSON string.
"""

import contextlib
import io
import json
import sys

from spacectl.main import main

for line in sys.stdin:
    sys.argv = ["spacectl", *json.loads(line)]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        main()
    print(json.dumps(printed.getvalue()), flush=True)
