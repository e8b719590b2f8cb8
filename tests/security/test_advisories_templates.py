"""Advisories on templates, and on data that stands in them; docs/security-advisories.md says what each was about."""

from __future__ import annotations

import html
import json
import tempfile
import typing as t
from pathlib import Path

import pytest
from jinja2 import DictLoader, TemplateNotFound
from jinja2.sandbox import SandboxedEnvironment, SecurityError

from flask import Flask, jsonify, render_template, render_template_string
from flask.templating import Environment
from tests.security.attacks import bounded, make_app


@pytest.fixture
def app() -> t.Iterator[Flask]:
    app = make_app()
    with app.test_request_context():
        yield app


def apply(function: t.Callable[..., t.Any], *args: t.Any) -> t.Any:
    """A filter of an app's that calls what it is given."""
    return function(*args)


class Sandboxed(SandboxedEnvironment, Environment):
    """The sandbox before our environment."""


class SandboxedLast(Environment, SandboxedEnvironment):
    """The sandbox behind it."""


@pytest.fixture(params=[Sandboxed, SandboxedLast])
def sandbox(request: pytest.FixtureRequest) -> t.Callable[[str], str]:
    """Renders a template by our environment in a sandbox."""
    app = make_app()
    app.jinja_environment = request.param
    app.add_template_filter(apply, "apply")

    def render(source: str) -> str:
        with app.test_request_context():
            return app.jinja_env.from_string(source).render(text="text", words=["a"])

    assert render("{{ text }} {{ text.upper() }}") == "text TEXT"  # else every template below would be refused
    return render


def refuses(render: t.Callable[[str], str], source: str) -> bool:
    """Whether a template that reaches for what Python runs on is refused, or gets nothing."""
    try:
        made = html.unescape(render(source))
    except SecurityError:
        return True
    return not any(
        word in made for word in ("<class", "<function", "<slot", "<module", "<method", "globals", "builtin")
    )


def test_cve_2014_0012(app: Flask) -> None:
    """No code of templates is kept in a folder that others can write to: none is kept in files at all."""
    before = set(Path(tempfile.gettempdir()).glob("*jinja*"))
    assert app.jinja_env.bytecode_cache is None
    render_template_string("{{ 1 }}")
    assert set(Path(tempfile.gettempdir()).glob("*jinja*")) <= before


def test_cve_2014_1402(app: Flask) -> None:
    """Nor is any where an app asks for debug mode, a template folder, or streams."""
    app.debug = True
    assert app.create_jinja_environment().bytecode_cache is None


@pytest.mark.parametrize(
    "source",
    [
        "{{ '{0.__class__}'.format(text) }}",
        "{{ '{0.__class__.__mro__}'.format(text) }}",
        "{{ '{x.__class__}'.format(x=text) }}",
        "{{ ('{0.__cla' ~ 'ss__}').format(text) }}",
    ],
)
def test_cve_2016_10745(sandbox: t.Callable[[str], str], source: str) -> None:
    """In a sandbox `format` reaches no attribute that the sandbox keeps."""
    assert refuses(sandbox, source)


@pytest.mark.parametrize(
    "source",
    ["{{ '{x.__class__}'.format_map({'x': text}) }}", "{{ '{x.__class__.__mro__}'.format_map(dict(x=text)) }}"],
)
def test_cve_2019_10906(sandbox: t.Callable[[str], str], source: str) -> None:
    """Nor does `format_map`."""
    assert refuses(sandbox, source)


STORED = [
    "{% set f = '{0.__class__}'.format %}{{ f(text) }}",
    "{{ {'f': '{x.__class__}'.format_map}['f']({'x': text}) }}",
    "{% macro m(f) %}{{ f(text) }}{% endmacro %}{{ m('{0.__class__}'.format) }}",
    "{{ '{0.__class__}'.format|apply(text) }}",
    "{{ '{x.__class__}'.format_map|apply({'x': text}) }}",
    "{{ '{0.__class__}'['format']|apply(text) }}",
]


@pytest.mark.parametrize("source", STORED)
def test_cve_2024_56326(sandbox: t.Callable[[str], str], source: str) -> None:
    """Nor does either by a reference to it that was stored, or is called by a filter of the app's."""
    assert refuses(sandbox, source)


