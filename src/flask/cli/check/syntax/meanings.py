"""What names mean to the reader: which parts of a request the client chooses, what keeps a text, where it does harm.

Tables, and nothing that looks at a tree.
"""

from __future__ import annotations

import typing as t

from ..findings import Kind as FindingKind
from .kinds import CODE_OF_INPUT, MARKUP, PATH_OF_INPUT, REDIRECT_TO_INPUT, TEMPLATE_OF_INPUT, UNPICKLED_INPUT
from .values import Kind

#: The parts of a request that hold what the client chose, as they are: even `url` has percent-encoding undone.
PARTS: dict[str, Kind] = {
    "args": "container",
    "form": "container",
    "values": "container",
    "cookies": "container",
    "headers": "container",
    "view_args": "container",
    "json": "container",
    "files": "files",
    "data": "text",
    "path": "text",
    "full_path": "text",
    "url": "text",
    "base_url": "text",
    "query_string": "text",
}
#: The methods of a request that give such a part.
PART_METHODS: dict[str, Kind] = {"get_json": "container", "get_data": "text"}
#: What a page elsewhere can have a visitor's browser send.
SENT_BY_LINKS = frozenset({"args", "values", "form", "segment", "path segments", "path", "url", "base_url"})
#: Of these, what a plain link can hold.
IN_LINKS = frozenset({"args", "values", "path segments"})

#: Names by which the same thing goes.
SAME = {
    "flask.globals.request": "flask.request",
    "flask.Markup": "markupsafe.Markup",
    "jinja2.Markup": "markupsafe.Markup",
    "jinja2.utils.Markup": "markupsafe.Markup",
    "flask.escape": "markupsafe.escape",
    "jinja2.escape": "markupsafe.escape",
    "flask.templating.render_template": "flask.render_template",
    "flask.templating.render_template_string": "flask.render_template_string",
    "flask.stream_template": "flask.render_template",
    "flask.templating.stream_template": "flask.render_template",
    "flask.stream_template_string": "flask.render_template_string",
    "flask.templating.stream_template_string": "flask.render_template_string",
    "flask.helpers.redirect": "flask.redirect",
    "werkzeug.utils.redirect": "flask.redirect",
    "flask.helpers.send_file": "flask.send_file",
    "werkzeug.utils.send_file": "flask.send_file",
    "flask.helpers.send_from_directory": "flask.send_from_directory",
    "werkzeug.utils.send_from_directory": "flask.send_from_directory",
    "io.open": "builtins.open",
    "codecs.open": "builtins.open",
    "cPickle.loads": "pickle.loads",
    "_pickle.loads": "pickle.loads",
}

#: Methods of a text, a dict or a file whose result still is what the client sent.
KEEPING = frozenset(
    "strip lstrip rstrip lower upper title capitalize casefold swapcase removeprefix removesuffix encode decode"
    " expandtabs center ljust rjust zfill split rsplit splitlines partition rpartition get getlist pop to_dict copy"
    " items values keys lists listvalues read readline readlines getvalue resolve absolute expanduser joinpath"
    " with_suffix with_name as_posix".split()
)
#: Functions whose result still is what their first argument was.
KEEPING_FUNCTIONS = frozenset(
    "builtins.str builtins.dict builtins.list builtins.tuple builtins.sorted builtins.reversed builtins.bytes"
    " builtins.next builtins.iter os.fspath os.path.abspath os.path.realpath os.path.normpath os.path.expanduser"
    " urllib.parse.unquote urllib.parse.unquote_plus base64.b64decode base64.urlsafe_b64decode copy.copy".split()
)
#: Functions that read a text, and give what it holds.
READING_FUNCTIONS = frozenset({"json.loads", "flask.json.loads"})
#: What makes an environment of Jinja; a sandboxed one is another matter.
ENVIRONMENTS = frozenset({"jinja2.Environment", "jinja2.environment.Environment"})
#: Methods of markup that take it apart again.
OF_MARKUP = frozenset({"unescape", "striptags"})
PATH_FUNCTIONS = frozenset(f"pathlib.{name}" for name in ("Path", "PurePath", "PosixPath", "PurePosixPath"))
#: What a value has in itself that is no longer all of it.
HARMLESS_ATTRIBUTES = frozenset("name stem suffix suffixes parent content_type mimetype content_length".split())
#: Questions whose answer says nothing of what is in a value.
NO_CHECKS = frozenset(
    "builtins.len builtins.isinstance builtins.bool builtins.print builtins.hasattr builtins.type builtins.callable"
    " os.path.exists os.path.isfile os.path.isdir os.path.lexists".split()
)
NO_CHECK_METHODS = frozenset({"exists", "is_file", "is_dir"})


