"""Proxies in front: whether the headers that they add are believed, and whether a client's own are too.

What stands in front is only known from the project's files and the environment; nothing is asked over the network.
"""

from __future__ import annotations

import os
import re
import typing as t
from collections.abc import Iterator

from .commands import commands, gunicorn_settings, variables
from .findings import Finding, Where, declare
from .project import Project, read

MISSING = declare(
    "flask.P001",
    "warning",
    "A proxy stands in front, and nothing believes its headers",
    reason="The app takes the proxy for the client: remote_addr is the proxy's, https may look like http, and URLs may"
    " lead to the inner host.",
    remedy="Wrap it: app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1), with the numbers of proxies"
    " that set each header; or flask serve --forwarded-allow-ips with the proxy's address.",
)
HINTED = declare(
    "flask.P002",
    "info",
    "The settings speak of a proxy that nothing else speaks of",
    reason="PREFERRED_URL_SCHEME and APPLICATION_ROOT only count outside of requests. Within one, scheme and path are"
    " what the server says; behind a proxy that ends TLS or takes a prefix away it has to be told.",
    remedy="If there is a proxy, wrap the app in ProxyFix, or use flask serve --forwarded-allow-ips; if the server"
    " itself has the certificate, ignore this id.",
)
TOO_MANY = declare(
    "flask.P003",
    "warning",
    "ProxyFix believes more proxies than there are likely to be",
    reason="Each number too many makes one value that the client wrote itself count as a proxy's: its address, its"
    " host.",
    remedy="Count the proxies that add a value to that header, and write that number.",
)
ANYBODY = declare(
    "flask.P004",
    "warning",
    "Forwarding headers are believed from any address",
    reason="Whoever reaches the server's port past the proxy says who he is, and that he came by HTTPS.",
    remedy="Name the proxy's addresses or network; if nothing but the proxy reaches the port, ignore this id.",
)
PASSED_ON = declare(
    "flask.P005",
    "error",
    "ProxyFix believes a header that the proxy leaves to the client",
    reason="nginx hands on headers that it does not set: what the client wrote there counts as the proxy's word.",
    remedy="Have nginx set it, or set its number of ProxyFix to 0.",
)

#: Headers that ProxyFix reads, by its argument.
_HEADERS = {
    "x_for": "X-Forwarded-For",
    "x_proto": "X-Forwarded-Proto",
    "x_host": "X-Forwarded-Host",
    "x_port": "X-Forwarded-Port",
    "x_prefix": "X-Forwarded-Prefix",
}
#: More than these many are rare: one of the platform or a CDN, and one's own.
_LIKELY = 2
_PLATFORMS = {
    "DYNO": "Heroku",
    "FLY_APP_NAME": "Fly",
    "RENDER": "Render",
    "K_SERVICE": "Cloud Run",
    "GAE_ENV": "App Engine",
    "WEBSITE_HOSTNAME": "Azure",
    "RAILWAY_ENVIRONMENT": "Railway",
}
_PLATFORM_FILES = {
    r"fly\.toml": "Fly",
    r"render\.ya?ml": "Render",
    r"railway\.(toml|json)": "Railway",
}
_FORWARDS = re.compile(r"^\s*(proxy_pass|uwsgi_pass|reverse_proxy|ProxyPass)\s", re.IGNORECASE)
_IMAGE = re.compile(r"^\s*image\s*:\s*[\"']?(\S*/)?(nginx|traefik|caddy|haproxy|envoy)\b")
_CONFIGURATION = r".+\.conf|nginx\.conf.*|.*\.nginx|Caddyfile|.+\.conf\.(template|j2)"


def find(app: t.Any, project: Project) -> Iterator[Finding]:
    """What is wrong with proxies and their headers."""
    fixes = proxy_fixes(app)
    active = [fix for fix in fixes if any(getattr(fix, name, 0) for name in _HEADERS)]
    yield from _too_many(active)
    yield from _from_anybody(project)
    yield from _passed_on(active, project)
    if active or _is_told(app, project):
        return
    evidence = next(_evidence(project), None)
    if evidence is not None:
        yield MISSING.found(*evidence)
    else:
        yield from _hints(app, project)


def middleware(app: t.Any) -> Iterator[t.Any]:
    """What is wrapped around the app's `wsgi_app`, from the outside in: whatever a layer holds that may be called."""
    waiting, seen = [app.wsgi_app], set[int]()
    while waiting and len(seen) < 200:
        layer = waiting.pop(0)
        if id(layer) in seen or layer is app or getattr(layer, "__self__", None) is app:
            continue
        seen.add(id(layer))
        yield layer
        waiting += _held_by(layer)


def _held_by(layer: t.Any) -> list[t.Any]:
    held: list[t.Any] = []
    for value in getattr(layer, "__dict__", {}).values():
        held += value.values() if isinstance(value, dict) else [value]
    held += [cell.cell_contents for cell in getattr(layer, "__closure__", None) or () if _is_filled(cell)]
    owner = getattr(layer, "__self__", None)
    return [each for each in held if callable(each) and not isinstance(each, type)] + ([] if owner is None else [owner])


