"""The flask command: how it finds the application, what each command prints and returns, and a server that answers."""

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import click
import werkzeug.serving
from click.testing import CliRunner

import flask
from flask import cli

HELLO = "import flask\napp = flask.Flask(__name__)\n@app.get('/')\ndef index():\n    return 'hello'\n"


def _invoke(out, args, group=None, label="", **options):
    result = CliRunner().invoke(group or cli.cli, args, prog_name="flask", **options)
    shown = [result.exit_code, result.output]
    if result.exception and not isinstance(result.exception, SystemExit):
        shown.append(result.exception)
    out(label or " ".join(args), shown)
    return result


def _flask(out, args, label="", env=None, cwd=None, stdin=None, timeout=20):
    """Run the command in a process of its own, below the case's folder."""
    done = subprocess.run(
        [sys.executable, "-m", "flask", *args],
        capture_output=True,
        text=True,
        input=stdin,
        timeout=timeout,
        cwd=cwd or out.folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **(env or {})},
    )
    out(label or " ".join(args), [done.returncode, done.stdout, done.stderr])


def _on_path(out):
    sys.path.insert(0, str(out.folder))


@contextlib.contextmanager
def _server_replaced(run_simple):
    """Werkzeug's server and, where it was imported by name, the command's."""
    places = [place for place in (werkzeug.serving, cli) if hasattr(place, "run_simple")]
    kept = [place.run_simple for place in places]
    for place in places:
        place.run_simple = run_simple
    try:
        yield
    finally:
        for place, original in zip(places, kept, strict=True):
            place.run_simple = original


def run_hands_over_to_the_server(out):
    _on_path(out)
    extra = out.file("extra.txt")
    out.file("run_site.py", HELLO)

    def run_simple(host, port, app, **options):
        shown = {key: value for key, value in options.items() if key != "ssl_context"}
        out(
            "server",
            [host, port, sorted(shown.items(), key=repr)],
        )
        out(
            "application under the reloader" if options["use_reloader"] else "application",
            type(app).__name__ if not isinstance(app, flask.Flask) else "Flask",
        )

    with _server_replaced(run_simple):
        for args in (
            [],
            ["-h", "0.0.0.0", "-p", "8080"],
            ["--host", "unix://x.sock"],
            ["--reload"],
            ["--no-reload", "--debugger"],
            ["--without-threads"],
            ["--with-threads", "--reload"],
            ["--extra-files", str(extra)],
            ["--exclude-patterns", "*.tmp"],
            ["--port", "abc"],
            ["--port", "99999"],
            ["--debug"],
        ):
            for debug in ([], ["--debug"]):
                os.environ.pop("FLASK_DEBUG", None)
                os.environ.pop("FLASK_RUN_FROM_CLI", None)
                _invoke(out, ["--app", "run_site", *debug, "run", *args], label=f"{debug} {args}")
                out("environment", [os.environ.get("FLASK_DEBUG"), os.environ.get("FLASK_RUN_FROM_CLI")])
        os.environ.pop("FLASK_DEBUG", None)
        os.environ["FLASK_RUN_PORT"] = "9999"
        os.environ["FLASK_RUN_HOST"] = "h.example"
        _invoke(out, ["--app", "run_site", "run"], label="from the environment")


def run_with_an_application_that_fails(out):
    _on_path(out)
    out.file("fail_site.py", "raise RuntimeError('at import')\n")

    def run_simple(host, port, app, **options):
        try:
            app({}, None)
        except Exception as error:  # noqa: BLE001 - an observation, whatever it is
            out("served", error)

    with _server_replaced(run_simple):
        for args in (["run"], ["run", "--reload"], ["run", "--debugger"]):
            result = CliRunner().invoke(cli.cli, ["--app", "fail_site", *args], prog_name="flask")
            out(" ".join(args), [result.exit_code, result.exception])


