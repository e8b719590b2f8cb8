"""The rows on Django: only the middleware that a row needs, signed cookies as its sessions, its own templates."""

from __future__ import annotations

import json
import sys
import typing as t
from types import ModuleType

from django.conf import settings
from django.contrib import messages
from django.core.wsgi import get_wsgi_application
from django.http import Http404, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import include, path, reverse
from django.views import View
from django.views.static import serve

from bench.scenarios import answers, files, input, pages, views

KEY = "a key that only this measurement uses"
SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
MESSAGES = "django.contrib.messages.middleware.MessageMiddleware"
LAYOUT = """<!doctype html>
<html><head><title>{% block title %}{% endblock %} - Shop</title></head>
<body><nav><a href="{% url 'index' %}">Home</a> <a href="{% url 'search' %}">Search</a>
{{ request.session.user }}</nav>
{% for message in messages %}<p class="note">{{ message }}</p>{% endfor %}
{% block body %}{% endblock %}</body></html>"""
SHOP = pages.SHOP.replace("{{ url_for('show', number=item.id) }}", "{% url 'show' number=item.id %}")


def _made(*urls: t.Any, middleware: t.Sequence[str] = (), handler404: t.Any = None, **more: t.Any) -> t.Any:
    """The process's one project, of some URLs."""
    module = ModuleType("bench_project_urls")
    module.__dict__["urlpatterns"] = list(urls)
    if handler404 is not None:
        module.__dict__["handler404"] = handler404
    sys.modules[module.__name__] = module
    settings.configure(
        SECRET_KEY=KEY,
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=module.__name__,
        MIDDLEWARE=list(middleware),
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
        **more,
    )
    return get_wsgi_application()


def _templates(*processors: str, **texts: str) -> list[dict[str, t.Any]]:
    loader = ("django.template.loaders.locmem.Loader", {f"{name}.html": text for name, text in texts.items()})
    options = {
        "loaders": [("django.template.loaders.cached.Loader", [loader])],
        "context_processors": list(processors),
    }
    return [{"BACKEND": "django.template.backends.django.DjangoTemplates", "OPTIONS": options}]


def _hello(request: t.Any) -> t.Any:
    return HttpResponse("Hello, World!")


def _item(request: t.Any, number: int) -> t.Any:
    return HttpResponse(f"item {number}")


def hello() -> t.Any:
    return _made(path("", _hello))


def json_int() -> t.Any:
    return _made(path("items/<int:number>", lambda request, number: JsonResponse(answers.item(number))))


def thousand_routes() -> t.Any:
    def view(request: t.Any, name: str = "") -> t.Any:
        return HttpResponse(f"found {name}")

    urls = []
    for number in range(500):
        urls += [path(f"section{number}/page", view), path(f"section{number}/<name>/detail", view)]
    return _made(*urls)


def query_arguments() -> t.Any:
    return _made(path("", lambda request: HttpResponse("|".join([request.GET[name] for name in input.NAMES]))))


def form_post() -> t.Any:
    def submit(request: t.Any) -> t.Any:
        form = request.POST
        return HttpResponse(f"{form['name']} {form['email']} {len(form['comment'])}")

    return _made(path("", submit))


def json_post() -> t.Any:
    return _made(path("", lambda request: JsonResponse(json.loads(request.body))))


def _login(request: t.Any) -> t.Any:
    request.session["user"] = "alice"
    request.session["visits"] = 7
    return HttpResponse("ok")


def session_read() -> t.Any:
    def index(request: t.Any) -> t.Any:
        return HttpResponse(f"{request.session['user']} {request.session['visits']}")

    return _made(path("login", _login), path("", index), middleware=[SESSIONS])


def session_write() -> t.Any:
    def index(request: t.Any) -> t.Any:
        request.session["visits"] += 1
        return HttpResponse(f"{request.session['user']} {request.session['visits']}")

    return _made(path("login", _login), path("", index), middleware=[SESSIONS])


def flash_and_get() -> t.Any:
    def save(request: t.Any) -> t.Any:
        messages.success(request, "Your picture was saved.")
        return HttpResponse("saved")

    def index(request: t.Any) -> t.Any:
        return HttpResponse(" ".join([str(message) for message in messages.get_messages(request)]))

    return _made(path("save", save), path("", index), middleware=[SESSIONS, MESSAGES])


def template() -> t.Any:
    def page(request: t.Any) -> t.Any:
        return render(request, "page.html", {"title": pages.TITLE, "items": pages.ITEMS})

    return _made(path("", page), TEMPLATES=_templates(base=pages.BASE, page=pages.LIST))


def user_middleware(get_response: t.Any) -> t.Any:
    """Before and after the view, as the hooks of Flask are."""

    def middleware(request: t.Any) -> t.Any:
        request.user = "alice"
        try:
            response = get_response(request)
            request.status = response.status_code
            return response
        finally:
            del request.user

    return middleware


