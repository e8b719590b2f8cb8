from __future__ import annotations

import typing as t

import pytest

from flask import Blueprint, Flask, after_this_request, request
from flask import signals as named
from flask._dispatch import lifecycle
from tests.gateways.raw import call


class Recorder:
    """An app and a context in one that knows nothing of Flask, and tells what it was asked."""

    def __init__(self, fail: dict[str, BaseException] | None = None) -> None:
        self.told: list[t.Any] = []
        self.fail = fail or {}
        self.plain: tuple[str, list[tuple[str, str]], tuple[bytes]] | None = None

    def step(self, name: str, *arguments: t.Any) -> str:
        self.told.append((name, *arguments))
        if name in self.fail:
            raise self.fail[name]
        return name

    def push(self) -> None:
        self.step("push")

    def pop(self, exc: BaseException | None = None) -> None:
        self.step("pop", exc)

    def _respond(self, context: object, environ: object) -> tuple[t.Any, t.Any]:
        whose = self.step("dispatch")
        return (Answer(self, whose), None) if self.plain is None else (None, self.plain)

    def handle_exception(self, e: Exception) -> Answer:
        return Answer(self, self.step("handle", e))

    def should_ignore_error(self, error: BaseException | None) -> bool:
        return error in self.fail.get("ignored", ())  # type: ignore[operator]

    def start_response(self, status: str, headers: list[tuple[str, str]]) -> None:
        self.step("start", status, headers)

    def run(self, before_pop: t.Callable[[], object] | None = None) -> str:
        response, body = lifecycle.run(self, self, {}, lambda *_: None, before_pop)
        assert isinstance(response, Answer)
        return body


class Answer:
    """A response that tells when it is started, and whose it is."""

    def __init__(self, recorder: Recorder, whose: str) -> None:
        self.recorder, self.whose = recorder, whose

    def __call__(self, environ: object, start_response: object) -> str:
        return self.recorder.step("start", self.whose)


class TestRun:
    def test_all_goes_well(self) -> None:
        """Push, dispatch, start, pop, and what `start` returned."""
        recorder = Recorder()
        assert recorder.run() == "start"
        assert recorder.told == [("push",), ("dispatch",), ("start", "dispatch"), ("pop", None)]

    @pytest.mark.parametrize("step", ["push", "dispatch"])
    def test_an_exception_is_handled_and_told_to_the_pop(self, step: str) -> None:
        """Whatever pushing or dispatching raised is handled, its response started, and told at the pop."""
        error = LookupError()
        recorder = Recorder({step: error})
        assert recorder.run() == "start"
        assert recorder.told[-3:] == [("handle", error), ("start", "handle"), ("pop", error)]

    @pytest.mark.parametrize("fail", [{}, {"start": OSError()}])
    def test_an_answer_without_a_response_is_started_all_the_same(self, fail: dict[str, BaseException]) -> None:
        """Where there is no response, status and headers are started before the pop; a failure there is not handled."""
        recorder = Recorder(fail)
        recorder.plain = "200 OK", [("A", "b")], (b"c",)
        if fail:
            with pytest.raises(OSError):
                lifecycle.run(recorder, recorder, {}, recorder.start_response)
        else:
            assert lifecycle.run(recorder, recorder, {}, recorder.start_response) == (None, (b"c",))
        assert recorder.told == [("push",), ("dispatch",), ("start", "200 OK", [("A", "b")]), ("pop", None)]

    def test_what_the_handler_raises_goes_out_after_the_pop(self) -> None:
        """An exception that is raised again reaches the gateway, and nothing was started."""
        error = LookupError()
        recorder = Recorder({"dispatch": error, "handle": error})
        with pytest.raises(LookupError):
            recorder.run()
        assert recorder.told[-2:] == [("handle", error), ("pop", error)]

    @pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1), GeneratorExit()])
    def test_an_exit_is_not_handled_but_told(self, error: BaseException) -> None:
        """What ends a program goes by the handlers, and the pop is told."""
        recorder = Recorder({"dispatch": error})
        with pytest.raises(type(error)):
            recorder.run()
        assert recorder.told[-1] == ("pop", error)
        assert "handle" not in [name for name, *_ in recorder.told]

    def test_the_pop_comes_also_when_starting_fails(self) -> None:
        """A server that refuses the headers still gets the request torn down."""
        recorder = Recorder({"start": OSError()})
        with pytest.raises(OSError):
            recorder.run()
        assert recorder.told[-1] == ("pop", None)

    def test_an_ignored_error_is_not_told(self) -> None:
        """What `should_ignore_error` says yes to is none of the teardown's business."""
        error = LookupError()
        recorder = Recorder({"dispatch": error, "ignored": [error]})  # type: ignore[dict-item]
        recorder.run()
        assert recorder.told[-1] == ("pop", None)

    def test_before_the_pop(self) -> None:
        """What is to be done before the pop is done with the context still up."""
        recorder = Recorder()
        recorder.run(lambda: recorder.step("before"))
        assert recorder.told[-2:] == [("before",), ("pop", None)]