def applications_found_in_a_module(out):
    import types

    def module(**names):
        made = types.ModuleType("case_module")
        made.__dict__.update(names)
        return made

    one, two = flask.Flask("case_app_one"), flask.Flask("case_app_two")

    def create_app(*args, **options):
        return flask.Flask("case_app_created")

    def create_app_broken():
        raise TypeError("inside the factory")

    for label, found in {
        "app": module(app=one),
        "application": module(application=one),
        "both": module(app=one, application=two),
        "another name": module(site=one),
        "two of another name": module(site=one, shop=two),
        "app among others": module(site=one, app=two),
        "create_app": module(create_app=create_app),
        "make_app": module(make_app=create_app),
        "app before create_app": module(app=one, create_app=create_app),
        "factory with arguments": module(create_app=lambda a, b: one),
        "factory with defaults": module(create_app=lambda a=1, *, b=2: one),
        "factory that fails": module(create_app=create_app_broken),
        "factory of something else": module(create_app=lambda: "not an app"),
        "class": module(app=flask.Flask),
        "nothing": module(),
        "an app that is no app": module(app="text"),
    }.items():
        out.attempt(label, cli.find_best_app, found)


def applications_found_by_a_string(out):
    import types

    made = types.ModuleType("case_module")
    made.app = flask.Flask("case_app_plain")
    made.value = 3

    def create_app(*args, **options):
        return flask.Flask(f"case_app_{'_'.join(map(str, args))}_{sorted(options.items())}")

    def needs(a):
        return made.app

    def fails(a=None):
        raise TypeError("inside")

    made.create_app, made.needs, made.fails, made.none = create_app, needs, fails, lambda: None
    made.nested = types.SimpleNamespace(app=made.app)
    for text in (
        "app",
        "app ",
        "value",
        "none",
        "missing",
        "create_app",
        "create_app()",
        "create_app(1, 'two')",
        "create_app(debug=True)",
        "create_app(1, debug=[1, {'a': None}])",
        "create_app( )",
        "needs",
        "needs()",
        "needs(1)",
        "needs(1, 2)",
        "fails",
        "fails()",
        "create_app(x)",
        "create_app(1+1)",
        "create_app(",
        "create_app(*args)",
        "nested.app",
        "app.test",
        "",
        "1",
        "app()",
        "a b",
        "create_app()()",
    ):
        out.attempt(text, cli.find_app_by_string, made, text)


def imports_are_prepared(out):
    out.file("pkg/__init__.py", "")
    out.file("pkg/sub/__init__.py", "")
    out.file("pkg/sub/mod.py", "")
    out.file("plain/mod.py", "")
    for name in (
        "pkg",
        "pkg/sub",
        "pkg/sub/mod.py",
        "pkg/sub/mod",
        "plain/mod.py",
        "pkg/__init__.py",
        "none.py",
        "plain",
        "plain/mod.txt",
    ):
        kept = list(sys.path)
        out.attempt(name, cli.prepare_import, str(out.folder / name))
        out("path", [entry for entry in sys.path if entry not in kept])


def applications_are_located(out):
    out.file("good_site.py", HELLO)
    out.file("broken_site.py", "import no_such_module_anywhere\n")
    out.file("failing_site.py", "raise RuntimeError('at import')\n")
    out.file("syntax_site.py", "def (\n")
    out.file("empty_site.py", "")
    _on_path(out)
    for name, app_name in [
        ("good_site", None),
        ("good_site", "app"),
        ("good_site", "none"),
        ("empty_site", None),
        ("absent_site", None),
        ("broken_site", None),
        ("good_site.sub", None),
    ]:
        out.attempt(f"{name} {app_name}", cli.locate_app, name, app_name)
        out.attempt(
            f"{name} {app_name} quietly", lambda n=name, a=app_name: cli.locate_app(n, a, raise_if_not_found=False)
        )
    out.attempt("failing", cli.locate_app, "failing_site", None)
    out.attempt("syntax", cli.locate_app, "syntax_site", None)