def security_middleware(get_response: t.Any) -> t.Any:
    """Reads and sets headers of the response."""

    def middleware(request: t.Any) -> t.Any:
        response = get_response(request)
        if response.headers["Content-Type"].startswith("text/html"):
            for name, value in views.SECURITY.items():
                response.headers[name] = value
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return middleware


def hooks() -> t.Any:
    def index(request: t.Any) -> t.Any:
        return HttpResponse(f"Hello, {request.user}!")

    return _made(path("", index), middleware=[f"{__name__}.user_middleware"])


def after_request() -> t.Any:
    return _made(path("", _hello), middleware=[f"{__name__}.security_middleware"])


def nested() -> t.Any:
    shop = [path("items/<int:number>", _item)]
    return _made(path("site/", include([path("shop/", include(shop))])))


def _shop() -> list[t.Any]:
    return [
        path("search", lambda request: HttpResponse("search"), name="search"),
        path("items/<int:number>", _item, name="show"),
        path("users/<name>/posts/<int:number>", lambda request, name, number: HttpResponse("post"), name="post"),
    ]


def redirected() -> t.Any:
    return _made(path("", lambda request: redirect("show", number=42)), *_shop())


def custom_not_found() -> t.Any:
    def show(request: t.Any, number: int) -> t.Any:
        raise Http404(f"There is no item {number}.")

    def missing(request: t.Any, exception: Exception) -> t.Any:
        return HttpResponse(f"<h1>Nothing here</h1><p>{exception}</p>", status=404)

    return _made(path("items/<int:number>", show), handler404=missing)


def stream() -> t.Any:
    def report(request: t.Any) -> t.Any:
        return StreamingHttpResponse((line for line in answers.CHUNKS), content_type="text/plain; charset=utf-8")

    return _made(path("", report))


def static() -> t.Any:
    return _made(path("static/<path:path>", serve, {"document_root": str(files.folder())}))


def upload() -> t.Any:
    def receive(request: t.Any) -> t.Any:
        picture = request.FILES["picture"]
        text = f"{request.POST['title']} in {request.POST['album']}: {picture.name}, {picture.size} bytes"
        return HttpResponse(text)

    return _made(path("", receive))


def async_view() -> t.Any:
    import asyncio

    async def index(request: t.Any) -> t.Any:
        await asyncio.sleep(0)
        return HttpResponse("Hello, World!")

    return _made(path("", index))


def method_view() -> t.Any:
    class Item(View):
        def get(self, request: t.Any, number: int) -> t.Any:
            return HttpResponse(f"item {number}")

        def post(self, request: t.Any, number: int) -> t.Any:
            return HttpResponse(f"item {number} saved")

    return _made(path("items/<int:number>", Item.as_view()))


def ten_links() -> t.Any:
    def index(request: t.Any) -> t.Any:
        found = [reverse("index"), reverse("search")]
        found += [reverse("show", kwargs={"number": number}) for number in (1, 2, 3, 4)]
        found += [reverse("post", kwargs={"name": "alice", "number": number}) for number in (5, 6)]
        found += [reverse("post", kwargs={"name": "bob", "number": number}) for number in (7, 8)]
        return HttpResponse(" ".join(found))

    return _made(path("", index, name="index"), *_shop())


def whole_page() -> t.Any:
    def login(request: t.Any) -> t.Any:
        request.session["user"] = "alice"
        messages.success(request, pages.WELCOME)
        return HttpResponse("ok")

    def index(request: t.Any) -> t.Any:
        return render(request, "page.html", {"title": pages.TITLE, "items": pages.ITEMS})

    return _made(
        path("login", login),
        path("", index, name="index"),
        *_shop(),
        middleware=[SESSIONS, MESSAGES],
        TEMPLATES=_templates(
            "django.template.context_processors.request",
            "django.contrib.messages.context_processors.messages",
            layout=LAYOUT,
            page=SHOP,
        ),
    )


APPLICATIONS: dict[str, t.Callable[[], t.Any]] = {
    "hello": hello,
    "json with an int": json_int,
    "1000 routes, static": thousand_routes,
    "1000 routes, dynamic": thousand_routes,
    "404": hello,
    "query arguments": query_arguments,
    "form post": form_post,
    "json post": json_post,
    "session read": session_read,
    "session write": session_write,
    "template": template,
    "hooks": hooks,
    "nested blueprint": nested,
    "redirect": redirected,
    "flash and get": flash_and_get,
    "custom 404": custom_not_found,
    "stream": stream,
    "static file": static,
    "static file, 304": static,
    "multipart 1 kB": upload,
    "multipart 10 MB": upload,
    "async view": async_view,
    "method view": method_view,
    "url_for ten times": ten_links,
    "after_request": after_request,
    "whole page": whole_page,
}
