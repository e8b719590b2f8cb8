from __future__ import annotations

import typing as t

import pytest
from werkzeug.wrappers import Response

from flask import typing as ft

ALIASES = """
    ResponseValue HeaderValue HeadersValue ResponseReturnValue AppOrBlueprintKey AfterRequestCallable
    BeforeFirstRequestCallable BeforeRequestCallable ShellContextProcessorCallable TeardownCallable
    TemplateContextProcessorCallable TemplateFilterCallable TemplateGlobalCallable TemplateTestCallable
    URLDefaultCallable URLValuePreprocessorCallable ErrorHandlerCallable RouteCallable
""".split()


@pytest.mark.parametrize("name", ALIASES)
def test_annotations_resolve_at_run_time(name):
    """A function annotated with any of the aliases can be asked for its types, without a type checker."""

    def annotated(value):
        return value

    annotated.__annotations__ = {"value": f"ft.{name}"}
    assert t.get_type_hints(annotated, {"ft": ft})["value"] == getattr(ft, name)


def test_a_view_may_return_what_is_documented():
    """The values that make a response are all in their alias; the tuples only in the one for what is returned."""
    values = t.get_args(ft.ResponseValue)
    assert {Response, str, bytes, list[t.Any], t.Mapping[str, t.Any], t.Iterator[str], t.Iterator[bytes]} <= {*values}
    returned = set(t.get_args(ft.ResponseReturnValue))
    assert returned > {*values}
    assert tuple[ft.ResponseValue, int, ft.HeadersValue] in returned


def test_an_after_request_function_keeps_the_class_of_its_response():
    """The alias is generic in the response's class, which is bound by Werkzeug's."""
    assert ft.ResponseClass.__bound__ is Response
    assert ft.AfterRequestCallable[Response] == (
        t.Callable[[Response], Response] | t.Callable[[Response], t.Awaitable[Response]]
    )