def script_info(out):
    out.file("good_site.py", HELLO)
    out.file("wsgi.py", HELLO)
    info = cli.ScriptInfo(app_import_path="good_site.py")
    out("attributes", [info.app_import_path, info.create_app, info.data, info.set_debug_flag])
    app = info.load_app()
    out("loaded", [app, info.load_app() is app, app.debug])
    out.attempt("with a name", lambda: cli.ScriptInfo("good_site:app").load_app())
    out.attempt("missing", lambda: cli.ScriptInfo("none_site").load_app())
    out.attempt("missing name", lambda: cli.ScriptInfo("good_site:none").load_app())
    out.attempt("created", lambda: cli.ScriptInfo(create_app=lambda: flask.Flask("case_app_created")).load_app())
    out.attempt("wsgi.py", lambda: cli.ScriptInfo().load_app())
    os.environ["FLASK_DEBUG"] = "1"
    out(
        "debug",
        [
            cli.ScriptInfo("good_site").load_app().debug,
            cli.ScriptInfo("good_site", set_debug_flag=False).load_app().debug,
        ],
    )
    os.unlink("wsgi.py")
    out.attempt("nothing to find", lambda: cli.ScriptInfo().load_app())
    out("options", [cli.ScriptInfo(load_dotenv_defaults=False).load_dotenv_defaults])


def no_app_exception(out):
    out(
        "exception",
        [
            cli.NoAppException("why").format_message(),
            cli.NoAppException("x").exit_code,
            issubclass(cli.NoAppException, click.UsageError),
        ],
    )


def top_level_help(out):
    out.file("good_site.py", HELLO + "@app.cli.command('own', help='My own.')\ndef own(): pass\n")
    _on_path(out)
    result = CliRunner().invoke(cli.cli, ["--app", "good_site", "--help"], prog_name="flask")
    commands = re.findall(r"^  (\w[\w-]*)", result.output.partition("Commands:")[2], re.M)
    options = re.findall(r"--?[\w-]+", result.output.partition("Options:")[2].partition("Commands:")[0])
    out("help", result.exit_code)
    out("commands", [name for name in commands if name in ("own", "routes", "run", "shell")])
    out(
        "options",
        sorted({"-e", "--env-file", "-A", "--app", "--debug", "--no-debug", "--version", "--help"} & set(options)),
    )


def help_of_each_command(out):
    """The ways to spell each option, what it takes, and the exit status; the words are each side's own."""
    own = "@app.cli.command(help='My own.')\n@click.option('--size', type=int, metavar='CM')\ndef own(size): pass\n"
    out.file("good_site.py", "import click\n" + HELLO + own)
    _on_path(out)
    for args in ("", "run", "shell", "routes", "own", "run --debug", "nope"):
        result = CliRunner().invoke(cli.cli, ["--app", "good_site", *args.split(), "--help"], prog_name="flask")
        options = re.findall(r"(?m)^  (-.*?)(?:  |$)", result.output)
        usage = result.output.partition("\n")[0]
        shown = [result.exit_code, usage, sorted(option for option in options if not option.startswith("--match"))]
        out(f"{args} --help", shown)


OPTIONS = {
    "run": "--host --port --cert --key --reload --debugger --with-threads --extra-files --exclude-patterns --debug --help",  # noqa: E501 - one text, as it is sent or stored
    "shell": "--help",
    "routes": "--sort --all-methods --help",
    "flask": "--env-file --app --debug --version --help",
}


def options_of_the_commands(out):
    commands = {"run": cli.run_command, "shell": cli.shell_command, "routes": cli.routes_command, "flask": cli.cli}
    for name, command in commands.items():
        found = {opt: p for p in command.get_params(click.Context(command)) for opt in p.opts}
        for option in OPTIONS[name].split():
            out.attempt(f"{name} {option}", _described, found.get(option))
        out(f"{name} name", command.name)


