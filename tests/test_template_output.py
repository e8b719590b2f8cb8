"""What templates write is escaped as Jinja has it, by a quicker function than Jinja's."""

from __future__ import annotations

import asyncio
import enum
import itertools
import math
import typing as t

import jinja2
import markupsafe
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2.nativetypes import native_concat
from jinja2.runtime import Undefined
from markupsafe import Markup

from flask import Flask
from flask.templating import Environment
from flask.templating import _output as output


class Text(str):
    pass


class Marked(Markup):
    pass


class Number(enum.IntEnum):
    ONE = 1


class HTML:
    def __html__(self) -> str:
        return "<b>&</b>"

    def __str__(self) -> str:
        return "<never>"


class Broken:
    def __str__(self) -> str:
        raise ZeroDivisionError("str")


texts = st.text(st.sampled_from("<>&'\"ab \x00é☃💥") | st.characters())
values = st.one_of(
    texts,
    texts.map(Text),
    texts.map(Markup),
    texts.map(Marked),
    st.integers(),
    st.booleans(),
    st.floats(),
    st.none(),
    st.binary(),
    st.lists(texts),
    st.sampled_from([Number.ONE, HTML(), HTML, Broken(), Undefined(name="x"), 10**5000]),
)


def outcome(function: t.Callable[[t.Any], t.Any], value: object) -> object:
    try:
        return str(function(value))
    except Exception as error:  # noqa: BLE001 - what is raised is compared
        return type(error), str(error)


@given(value=values)
def test_the_text_is_markupsafes(value: object) -> None:
    """Whatever the value, the text is that of `markupsafe.escape`, and so is what is raised."""
    assert outcome(output.escape_output, value) == outcome(markupsafe.escape, value)


def test_only_markupsafes_own_function_is_known() -> None:
    """Where the private function is missing, or is another, or the public one was replaced, neither is passed by."""
    if not output._KNOWN:
        pytest.skip("this MarkupSafe is quick by itself")
    escape, escape_text = output._escape, output._escape_text
    assert output.known(escape, escape_text)
    others: list[t.Any] = [None, lambda text: text, lambda text: text.replace("<", "&lt;"), Markup, escape, len]
    for other in others:
        assert not output.known(escape, other)
    assert not output.known(lambda value: escape(value), escape_text)
    assert not output.known(escape_text, escape_text)


# ---- in templates

FILES = {
    "base": "<{% block a %}{{ x }}{% endblock %}|{% block b scoped %}b{{ x }}{% endblock %}>{{ x }}",
    "part": "[{{ x }}{{ local }}]",
    "macros": "{% macro say(y) %}s{{ y }}{{ caller() if caller }}{% endmacro %}{% set kept = 'k<' %}",
}
MARKED = "{{ %s is escaped }}{{ %s }}{{ %s ~ '<' }}{{ %s|length }}"
WAYS = {
    "output": "{{ x }}{{ x|upper }}{{ x|e }}{{ x|safe }}{{ x|forceescape }}{{ x|tojson }}",
    "set": "{% set y %}a{{ x }}{% endset %}" + MARKED.replace("%s", "y"),
    "set filtered": "{% set y | upper %}a{{ x }}{% endset %}" + MARKED.replace("%s", "y"),
    "macro": "{% macro m(y) %}a{{ y }}{% endmacro %}" + MARKED.replace("%s", "m(x)"),
    "call": "{% macro m() %}a{{ caller(x) }}{% endmacro %}{% call(y) m() %}{{ y }}{{ caller }}{% endcall %}",
    "filter block": "{% filter upper %}a{{ x }}{% endfilter %}{% filter e %}{{ x }}{% endfilter %}",
    "inheritance": "{% extends 'base' %}{% block a %}"
    + MARKED.replace("%s", "super()")
    + "{{ self.b() }}{% endblock %}",
    "self": "{% block a %}{{ x }}{% endblock %}" + MARKED.replace("%s", "self.a()"),
    "include": "{% set local = x %}{% include 'part' %}{% for local in 'a<' %}{% include 'part' %}{% endfor %}",
    "include alone": "{% include 'part' without context %}",
    "import": "{% import 'macros' as m %}" + MARKED.replace("%s", "m.say(x)") + "{{ m.kept }}{{ m }}",
    "import and call": "{% from 'macros' import say with context %}{% call say(x) %}<{{ x }}{% endcall %}",
    "loop": "{% for y in [x, '<', 1, 2.5, none] recursive %}{{ y }}{{ loop(['<']) if loop.depth == 1 }}{% endfor %}",
    "join": "{{ x ~ 1 ~ '<' }}{{ [x, '<'|safe]|join('&') }}{{ '<%s>'|format(x) }}{{ ('<%s>'|safe)|format(x) }}",
    "off": "{% autoescape false %}{{ x }}{% set y %}{{ x }}{% endset %}"
    + MARKED.replace("%s", "y")
    + "{% endautoescape %}",
    "volatile": "{% autoescape on %}{{ x }}{% set y %}{{ x }}{% endset %}"
    + MARKED.replace("%s", "y")
    + "{% macro m() %}{{ x }}{% endmacro %}{{ m() }}{% filter upper %}{{ x }}{% endfilter %}{% endautoescape %}",
    "translated": "{% trans y=x %}<b>{{ y }}</b>{% endtrans %}{{ _('<%(y)s>', y=x) }}{{ gettext('<') }}",
    "undefined": "{{ nothing }}{{ nothing.real is defined }}",
    "constant": "{{ '<' }}{{ 1 }}{{ '<'|safe }}",
}
OPTIONS: dict[str, dict[str, t.Any]] = {
    "plain": {},
    "not escaped": {"autoescape": False},
    "finalized": {"finalize": lambda value: "" if value is None else value},
    "unoptimized": {"optimized": False},
    "asynchronous": {"enable_async": True},
}