def telling(told: list[str]) -> Flask:
    """An app with a blueprint in a blueprint, each with every hook, and a listener to every signal of a request."""
    app = Flask(__name__)
    outer, inner = Blueprint("outer", __name__), Blueprint("inner", __name__)

    def register(scaffold: t.Any, name: str) -> None:
        scaffold.url_value_preprocessor(lambda endpoint, values: told.append(f"values {name}"))
        scaffold.before_request(lambda: told.append(f"before {name}"))
        scaffold.after_request(lambda response: (told.append(f"after {name}"), response)[1])
        scaffold.teardown_request(lambda error: told.append(f"teardown {name}"))

    for scaffold, name in ((app, "app"), (outer, "outer"), (inner, "inner")):
        register(scaffold, name)
    app.teardown_appcontext(lambda error: told.append("teardown appcontext"))

    @inner.route("/")
    def view() -> str:
        after_this_request(lambda response: (told.append("after this"), response)[1])
        told.append("view")
        return "view"

    inner.add_url_rule("/fail", "fail", lambda: 1 / 0)
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    return app


class TestOrder:
    def test_the_steps_of_one_request(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Signals, hooks of app and blueprints, and the view come in Flask's order, each once."""
        told: list[str] = []
        app = telling(told)
        names = [
            *("appcontext_pushed", "request_started", "request_finished", "request_tearing_down"),
            *("appcontext_tearing_down", "appcontext_popped"),
        ]
        listeners = [lambda sender, name=name, **_: told.append(name) for name in names]
        for name, listener in zip(names, listeners, strict=True):
            getattr(named, name).connect(listener, app)
        call(app)
        assert told == [
            *("appcontext_pushed", "request_started"),
            *("values app", "values outer", "values inner", "before app", "before outer", "before inner"),
            *("view", "after this", "after inner", "after outer", "after app", "request_finished"),
            *("teardown inner", "teardown outer", "teardown app", "request_tearing_down"),
            *("teardown appcontext", "appcontext_tearing_down", "appcontext_popped"),
        ]

    def test_a_before_function_that_answers_ends_the_round(self) -> None:
        """The first answer of a before-function is the response; after-functions and teardown run all the same."""
        told: list[str] = []
        app = telling(told)
        app.before_request_funcs["outer"].append(lambda: "stopped")
        assert call(app).body == b"stopped"
        assert told[-9:] == [
            *("before app", "before outer", "after inner", "after outer", "after app"),
            *("teardown inner", "teardown outer", "teardown app", "teardown appcontext"),
        ]

    def test_an_unhandled_error(self) -> None:
        """After a view that failed the after-functions see the 500, and the teardown functions run."""
        told: list[str] = []
        app = telling(told)
        app.logger.disabled = True
        assert call(app, "/fail").status == "500 INTERNAL SERVER ERROR"
        assert told[-7:] == [
            *("after inner", "after outer", "after app"),
            *("teardown inner", "teardown outer", "teardown app", "teardown appcontext"),
        ]

    def test_an_after_function_that_raises_is_handled_once(self) -> None:
        """An after-function that fails gives a 500, through the other after-functions no second time round."""
        app = Flask(__name__)
        app.logger.disabled = True
        told: list[str] = []

        @app.after_request
        def failing(response: t.Any) -> t.Any:
            told.append(response.status)
            raise LookupError

        app.add_url_rule("/", "index", lambda: request.path)
        assert call(app).status == "500 INTERNAL SERVER ERROR"
        assert told == ["200 OK", "500 INTERNAL SERVER ERROR"]
