"""The cache of templates answers as Jinja's own does, whatever is asked of it in whatever order."""

from __future__ import annotations

import copy
import pickle
import threading
import typing as t

import jinja2
from hypothesis import given
from hypothesis import strategies as st
from jinja2.utils import LRUCache

from flask import Flask
from flask.templating import Environment
from flask.templating._kept import KeptTemplates

keys = st.integers(0, 5)
steps = st.one_of(
    st.tuples(st.sampled_from(["get", "__getitem__", "__delitem__", "__contains__"]), keys),
    st.tuples(st.sampled_from(["__setitem__", "setdefault", "get"]), keys, st.text(max_size=1)),
    st.tuples(st.sampled_from(["clear", "copy", "pickle"])),
)


def taken(cache: t.Any, step: tuple[t.Any, ...]) -> tuple[t.Any, object]:
    """The cache after a step, and what the step gave."""
    name, *arguments = step
    if name == "copy":
        return copy.copy(cache), None
    if name == "pickle":
        return pickle.loads(pickle.dumps(cache)), None
    try:
        return cache, getattr(cache, name)(*arguments)
    except KeyError as error:
        return cache, error.args


@given(capacity=st.integers(1, 4), taking=st.lists(steps, max_size=30))
def test_it_is_jinjas_cache_by_its_answers(capacity: int, taking: list[tuple[t.Any, ...]]) -> None:
    """After any steps it has the same templates in the same order of use, and has thrown out the same."""
    ours: t.Any = KeptTemplates(capacity)
    jinjas: t.Any = LRUCache(capacity)
    for step in taking:
        ours, found = taken(ours, step)
        jinjas, expected = taken(jinjas, step)
        assert found == expected
        for look in (list, len, lambda cache: list(reversed(cache)), lambda cache: list(cache.items())):
            assert look(ours) == look(jinjas)
        assert (list(ours.keys()), list(ours.values())) == (list(jinjas.keys()), list(jinjas.values()))
    assert (type(ours), ours.capacity) == (KeptTemplates, capacity)


def test_an_environment_has_the_cache_that_was_asked_for() -> None:
    """Of so many templates, of any number, or none; and it may be replaced at any time."""
    app = Flask("json")
    loader = jinja2.DictLoader({name: name for name in "abc"})
    environment = Environment(app, loader=loader, cache_size=2)
    assert (type(environment.cache), environment.cache.capacity) == (KeptTemplates, 2)  # type: ignore[union-attr]
    kept = [environment.get_template(name) for name in "abca"]
    assert kept[0] is not kept[3]
    assert kept[3] is environment.get_template("a")
    environment.cache.clear()  # type: ignore[union-attr]
    assert kept[3] is not environment.get_template("a")
    assert Environment(app, loader=loader, cache_size=0).cache is None
    assert Environment(app, loader=loader, cache_size=-1).cache == {}
    assert environment.overlay(cache_size=3).cache.capacity == 3  # type: ignore[union-attr]
    assert environment.overlay().cache.capacity == 2  # type: ignore[union-attr]
    environment.cache = {}
    assert environment.get_template("a") is environment.get_template("a")


def test_threads_that_look_while_others_throw_out_find_a_template_or_none() -> None:
    """What another thread has just thrown out is as if it had never been there."""
    cache, wrong = KeptTemplates(2), []

    def work(number: int) -> None:
        for turn in range(2000):
            key = (turn * number) % 5
            if cache.get(key, key) != key:
                wrong.append(key)
            cache[key] = key
            if len(cache) > 2:
                wrong.append(len(cache))

    threads = [threading.Thread(target=work, args=(number,)) for number in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