def _described(option):
    default = option.default if option.default is None or isinstance(option.default, (str, int, bool)) else "…"
    kind = type(option.type).__name__
    return [sorted(option.opts), sorted(option.secondary_opts), kind, repr(default), option.is_flag, option.multiple]


def version_option(out):
    result = _flask(out, ["--version"])
    del result


def routes_listed(out):
    _on_path(out)
    out.file(
        "routed_site.py",
        "import flask\napp = flask.Flask(__name__)\n"
        "@app.route('/b/<int:n>', methods=['GET', 'POST'])\ndef zebra(n): pass\n"
        "@app.route('/a')\ndef apple(): pass\n"
        "app.add_url_rule('/c', 'mango', methods=['DELETE'])\n"
        "bp = flask.Blueprint('bp', __name__, url_prefix='/bp')\n"
        "@bp.get('/x')\ndef view(): pass\napp.register_blueprint(bp)\n",
    )
    for args in (
        [],
        ["-s", "endpoint"],
        ["-s", "methods"],
        ["-s", "rule"],
        ["-s", "domain"],
        ["-s", "match"],
        ["--sort", "rule", "--all-methods"],
        ["--all-methods"],
        ["-s", "none"],
    ):
        _invoke(out, ["--app", "routed_site", "routes", *args])


def routes_with_hosts_and_subdomains(out):
    _on_path(out)
    out.file(
        "host_site.py",
        "import flask\napp = flask.Flask(__name__, host_matching=True, static_host='s.example')\napp.add_url_rule('/', 'a', host='a.example')\n",  # noqa: E501 - one text, as it is sent or stored
    )
    out.file(
        "sub_site.py",
        "import flask\napp = flask.Flask(__name__, subdomain_matching=True)\napp.config['SERVER_NAME'] = 'x.example'\napp.add_url_rule('/', 'a', subdomain='admin')\n",  # noqa: E501 - one text, as it is sent or stored
    )
    out.file("none_site.py", "import flask\napp = flask.Flask(__name__, static_folder=None)\n")
    for name in ("host_site", "sub_site", "none_site"):
        _invoke(out, ["--app", name, "routes"])
        _invoke(out, ["--app", name, "routes", "-s", "domain"])


def application_missing(out):
    _invoke(out, ["routes"])
    _invoke(out, ["run"])
    _invoke(out, ["--app", "no_such_site", "routes"])
    _invoke(out, ["--app", "no_such_site:app", "routes"])
    _invoke(out, ["--app", "", "routes"])
    _invoke(out, ["nothing"])
    _invoke(out, ["--nothing"])


def application_that_cannot_be_imported(out):
    _on_path(out)
    out.file("broken_site.py", "import no_such_module_anywhere\n")
    out.file("factory_site.py", "def create_app(a): pass\n")
    out.file("nothing_site.py", "x = 1\n")
    out.file("two_site.py", "import flask\na = flask.Flask('a')\nb = flask.Flask('b')\n")
    for name in (
        "factory_site",
        "nothing_site",
        "two_site",
        "two_site:a",
        "two_site:c",
        "factory_site:create_app",
        "factory_site:create_app(1)",
    ):
        _invoke(out, ["--app", name, "routes"], label=name)
    result = CliRunner().invoke(cli.cli, ["--app", "broken_site", "routes"], prog_name="flask")
    out("broken", [result.exit_code, result.output.splitlines()[:6], "No module named" in result.output])


def application_by_environment_and_files(out):
    _on_path(out)
    out.file("env_site.py", HELLO)
    out.file("app.py", HELLO.replace("hello", "from app.py"))
    os.environ["FLASK_APP"] = "env_site"
    _invoke(out, ["routes"], label="FLASK_APP")
    _invoke(out, ["--app", "app", "routes"], label="--app wins")
    del os.environ["FLASK_APP"]
    _invoke(out, ["routes"], label="app.py")
    _invoke(out, ["--app", "env_site.py", "routes"], label="file")
    _invoke(out, ["--app", str(out.folder / "env_site.py"), "routes"], label="absolute file")
    _invoke(out, ["-A", "env_site:app", "routes"], label="short")


