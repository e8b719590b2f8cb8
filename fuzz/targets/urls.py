"""Maps of rules, matched and built from, against Werkzeug's adapter: the router's answers, and there and back again."""

from __future__ import annotations

import random
import typing as t
from urllib.parse import unquote, urlsplit

from hypothesis import strategies as st

from flask._routing import ABSENT, Router, arguments_of
from tests.routing.strategies import Spec, Twins, map_options, paths, specs
from tests.routing.test_against_werkzeug import check

inputs = st.tuples(map_options(), st.lists(specs(wild=False) | specs(), min_size=1, max_size=7).map(tuple))


def law(drawn: tuple[dict[str, t.Any], tuple[Spec, ...]]) -> None:
    """Every sure answer of the router is Werkzeug's; a URL built from what was matched leads back to the same."""
    options, rules = drawn
    twins, router = Twins(options), Router()
    for spec in rules:
        twins.add(spec)
    check(router, twins)
    if len(twins.pairs) == 1:
        for path in paths(twins.strings, random.Random(twins.strings[0])):
            _there_and_back(router, twins, path)


def _there_and_back(router: Router, twins: Twins, path: str) -> None:
    """With one rule there is one way back; but a number may be written in many ways, and is built in one."""
    found = router.match(twins.ours, "GET", path)
    if found is None or found is ABSENT:
        return
    rule, arguments = t.cast(t.Any, found)[0], arguments_of(t.cast(t.Any, found))
    url = router.build(twins.ours, rule.endpoint, dict(arguments), "GET")
    if url is None:
        return
    again = router.match(twins.ours, "GET", unquote(urlsplit("//x" + url).path))
    assert again is not None
    assert again is not ABSENT
    assert repr(arguments_of(t.cast(t.Any, again))) == repr(arguments), (path, url)