def _is_filled(cell: t.Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def proxy_fixes(app: t.Any) -> list[t.Any]:
    """Werkzeug's ProxyFix, and classes derived from it, around the app."""
    from werkzeug.middleware.proxy_fix import ProxyFix

    return [layer for layer in middleware(app) if isinstance(layer, ProxyFix)]


def _too_many(fixes: list[t.Any]) -> Iterator[Finding]:
    if len(fixes) > 1:
        yield TOO_MANY.found("ProxyFix is wrapped around the app twice", Where(name="app.wsgi_app"))
    for fix in fixes:
        many = [f"{name}={getattr(fix, name)}" for name in _HEADERS if getattr(fix, name, 0) > _LIKELY]
        if many:
            yield TOO_MANY.found(f"ProxyFix has {', '.join(many)}", Where(name="app.wsgi_app"))


def _from_anybody(project: Project) -> Iterator[Finding]:
    for name, value, where in variables(project):
        if name in ("FORWARDED_ALLOW_IPS", "FLASK_SERVE_FORWARDED_ALLOW_IPS") and "*" in value.split(","):
            yield ANYBODY.found(f"{name} is '*': forwarding headers are believed from any address", where)
    for command in commands(project):
        if "*" in (command.value("--forwarded-allow-ips") or "").split(","):
            yield ANYBODY.found("--forwarded-allow-ips is '*'", command.where)
    value, where = gunicorn_settings(project).get("forwarded_allow_ips", ("", Where()))
    if "*" in str(value).split(","):
        yield ANYBODY.found("forwarded_allow_ips is '*'", where)


def _passed_on(fixes: list[t.Any], project: Project) -> Iterator[Finding]:
    believed = {header for fix in fixes for name, header in _HEADERS.items() if getattr(fix, name, 0)}
    if not believed:
        return
    for path in project.files(_CONFIGURATION):
        text = re.sub(r"#.*", "", read(path))
        match = re.search(r"^\s*proxy_pass\s", text, re.MULTILINE)
        if match is None or re.search(r"^\s*include\s+\S*prox", text, re.MULTILINE):
            continue
        line = text[: match.end()].count("\n") + 1
        for header in sorted(believed):
            if not re.search(rf"^\s*proxy_set_header\s+[\"']?{header}\b", text, re.MULTILINE | re.IGNORECASE):
                yield PASSED_ON.found(
                    f"ProxyFix believes {header}, which this file does not set",
                    project.where(path, line, header),
                    remedy=f"Write 'proxy_set_header {header} …;' here, or set its number of ProxyFix to 0.",
                )


def _is_told(app: t.Any, project: Project) -> bool:
    """Whether something else than ProxyFix reads the headers: other middleware, or the server."""
    fixes = proxy_fixes(app)
    others = [layer for layer in middleware(app) if layer not in fixes]
    if any(re.search(r"prox|forwarded", type(layer).__name__, re.IGNORECASE) for layer in others):
        return True
    if any(name == "FLASK_SERVE_FORWARDED_ALLOW_IPS" and value for name, value, _ in variables(project)):
        return True
    given = {name for name, _, _ in variables(project)}
    return any(
        command.has("--forwarded-allow-ips") or "FORWARDED_ALLOW_IPS" in given
        for command in commands(project)
        if command.server in ("flask", "uvicorn")
    )


def _evidence(project: Project) -> Iterator[tuple[str, Where]]:
    for line, where in project.lines(_CONFIGURATION):
        if _FORWARDS.match(line):
            yield "This file puts a proxy in front, and nothing believes its headers", where
    for line, where in project.lines(r"(docker-)?compose(\..+)?\.ya?ml"):
        if match := _IMAGE.match(line):
            yield f"{match[2]} stands in front, and nothing believes its headers", where
    for name, platform in _PLATFORMS.items():
        if os.environ.get(name):
            yield f"{platform} puts a proxy in front, and nothing believes its headers", Where(name=name)
    for pattern, platform in _PLATFORM_FILES.items():
        for path in project.files(pattern):
            yield f"{platform} puts a proxy in front, and nothing believes its headers", project.where(path)
    for command in commands(project):
        if command.has("--forwarded-allow-ips"):
            yield (
                "--forwarded-allow-ips speaks of a proxy; by WSGI the server takes the scheme from it alone",
                command.where,
            )
        elif (command.where.file or "").startswith("Procfile"):
            yield "Platforms that read a Procfile put a proxy in front, and nothing believes its headers", command.where
    value, where = gunicorn_settings(project).get("forwarded_allow_ips", ("", Where()))
    if value:
        yield "forwarded_allow_ips speaks of a proxy; gunicorn takes the scheme from it alone", where
    for name, value, where in variables(project):
        if name == "FORWARDED_ALLOW_IPS" and value:
            yield "FORWARDED_ALLOW_IPS speaks of a proxy, and nothing in the app believes its headers", where


def _hints(app: t.Any, project: Project) -> Iterator[Finding]:
    config = app.config
    if any(command.has("--certfile", "--ssl-certfile", "--ssl-certificate") for command in commands(project)):
        return
    if any(name == "FLASK_SERVE_CERTFILE" and value for name, value, _ in variables(project)):
        return
    if "certfile" in gunicorn_settings(project):
        return
    if config.get("PREFERRED_URL_SCHEME") == "https":
        yield HINTED.found(
            "PREFERRED_URL_SCHEME is 'https', and no proxy is believed", Where(name="PREFERRED_URL_SCHEME")
        )
    root = config.get("APPLICATION_ROOT") or "/"
    if root != "/" and "wsgi_app" not in vars(app):
        yield HINTED.found(
            f"APPLICATION_ROOT is {root!r}, and nothing takes it from the path", Where(name="APPLICATION_ROOT")
        )