def commands_of_an_application(out):
    _on_path(out)
    out.file(
        "cmd_site.py",
        "import click, flask\napp = flask.Flask(__name__)\n"
        "@app.cli.command()\n@click.argument('name')\n@click.option('--n', default=1, type=int)\ndef greet(name, n):\n    'Greets.'\n    click.echo((name + flask.current_app.name) * n)\n"  # noqa: E501 - one text, as it is sent or stored
        "@app.cli.command('bad')\ndef bad():\n    raise ValueError('bad')\n"
        "@app.cli.command('bare', with_appcontext=False)\ndef bare():\n    click.echo(flask.has_app_context())\n"
        "@app.cli.group()\ndef db():\n    'Database.'\n"
        "@db.command()\ndef init():\n    click.echo(flask.current_app.name)\n"
        "@app.cli.command()\n@click.pass_context\ndef leave(ctx):\n    ctx.exit(3)\n"
        "@app.cli.command()\ndef fail():\n    raise click.ClickException('told')\n"
        "app.teardown_appcontext(lambda error: click.echo(f'down {error!r}'))\n",
    )
    for args in (
        ["greet", "x"],
        ["greet", "x", "--n", "2"],
        ["greet"],
        ["greet", "x", "--n", "y"],
        ["bad"],
        ["bare"],
        ["db", "init"],
        ["db"],
        ["db", "none"],
        ["leave"],
        ["fail"],
        ["greet", "--help"],
    ):
        _invoke(out, ["--app", "cmd_site", *args])


def app_group(out):
    group = cli.AppGroup("tools")

    @group.command()
    def inside():
        click.echo(flask.current_app.name)

    @group.command(with_appcontext=False)
    def outside():
        click.echo(str(flask.has_app_context()))

    @group.group()
    def sub():
        pass

    @sub.command("deep")
    def deep():
        click.echo(flask.current_app.name)

    out("kinds", [type(sub) is cli.AppGroup, sorted(group.commands), inside.name])
    app = flask.Flask("case_app")
    for args in (["inside"], ["outside"], ["sub", "deep"]):
        _invoke(out, args, group, obj=cli.ScriptInfo(create_app=lambda: app))


def with_appcontext(out):
    app = flask.Flask("case_app")
    app.teardown_appcontext(lambda error: out.tell("down", error))

    @click.command()
    @cli.with_appcontext
    @click.pass_context
    def plain(context):
        out.tell("inside", flask.current_app.name, context.command.name)
        return 7

    @click.command()
    @cli.with_appcontext
    def failing():
        raise KeyError("k")

    info = cli.ScriptInfo(create_app=lambda: app)
    for command in (plain, failing):
        _invoke(out, [], command, label=command.name, obj=info)
    with app.app_context():
        flask.g.mark = "outer"
        _invoke(out, [], plain, label="in a context", obj=info)
    out.tell("left", flask.has_app_context())
    _invoke(out, [], plain, label="no info")
    out("name", cli.with_appcontext(len).__name__ if callable(cli.with_appcontext) else None)


def pass_script_info(out):
    @click.command()
    @cli.pass_script_info
    def show(info):
        click.echo(type(info).__name__)

    _invoke(out, [], show, obj=cli.ScriptInfo())
    _invoke(out, [], show, label="without")


def flask_group_of_ones_own(out):
    created = []

    def create_app():
        created.append(1)
        return flask.Flask("case_app_group")

    @click.group(cls=cli.FlaskGroup, create_app=create_app)
    def mine():
        """Mine."""

    @mine.command()
    def hello():
        click.echo(f"hello {flask.current_app.name}")

    for args in (["hello"], ["routes"], ["none"]):
        _invoke(out, args, mine)
    out("created", len(created))
    bare = cli.FlaskGroup(name="bare", add_default_commands=False, add_version_option=False, create_app=create_app)
    out("bare", [sorted(bare.commands), sorted(o for p in bare.params for o in p.opts)])
    full = cli.FlaskGroup(name="full")
    out("full", [sorted(full.commands), sorted(o for p in full.params for o in p.opts)])