@pytest.mark.parametrize(
    "source",
    [
        "{{ ('{0.__class__}'|attr('format'))|apply(text) }}",
        "{{ ('{0.__class__}'|attr('format'))(text) }}",
        "{{ ('{x.__class__}'|attr('format_map'))({'x': text}) }}",
        "{{ text|attr('__class__') }}",
        "{{ words|map(attribute='__class__')|list }}",
        "{{ text['__class__'] }}{{ text.__class__.__mro__ }}",
        "{{ url_for.__globals__ }}{{ get_flashed_messages.__globals__ }}",
        "{{ (url_for|attr('__globals__')) }}",
    ],
)
def test_cve_2025_27516(sandbox: t.Callable[[str], str], source: str) -> None:
    """Nor does either by the filter `attr`, nor anything else by the quick look-up of our environment."""
    assert refuses(sandbox, source)


def test_templates_without_a_sandbox_are_told_apart() -> None:
    """Each of the above reaches what it reaches for where there is no sandbox, so that its refusal means something."""
    app = make_app()
    app.add_template_filter(apply, "apply")
    with app.test_request_context():
        for source in STORED:
            assert not refuses(lambda source: app.jinja_env.from_string(source).render(text="text"), source)


def test_cve_2020_28493(app: Flask) -> None:
    """`urlize` takes time as its text is long."""
    for text in ("." * 50_000, "a@" + "." * 50_000, "http://" + "a." * 30_000, "(" * 50_000, "a.b@" * 20_000):
        with bounded():
            render_template_string("{{ text|urlize }}", text=text)


@pytest.mark.parametrize("name", ["a onclick=alert(1)", "a\tonclick", "a\nonclick", "a\x0conclick"])
def test_cve_2024_22195(app: Flask, name: str) -> None:
    """The name of an attribute that has a blank in it is refused by `xmlattr`."""
    with pytest.raises(ValueError, match=r"(?i)invalid"):
        render_template_string("<p{{ attributes|xmlattr }}>", attributes={name: "1"})


@pytest.mark.parametrize("name", ["a/onclick", "a>", "a><script", "a=b"])
def test_cve_2024_34064(app: Flask, name: str) -> None:
    """So is one with a slash, an angle bracket or an equals sign."""
    with pytest.raises(ValueError, match=r"(?i)invalid"):
        render_template_string("<p{{ attributes|xmlattr }}>", attributes={name: "1"})


@pytest.mark.parametrize("name", ["{run()}.html", "'+run()+'.html", '"\n+run()+".html', "{{ run() }}.html", "\\.html"])
def test_cve_2024_56201(app: Flask, name: str) -> None:
    """A template's name is never a part of its code."""
    ran: list[str] = []
    app.jinja_env.loader = DictLoader(
        {name: "{% import 'missing' as run %}" if "missing" in name else "{{ 1 }}{% block b %}{% endblock %}"}
    )
    app.jinja_env.globals["run"] = lambda: ran.append("ran") or ""
    assert render_template(name) == "1"
    assert ran == []


@pytest.mark.parametrize("data", ["</script><script>alert(1)</script>", {"</script>": 1}, ["<!--", "]]>", "&", "'"]])
def test_cve_2015_3226(app: Flask, data: t.Any) -> None:
    """Data in a script of a page ends neither the script nor an attribute, in keys as in values."""
    rendered = render_template_string("<script>{{ data|tojson }}</script><p title='{{ data|tojson }}'>", data=data)
    made = rendered.removeprefix("<script>").partition("</script>")[0]
    assert rendered == f"<script>{made}</script><p title='{made}'>"
    assert not {"<", ">", "&", "'"} & set(made)
    assert json.loads(made) == data
    assert jsonify(data).mimetype == "application/json"


@pytest.mark.parametrize(
    "name", ["../secret.txt", "/etc/passwd", "sub/../../secret.txt", "..\\secret.txt", "a/../b", "//etc/passwd"]
)
def test_names_of_templates(tmp_path: Path, name: str) -> None:
    """A template is one below the folder of templates."""
    (tmp_path / "templates" / "sub").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("secret")
    app = Flask("attacked", root_path=str(tmp_path))
    with app.test_request_context(), pytest.raises(TemplateNotFound):
        render_template(name)
