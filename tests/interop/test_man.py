"""The manual, read by the programs that show manuals."""

import os
import subprocess

import pytest

import lab
from terminal import required


@pytest.fixture
def pages(spacectl):
    """The pages of all commands."""
    assert spacectl.run("man", "--dir", "man/man1").code == 0
    return sorted((spacectl.home / "man/man1").iterdir())


def test_man_shows_it(spacectl, pages):
    man = required("man")
    variables = {"MANPATH": str(spacectl.home / "man"), "MANWIDTH": "80", "PATH": os.environ["PATH"]}
    reader = lab.Program(man, spacectl.home, **variables)
    page = reader.output("spacectl-config-set")
    assert page.startswith("SPACECTL-CONFIG-SET(1)")
    for part in ["Set a key of the environment", "spacectl config set api_key - < key.txt", "SEE ALSO"]:
        assert part in page
    assert "> ~/.config/fish/completions/spacectl.fish" in reader.output("spacectl-completion")
    assert "--connect-timeout" in reader.output("-l", "-", stdin=spacectl.output("man"))


@pytest.mark.parametrize("formatter", ["groff -ww -man -Tutf8 -z", "mandoc -Tlint -Werror"])
def test_formatters_have_nothing_to_say_of_it(pages, formatter):
    program, *arguments = formatter.split()
    program = required(program)
    assert len(pages) > 10
    for page in pages:
        done = subprocess.run([program, *arguments, page], capture_output=True, text=True, timeout=lab.PATIENCE)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