def flask_group_factory_that_fails(out):
    def create_app():
        raise RuntimeError("no app today")

    group = cli.FlaskGroup(create_app=create_app)

    @group.command("own")
    def own():
        click.echo("own ran")

    result = CliRunner().invoke(group, ["own"], prog_name="flask")
    out("own", [result.exit_code, result.output[-40:], result.exception])
    result = CliRunner().invoke(group, ["unknown"], prog_name="flask")
    out("unknown", [result.exit_code, "no app today" in result.output])


def debug_option(out):
    _on_path(out)
    out.file("debug_site.py", HELLO + "@app.cli.command('show')\ndef show(): print(app.debug)\n")
    for args in ([], ["--debug"], ["--no-debug"]):
        for value in (None, "1", "0"):
            os.environ.pop("FLASK_DEBUG", None)
            if value is not None:
                os.environ["FLASK_DEBUG"] = value
            _invoke(out, ["--app", "debug_site", *args, "show"], label=f"{args} {value}")
            out("environment", os.environ.get("FLASK_DEBUG"))


def dotenv_files(out):
    _on_path(out)
    out.file(
        "dot_site.py",
        "import os, flask\napp = flask.Flask(__name__)\n@app.cli.command('show')\ndef show(): print([os.environ.get(k) for k in ('CASE_A', 'CASE_B', 'CASE_C')])\n",  # noqa: E501 - one text, as it is sent or stored
    )
    out.file(".env", "CASE_A=env\nCASE_B=env\n")
    out.file(".flaskenv", "CASE_B=flaskenv\nCASE_C=flaskenv\nFLASK_APP=dot_site\n")
    out.file("other.env", "CASE_A=other\nFLASK_APP=dot_site\n")
    for label, args, environment in [
        ("default", ["show"], {}),
        ("own variable wins", ["show"], {"CASE_A": "shell"}),
        ("given file", ["--env-file", "other.env", "show"], {}),
        ("given file missing", ["--env-file", "none.env", "show"], {}),
        ("skipped", ["--app", "dot_site", "show"], {"FLASK_SKIP_DOTENV": "1"}),
        ("skipped with a file", ["--env-file", "other.env", "show"], {"FLASK_SKIP_DOTENV": "1"}),
    ]:
        for key in ("CASE_A", "CASE_B", "CASE_C", "FLASK_APP", "FLASK_SKIP_DOTENV"):
            os.environ.pop(key, None)
        os.environ.update(environment)
        _invoke(out, args, label=label)


def load_dotenv(out):
    out.file(".env", "CASE_A=env\n")
    out.file(".flaskenv", "CASE_B=flaskenv\n")
    out.file("sub/own.env", "CASE_C=own\nCASE_A=own\nCASE_D\n")
    for label, call in {
        "default": lambda: cli.load_dotenv(),
        "path": lambda: cli.load_dotenv(str(out.folder / "sub/own.env")),
        "missing": lambda: cli.load_dotenv(str(out.folder / "none.env")),
        "no defaults": lambda: cli.load_dotenv(load_defaults=False),
        "path, no defaults": lambda: cli.load_dotenv(str(out.folder / "sub/own.env"), load_defaults=False),
    }.items():
        for key in "ABCD":
            os.environ.pop(f"CASE_{key}", None)
        out.attempt(label, call)
        out("found", {key: os.environ.get(f"CASE_{key}") for key in "ABCD"})
    os.chdir("sub")
    os.environ.pop("CASE_A", None)
    out.attempt("from a folder below", cli.load_dotenv)
    out("found", [os.environ.get("CASE_A"), Path.cwd().name])
    out("asked", [flask.helpers.get_load_dotenv(), flask.helpers.get_load_dotenv(False)])
    for value in ("0", "1", "true", "no", ""):
        os.environ["FLASK_SKIP_DOTENV"] = value
        out(f"skip {value}", [flask.helpers.get_load_dotenv(), flask.helpers.get_load_dotenv(True)])