def environments(**options: t.Any) -> list[jinja2.Environment]:
    options = {"autoescape": True, "extensions": ["jinja2.ext.i18n"], "loader": jinja2.DictLoader(FILES), **options}
    made: list[jinja2.Environment] = [Environment(Flask("json"), **options), jinja2.Environment(**options)]
    for environment in made:
        environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    return made


def written(environment: jinja2.Environment, source: str, values: t.Iterable[object]) -> list[object]:
    """What a template gives by each of the ways in which it can be rendered, or how it fails."""
    ways: list[t.Callable[[jinja2.Template, dict[str, t.Any]], object]] = [
        lambda template, names: template.render(names),
        lambda template, names: list(template.generate(names)),
        lambda template, names: str(template.make_module(names)),
    ]
    if environment.is_async:
        ways = [*ways[:2], lambda template, names: asyncio.run(template.render_async(names))]
    template = environment.from_string(source)
    found: list[object] = []
    for value, on, way in itertools.product(values, (True, False), ways):
        try:
            found.append(way(template, {"x": value, "on": on}))
        except Exception as error:  # noqa: BLE001 - what is raised is compared
            found.append((type(error), str(error).replace("_Context", "Context")))
    return found


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_every_use_in_a_template_is_jinjas(way: str, options: dict[str, t.Any]) -> None:
    """Text, marks and errors are those of an environment of Jinja's own, whole and in pieces, however it is written."""
    ours, jinjas = environments(**options)
    values = ["<a & 'b'>", Markup("<i>"), 7, None, HTML(), Text("<"), Marked("<"), Broken(), ["<"]]
    assert written(ours, way, values) == written(jinjas, way, values)


def test_a_templates_own_code_is_quick() -> None:
    """Templates from text, from a loader and from compiled modules have the function, by their own global name."""
    environment = environments()[0]
    expected = output.escape_output if output._KNOWN else markupsafe.escape
    for template in (environment.from_string("{{ x }}"), environment.get_template("part")):
        assert template.root_render_func.__globals__["escape"] is expected
        assert (type(template).__name__, isinstance(template, jinja2.Template)) == ("Template", True)
    code = compile(environment.compile("{{ x }}", "a", raw=True, defer_init=True), "a", "exec")
    names: dict[str, t.Any] = {"environment": environment, "__file__": "a"}
    exec(code, names)
    template = environment.template_class.from_module_dict(environment, names, {})
    assert template.root_render_func.__globals__["escape"] is expected
    assert template.render(x="<") == "&lt;"


def test_a_replaced_escape_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who puts another function where Jinja has its own is asked for every piece."""
    monkeypatch.setattr("jinja2.runtime.escape", lambda value: Markup(f"({value})"))
    assert environments()[0].from_string("{{ x }}{{ y }}").render(x="<", y=1) == "(<)(1)"


def test_a_template_class_of_an_application_is_its_own() -> None:
    """Given for one template or set in the environment, it is used, and its code escapes as Jinja's."""

    class Own(jinja2.Template):
        pass

    environment = environments()[0]
    for template in (environment.from_string("{{ x }}", template_class=Own), environment.get_template("part")):
        assert template.render(x="<").strip("[]") == "&lt;"
    environment.template_class = Own
    for template in (environment.from_string("{{ x }}"), environment.from_string("{{ x }}", template_class=Own)):
        assert type(template) is Own
        assert template.root_render_func.__globals__["escape"] is markupsafe.escape


@pytest.mark.parametrize("how", [native_concat, lambda pieces: [type(piece) for piece in pieces]])
def test_who_joins_pieces_in_another_way_sees_jinjas(how: t.Callable[[t.Any], t.Any]) -> None:
    """An environment with a `concat` of its own gets pieces of the very types that Jinja gives it."""
    found = []
    for base in (Environment, jinja2.Environment):
        kind: t.Any = type("Own", (base,), {"concat": staticmethod(how)})
        options = {"autoescape": True}
        environment = kind(Flask("json"), loader=None, **options) if base is Environment else kind(**options)
        found.append([environment.from_string("{{ x }}").render(x=value) for value in ("<", 1, Markup("<"), math.pi)])
    assert found[0] == found[1]


def test_a_module_of_another_kind_is_taken_as_it_is() -> None:
    """A namespace whose code has no `escape` is left alone."""

    def root(context: object) -> t.Iterator[str]:
        yield "root"

    names: dict[str, t.Any] = {"name": "n", "__file__": "f", "blocks": {}, "root": root, "debug_info": ""}
    environment = environments()[0]
    template = environment.template_class.from_module_dict(environment, names, {})
    assert (template.render(), "escape" in names) == ("root", False)