class Danger(t.NamedTuple):
    """Where a function must not get what the client chose."""

    kind: FindingKind
    position: int
    keyword: str = ""
    every: bool = False  # any of its arguments, from the position on


#: Functions by their full names.
DANGERS: dict[str, Danger] = {
    "markupsafe.Markup": Danger(MARKUP, 0, "object"),
    "flask.render_template_string": Danger(TEMPLATE_OF_INPUT, 0, "source"),
    "flask.current_app.jinja_env.from_string": Danger(TEMPLATE_OF_INPUT, 0, "source"),
    "jinja2.Template": Danger(TEMPLATE_OF_INPUT, 0, "source"),
    "flask.redirect": Danger(REDIRECT_TO_INPUT, 0, "location"),
    "flask.send_file": Danger(PATH_OF_INPUT, 0, "path_or_file"),
    "flask.send_from_directory": Danger(PATH_OF_INPUT, 0, "directory"),
    "builtins.open": Danger(PATH_OF_INPUT, 0, "file"),
    "builtins.eval": Danger(CODE_OF_INPUT, 0),
    "builtins.exec": Danger(CODE_OF_INPUT, 0),
    "os.system": Danger(CODE_OF_INPUT, 0, "command"),
    "os.popen": Danger(CODE_OF_INPUT, 0, "cmd"),
    "subprocess.getoutput": Danger(CODE_OF_INPUT, 0, "cmd"),
    "subprocess.getstatusoutput": Danger(CODE_OF_INPUT, 0, "cmd"),
    "pickle.loads": Danger(UNPICKLED_INPUT, 0),
    "pickle.load": Danger(UNPICKLED_INPUT, 0, "file"),
    "dill.loads": Danger(UNPICKLED_INPUT, 0),
    "cloudpickle.loads": Danger(UNPICKLED_INPUT, 0),
    "marshal.loads": Danger(UNPICKLED_INPUT, 0),
    "jsonpickle.decode": Danger(UNPICKLED_INPUT, 0, "string"),
    "yaml.unsafe_load": Danger(UNPICKLED_INPUT, 0, "stream"),
}
for _name in ("remove", "unlink", "rmdir", "listdir", "scandir", "makedirs", "mkdir", "rename", "replace"):
    DANGERS[f"os.{_name}"] = Danger(PATH_OF_INPUT, 0, every=_name in ("rename", "replace"))
for _name in ("rmtree", "copy", "copy2", "copyfile", "copytree", "move"):
    DANGERS[f"shutil.{_name}"] = Danger(PATH_OF_INPUT, 0, every=True)
#: Functions that start a shell if they are told to.
SHELLS = frozenset(f"subprocess.{name}" for name in ("run", "call", "Popen", "check_call", "check_output"))
#: Loaders of YAML that make any object.
UNSAFE_LOADERS = frozenset({"Loader", "UnsafeLoader", "CLoader"})
#: Methods that run SQL, whatever object has them.
SQL_METHODS = frozenset({"execute", "executemany", "executescript", "exec_driver_sql", "raw", "read_sql"})
SQL_FUNCTIONS = frozenset({"sqlalchemy.text", "sqlalchemy.sql.text", "sqlalchemy.sql.expression.text"})
#: Methods of a path that use the file.
PATH_METHODS = frozenset(
    "open read_text read_bytes write_text write_bytes unlink rmdir iterdir mkdir touch rename replace".split()
)
#: What `from flask import *` brings that is told apart here.
OF_FLASK = frozenset(
    name.removeprefix("flask.") for name in {*SAME, *DANGERS} if name.startswith("flask.") and name.count(".") == 1
) | {"request", "make_response", "Response", "render_template"}