def server_banner(out):
    for args in ((True, "site"), (False, "site"), (None, "site"), (True, None), (False, None)):
        out.attempt(str(args), cli.show_server_banner, *args)
    os.environ["WERKZEUG_RUN_MAIN"] = "true"
    out.attempt("in the reloader's child", cli.show_server_banner, True, "site")


def certificate_parameter(out):
    cert, key = out.file("cert.pem", "c"), out.file("key.pem", "k")
    kind = cli.CertParamType()
    command = click.Command(
        "x",
        params=[
            click.Option(["--cert"], type=kind),
            click.Option(["--key"], type=click.Path(exists=True, dir_okay=False)),
        ],
    )
    context = click.Context(command)
    for value in (str(cert), "none.pem", "ssl", "json", str(out.folder)):
        out.attempt(value, kind.convert, value, command.params[0], context)
    for args in (
        ["--cert", str(cert)],
        ["--cert", str(cert), "--key", str(key)],
        ["--key", str(key)],
        ["--cert", str(cert), "--key", "none"],
        ["--cert", "none"],
    ):
        result = CliRunner().invoke(
            cli.run_command, args, prog_name="run", obj=cli.ScriptInfo(create_app=_no_application)
        )
        out(str([out.text(arg) for arg in args]), [result.exit_code, result.output, result.exception])


def _no_application():
    raise RuntimeError("no application wanted")


def separated_paths_parameter(out):
    first, second = out.file("a.txt"), out.file("b.txt")
    kind = cli.SeparatedPathType()
    out.attempt("two", kind.convert, f"{first}{os.pathsep}{second}", None, None)
    out.attempt("one", kind.convert, str(first), None, None)
    out.attempt("missing", kind.convert, "none.txt", None, None)
    out(
        "splitter",
        [
            kind.split_envvar_value(f"{first}{os.pathsep}{second}") == [str(first), str(second)],
            type(kind).__mro__[1].__name__,
        ],
    )


def shell_of_an_application(out):
    _on_path(out)
    out.file("shell_site.py", HELLO + "app.shell_context_processor(lambda: {'extra': 42})\n")
    result = CliRunner().invoke(
        cli.cli, ["--app", "shell_site", "shell"], input="print(app.name, extra, g)\nexit()\n", prog_name="flask"
    )
    out(
        "shell",
        [result.exit_code, re.sub(r"Python .*?\n(.*?)App:", "App:", result.output, flags=re.S), result.exception],
    )
    os.environ["PYTHONSTARTUP"] = str(out.file("startup.py", "started = 'yes'\n"))
    result = CliRunner().invoke(cli.cli, ["--app", "shell_site", "shell"], input="print(started)\n", prog_name="flask")
    out("startup", [result.exit_code, "yes" in result.output])


def commands_in_a_process_of_their_own(out):
    out.file("proc_site.py", HELLO + "@app.cli.command('show')\ndef show(): print('shown', app.name)\n")
    _flask(out, ["--app", "proc_site", "show"])
    _flask(out, ["show"], env={"FLASK_APP": "proc_site"}, label="FLASK_APP")
    _flask(out, ["--app", "none_site", "show"])


def entry_points_of_plug_ins(out):
    info = out.folder / "plug-1.0.dist-info"
    out.file("plug_commands.py", "import click\n@click.command()\ndef hello(): click.echo('plugged')\n")
    out.file("plug-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: plug\nVersion: 1.0\n")
    out.file("plug-1.0.dist-info/entry_points.txt", "[flask.commands]\nplugged = plug_commands:hello\n")
    out.file("proc_site.py", HELLO)
    _flask(out, ["--app", "proc_site", "plugged"], env={"PYTHONPATH": str(info.parent)})


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _serve(out, args, ask, *options, hide=lambda said: said):
    """Start `flask run` on a free port, ask it, stop it; what it said is written down with the port hidden."""
    port = _free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "flask", *args, "run", *options, "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=out.folder,
        env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"},
    )
    try:
        for _ in range(1000):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.01)
        ask(f"http://127.0.0.1:{port}")
    finally:
        server.terminate()
        said = server.communicate(timeout=10)[0]
    said = re.sub(r"\[\d\d/\w{3}/\d{4} \d\d:\d\d:\d\d\]", "[…]", said.replace(str(port), "PORT"))
    out("said", hide(re.sub(r"PIN: [\d-]+", "PIN: …", re.sub(r"\x1b\[[\d;]*m", "", said))))


def _ask(out, url, label, **options):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, **options), timeout=10) as response:
            status, headers, body = response.status, response.headers, response.read()
    except urllib.error.HTTPError as error:
        status, headers, body = error.code, error.headers, error.read()
    hidden = ("Date", "Server", *(("Content-Length",) if len(body) >= 400 else ()))
    shown = [[key, "…" if key in hidden else value] for key, value in headers.items()]
    out(label, [status, shown, body if len(body) < 400 else b"Werkzeug Debugger" in body])


def a_server_that_answers(out):
    out.file(
        "site_run.py",
        HELLO + "@app.get('/fail')\ndef fail(): return 1 / 0\n@app.post('/')\ndef post(): return flask.request.form\n",
    )
    out.file("static/a.txt", "static file")

    def ask(base):
        _ask(out, f"{base}/", "get")
        _ask(out, f"{base}/", "head", method="HEAD")
        _ask(out, f"{base}/", "post", data=b"a=1&b=%C3%BC", method="POST")
        _ask(out, f"{base}/none", "none")
        _ask(out, f"{base}/static/a.txt", "static")

    _serve(out, ["--app", "site_run"], ask)


def a_server_in_debug_mode(out):
    out.file("site_debug.py", HELLO + "@app.get('/fail')\ndef fail(): raise ValueError('for the debugger')\n")

    def ask(base):
        _ask(out, f"{base}/", "get")
        _ask(out, f"{base}/fail", "fail")

    # The traceback reaches the log after the page has been sent, at a moment of its own.
    _serve(
        out, ["--app", "site_debug", "--debug"], ask, "--no-reload", hide=lambda said: said.partition("GET /fail")[0]
    )


def app_run_in_a_script(out):
    out.file(
        "script.py",
        HELLO
        + "import werkzeug.serving\nwerkzeug.serving.run_simple = lambda *a, **k: print('ran', a[0], a[1])\nif __name__ == '__main__':\n    app.run(port=1234)\n",  # noqa: E501 - one text, as it is sent or stored
    )
    done = subprocess.run([sys.executable, "script.py"], capture_output=True, text=True, timeout=20, cwd=out.folder)
    out("as a script", [done.returncode, done.stdout, done.stderr])
    out.file("unguarded.py", HELLO + "app.run()\n")
    _flask(out, ["--app", "unguarded", "routes"], label="unguarded under the command")


def main_function(out):
    sys.argv = ["flask", "--version"]
    out.attempt("version", cli.main)
    sys.argv = ["flask", "--app", "none", "routes"]
    out.attempt("routes", cli.main)


def names_of_the_module(out):
    names = (
        "NoAppException find_best_app find_app_by_string prepare_import locate_app get_version version_option ScriptInfo"  # noqa: E501 - one text, as it is sent or stored
        " pass_script_info with_appcontext AppGroup FlaskGroup load_dotenv show_server_banner CertParamType SeparatedPathType"  # noqa: E501 - one text, as it is sent or stored
        " run_command shell_command routes_command cli main click"
    ).split()
    out("names", [[name, type(getattr(cli, name)).__name__] for name in names])
    out("same", [flask.Flask("case_app").cli.__class__ is cli.AppGroup, flask.Flask("case_app").cli.name])
