"""Sessions: what an interface must offer, and the one that keeps everything in a signed cookie.

A session is opened when first asked for and saved when it has something to say. The cookies are, byte for byte, those
of Flask 3.1: ItsDangerous' URL-safe timed format over tagged JSON, salt `cookie-session`, HMAC-SHA-1.
"""

from __future__ import annotations

import hashlib
import typing as t
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime, timedelta
from functools import partial

from itsdangerous import BadData, BadSignature, URLSafeTimedSerializer
from werkzeug.datastructures import CallbackDict, ImmutableMultiDict, UpdateDictMixin
from werkzeug.wrappers import Response as WerkzeugResponse

from . import _cookies, _keys, _signing
from ._contracts import original, stock
from ._incoming import EnvironHeaders, IncomingRequest
from ._incoming.request import stock as stock_request
from .json.provider import DefaultJSONProvider
from .json.tag import TaggedJSONSerializer

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from .app import Flask
    from .ctx import RequestContext
    from .wrappers import Request, Response


class SessionMixin(MutableMapping[str, t.Any]):
    """The attributes that a session has beside being a dictionary."""

    @property
    def permanent(self) -> bool:
        """Whether the session outlives the browser's, up to `PERMANENT_SESSION_LIFETIME`; kept under `_permanent`."""
        return bool(self.get("_permanent", False))

    @permanent.setter
    def permanent(self, value: bool) -> None:
        self["_permanent"] = bool(value)

    # Whether it was made just now; an interface that cannot tell leaves it False.
    new = False

    # Whether it must be saved. True unless an implementation notices changes.
    modified = True

    # Whether it was asked for; then the response varies by cookie.
    accessed = False


class SecureCookieSession(CallbackDict[str, t.Any], SessionMixin):
    """The session of signed cookies. It notices changes at its top level; after one further down, set `modified`."""

    modified: bool = False

    def __init__(self, initial: t.Mapping[str, t.Any] | None = None) -> None:
        # PERF: as Werkzeug's constructor, without its calls; below, one in place of three.
        if initial is not None:
            dict.__init__(self, initial)
        self.on_update = _mark_modified

    def __setitem__(self, key: str, value: t.Any) -> None:
        if type(self) is SecureCookieSession:
            dict.__setitem__(self, key, value)  # PERF: a third of what `super` takes
        else:
            super(UpdateDictMixin, self).__setitem__(key, value)
        on_update: t.Any = self.on_update
        if on_update is _mark_modified:
            self.modified = True
        elif on_update is not None:
            on_update(self)


def _mark_modified(session: SecureCookieSession) -> None:
    session.modified = True


class NullSession(SecureCookieSession):
    """A session that can be read, being empty, and that tells who writes to it that no secret key is set."""

    def _fail(self, *args: t.Any, **kwargs: t.Any) -> t.NoReturn:
        raise RuntimeError(
            "The session is unavailable because no secret key was set.  Set the secret_key on the application to"
            " something unique and secret."
        )

    __setitem__ = __delitem__ = clear = pop = popitem = update = setdefault = _fail


class SessionInterface:
    """How an app opens and saves sessions: subclass it, assign an instance to `Flask.session_interface`.

    `open_session` and `save_session` are what an implementation must have; the rest reads the `SESSION_COOKIE_*`
    settings for it. What `open_session` returns needs the interface of a dictionary and of `SessionMixin`.
    """

    null_session_class = NullSession

    # Whether the interface pickles; some extensions ask.
    pickle_based = False

    def make_null_session(self, app: Flask) -> NullSession:
        """The session to use where `open_session` returned None: readable, with a helpful error on writing."""
        return self.null_session_class()

    def is_null_session(self, obj: object) -> bool:
        """Whether a session is one that is never saved."""
        kind = self.null_session_class
        if kind is NullSession and type(obj) is SecureCookieSession:
            return False  # PERF: most are; to ask an abstract class takes 0.4 µs
        return isinstance(obj, kind)

    def get_cookie_name(self, app: Flask) -> str:
        """The cookie's name: `SESSION_COOKIE_NAME`."""
        name: str = app.config["SESSION_COOKIE_NAME"]
        return name

    @original
    def get_cookie_domain(self, app: Flask) -> str | None:
        """The cookie's domain: `SESSION_COOKIE_DOMAIN`; None keeps it to the very host that set it."""
        domain: str | None = app.config["SESSION_COOKIE_DOMAIN"]
        return domain

    @original
    def get_cookie_path(self, app: Flask) -> str:
        """The cookie's path: `SESSION_COOKIE_PATH`, else `APPLICATION_ROOT`."""
        path: str = app.config["SESSION_COOKIE_PATH"] or app.config["APPLICATION_ROOT"]
        return path

    @original
    def get_cookie_httponly(self, app: Flask) -> bool:
        """Whether scripts in the browser are kept from the cookie: `SESSION_COOKIE_HTTPONLY`."""
        httponly: bool = app.config["SESSION_COOKIE_HTTPONLY"]
        return httponly

    @original
    def get_cookie_secure(self, app: Flask) -> bool:
        """Whether the cookie goes over HTTPS only: `SESSION_COOKIE_SECURE`."""
        secure: bool = app.config["SESSION_COOKIE_SECURE"]
        return secure

    @original
    def get_cookie_samesite(self, app: Flask) -> str | None:
        """`Strict` or `Lax` to hold the cookie back on requests from other sites: `SESSION_COOKIE_SAMESITE`."""
        samesite: str | None = app.config["SESSION_COOKIE_SAMESITE"]
        return samesite

    @original
    def get_cookie_partitioned(self, app: Flask) -> bool:
        """Whether the cookie is kept apart per embedding site: `SESSION_COOKIE_PARTITIONED`."""
        partitioned: bool = app.config["SESSION_COOKIE_PARTITIONED"]
        return partitioned

    def get_expiration_time(self, app: Flask, session: SessionMixin) -> datetime | None:
        """When a permanent session's cookie expires (UTC); None for one that ends with the browser."""
        if session.permanent:
            return datetime.now(UTC) + app.permanent_session_lifetime
        return None

    @original
    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """Whether the response is to carry the cookie: the session changed, or is permanent and refreshed each time."""
        return session.modified or (session.permanent and app.config["SESSION_REFRESH_EACH_REQUEST"])

    def open_session(self, app: Flask, request: Request) -> SessionMixin | None:
        """The session of a request, before its URL is matched; None for a null session."""
        raise NotImplementedError(f"{type(self).__name__} must define 'open_session(app, request)'.")

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Save the session and write its cookie; called at the end of each request, but for null sessions."""
        raise NotImplementedError(f"{type(self).__name__} must define 'save_session(app, session, response)'.")


session_json_serializer: TaggedJSONSerializer = TaggedJSONSerializer()


def _lazy_sha1(string: bytes = b"") -> t.Any:
    """SHA-1, looked up when used: a FIPS build of Python may lack it, and another may be configured."""
    return hashlib.sha1(string)


class SecureCookieSessionInterface(SessionInterface):
    """The default interface: the whole session in a cookie that clients can read but not change."""

    salt = "cookie-session"
    digest_method = staticmethod(_lazy_sha1)
    key_derivation = "hmac"
    serializer = session_json_serializer
    session_class = SecureCookieSession

    @original
    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """What signs and reads the cookie, made anew; None without a `SECRET_KEY`.

        `SECRET_KEY` signs. It and `SECRET_KEY_FALLBACKS` verify, so that keys can be rotated.
        """
        keys = _keys_of(app)
        if not keys:
            return None
        _keys.warn_once(app)
        return self._make_signer(URLSafeTimedSerializer, keys)

    def _make_signer(self, kind: type[_Serializer], keys: tuple[str | bytes, ...]) -> _Serializer:
        return kind(
            t.cast("tuple[str, ...]", keys),
            salt=self.salt,
            serializer=self.serializer,
            signer_kwargs={"key_derivation": self.key_derivation, "digest_method": self.digest_method},
        )

    def _signer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """The signing serializer. As long as nobody makes his own it is the one kept, of equal answers."""
        own = self.__dict__
        if (
            type(self).get_signing_serializer is not stock.get_signing_serializer
            or (own and "get_signing_serializer" in own)
            or URLSafeTimedSerializer is not _stock_serializer
        ):
            return self.get_signing_serializer(app)
        config = app.config
        # PERF: what the attribute would read.
        key = config["SECRET_KEY"] if type(app).secret_key is stock.secret_key else app.secret_key
        if not key:
            return None
        others = config["SECRET_KEY_FALLBACKS"]
        others = tuple(others) if others else None
        recipe = (key, others, self.salt, self.serializer, self.key_derivation, self.digest_method)
        try:
            made, signer = app._session_signer
            if made == recipe:
                return signer
            hash(recipe)
        except (AttributeError, TypeError):  # no app of ours; a part that may change in place, such as a bytearray
            return self.get_signing_serializer(app)
        _keys.warn_once(app)
        signer = self._make_signer(_signing.KeptSerializer, _keys_of(app))
        app._session_signer = recipe, signer
        return signer

    @original
    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Read the cookie. A missing, forged or expired one gives an empty session; no secret key gives None."""
        signer = self._signer(app)
        if signer is None:
            return None
        return self._opened(app, signer, _cookie_of(request, self.get_cookie_name(app)))

    def _open_in(self, app: Flask, context: RequestContext) -> SecureCookieSession | None:
        """As `open_session`, in a context whose request nobody has looked at; mostly it need not be made for this."""
        signer = self._signer(app)
        if signer is None:
            return None
        name = self.get_cookie_name(app)
        value = None
        if context._late:
            own = stock.request_class.__dict__
            # PERF: as `_cookie_in` asks the class, without the calls of what it would find there.
            if (
                "cookies" not in own
                and _incoming["cookies"] is _stock_cookies
                and own.get("headers") is stock_request.headers
                and stock.request_class.dict_storage_class is ImmutableMultiDict
            ):
                header = context._environ.get("HTTP_COOKIE")
                value = _cookies.find(header, name) if header else ""
        return self._opened(app, signer, _cookie_of(context.request, name) if value is None else value)

    def _opened(self, app: Flask, signer: URLSafeTimedSerializer, value: str | None) -> SecureCookieSession:
        kind = self.session_class
        if not value:
            return kind()
        lifetime: t.Any = None
        if type(app).permanent_session_lifetime is stock.permanent_session_lifetime:
            lifetime = app.config["PERMANENT_SESSION_LIFETIME"]
        if type(lifetime) is not timedelta:
            lifetime = app.permanent_session_lifetime
        max_age = _seconds(lifetime)
        try:
            data = signer.loads(value, max_age=max_age)
        except BadSignature:
            return kind()
        except (BadData, ValueError, OverflowError, OSError) as error:
            # Signed with the key, and yet it cannot be read, or was signed at a time that no calendar has. Who has the
            # key may write what he likes; but mostly another version of the app has written it.
            cause = getattr(error, "original_error", None) or error
            app.logger.warning("A session was signed with the SECRET_KEY but cannot be read: %s", type(cause).__name__)
            return kind()
        if type(data) is not dict and not isinstance(data, Mapping):
            return kind()  # it was signed with this key, but as something else
        if kind is not SecureCookieSession or kind.__init__ is not _stock_init or type(data) is not dict:
            return kind(data)
        session: SecureCookieSession = _new_dict(kind)  # PERF: as its constructor, in half the time
        _update_dict(session, data)
        session.on_update = _mark_modified
        return session

    @original
    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write the cookie if the session says so, or delete it when the session became empty."""
        accessed = session.accessed
        if accessed:
            _vary_by_cookie(response)

        if not session:
            if not session.modified:
                return
            name = self.get_cookie_name(app)
            attributes = self._cookie_attributes(app)
            if not _add_cookie(response, _cookies.deleted(name, attributes)):
                response.delete_cookie(name, **_by_name(attributes))
        elif self.should_set_cookie(app, session):
            signer = self._signer(app)
            value = signer.dumps(dict(session))  # type: ignore[union-attr]
            name = self.get_cookie_name(app)
            expires = self.get_expiration_time(app, session)
            attributes = self._cookie_attributes(app)
            cookie = None
            if type(signer) is _signing.KeptSerializer:
                cookie = _cookies.written(name, value, expires, attributes)
            if not _add_cookie(response, cookie, app, session):
                response.set_cookie(name, value, expires=expires, **_by_name(attributes))
        else:
            return
        if not accessed:
            _vary_by_cookie(response)

    def _cookie_attributes(self, app: Flask) -> _cookies.Attributes:
        """What `_cookies.ATTRIBUTES` are to be."""
        kind = type(self)
        own = self.__dict__
        if (
            kind.get_cookie_domain is stock.get_cookie_domain
            and kind.get_cookie_path is stock.get_cookie_path
            and kind.get_cookie_secure is stock.get_cookie_secure
            and kind.get_cookie_httponly is stock.get_cookie_httponly
            and kind.get_cookie_samesite is stock.get_cookie_samesite
            and kind.get_cookie_partitioned is stock.get_cookie_partitioned
            and not (own and any(name.startswith("get_cookie_") for name in own))
        ):
            config = app.config
            return (
                config["SESSION_COOKIE_DOMAIN"],
                config["SESSION_COOKIE_PATH"] or config["APPLICATION_ROOT"],
                config["SESSION_COOKIE_SECURE"],
                config["SESSION_COOKIE_HTTPONLY"],
                config["SESSION_COOKIE_SAMESITE"],
                config["SESSION_COOKIE_PARTITIONED"],
            )
        return (
            self.get_cookie_domain(app),
            self.get_cookie_path(app),
            self.get_cookie_secure(app),
            self.get_cookie_httponly(app),
            self.get_cookie_samesite(app),
            self.get_cookie_partitioned(app),
        )


stock.session_interface = SecureCookieSessionInterface
_stock_init = SecureCookieSession.__init__
_new_dict: t.Any = dict.__new__
_update_dict: t.Any = dict.update


def _by_name(attributes: _cookies.Attributes) -> dict[str, t.Any]:
    return dict(zip(_cookies.ATTRIBUTES, attributes, strict=True))


_lifetime = timedelta(), 0


def _seconds(lifetime: timedelta) -> int:
    global _lifetime
    known, seconds = _lifetime
    if lifetime is not known:
        seconds = int(lifetime.total_seconds())
        _lifetime = lifetime, seconds
    return seconds


def _keys_of(app: Flask) -> tuple[str | bytes, ...]:
    """The keys, the newest last, as ItsDangerous wants them; none without a `SECRET_KEY`."""
    secret_key = app.secret_key
    if not secret_key:
        return ()
    fallbacks = app.config["SECRET_KEY_FALLBACKS"]
    return (*fallbacks, secret_key) if fallbacks else (secret_key,)


_Serializer = t.TypeVar("_Serializer", bound=URLSafeTimedSerializer)
_stock_serializer = URLSafeTimedSerializer


# ---- what Werkzeug's requests and responses do, in fewer steps, where nobody has made those steps his own

_incoming = IncomingRequest.__dict__
_stock_cookies = IncomingRequest.cookies
_stock_vary = WerkzeugResponse.vary
_stock_delete_cookie = WerkzeugResponse.delete_cookie
_VARY = ("Vary", "Cookie")


def _cookie_of(request: t.Any, name: str) -> str | None:
    """``request.cookies.get(name)``, without parsing the other cookies."""
    if (
        isinstance(request, IncomingRequest)
        and "cookies" not in (own := request.__dict__)
        and ("headers" not in own or type(own["headers"]) is EnvironHeaders)
    ):
        value = _cookie_in(request.environ, name, type(request))
        if value is not None:
            return value
    found: str | None = request.cookies.get(name)
    return found


def _cookie_in(environ: WSGIEnvironment, name: str, kind: t.Any) -> str | None:
    """The cookie that a request of this kind would find, or the empty string; None where it has to be asked."""
    if (
        kind.cookies is not _stock_cookies
        or kind.headers is not stock_request.headers
        or kind.dict_storage_class is not ImmutableMultiDict
    ):
        return None
    header = environ.get("HTTP_COOKIE")
    return _cookies.find(header, name) if header else ""


def _vary_by_cookie(response: t.Any) -> None:
    """``response.vary.add("Cookie")``."""
    try:
        pairs = response._pairs  # the list behind the headers
    except AttributeError:
        pairs = None  # none of our responses
    if pairs is None or type(response).vary is not _stock_vary:
        response.vary.add("Cookie")
        return
    if len(pairs) > 2 or response._headers is not None:  # else only type and length
        for name, _ in pairs:
            if name.lower() == "vary":
                response.vary.add("Cookie")
                return
    pairs.append(_VARY)


def _add_cookie(
    response: t.Any, cookie: str | None, app: Flask | None = None, session: SessionMixin | None = None
) -> bool:
    """Add a `Set-Cookie` header as the methods of the response would; or return False, with nothing done."""
    try:
        pairs = response._pairs
    except AttributeError:
        return False
    if cookie is None or pairs is None:
        return False
    kind = type(response)
    own = response.__dict__
    if (
        kind.set_cookie is not stock.set_cookie
        or kind.delete_cookie is not _stock_delete_cookie
        or "set_cookie" in own
        or "delete_cookie" in own
    ):
        return False
    most = response.max_cookie_size
    if most and len(cookie) > most and session is not None:
        _cookies.warn_large(app, cookie.partition("=")[0], len(cookie), most, partial(_largest, app, session))
    pairs.append(("Set-Cookie", cookie))
    return True


def _largest(app: t.Any, session: SessionMixin) -> str:
    """What makes a session large, for a warning."""
    dumps = app.session_interface.serializer.dumps
    sizes = sorted(((len(dumps({key: value})), str(key)[:40]) for key, value in session.items()), reverse=True)
    named = ", ".join(f"{key!r} ({size} bytes)" for size, key in sizes[:3])
    return f" The session's largest keys, before compression: {named}. Keep what is large on the server."


def _untouched_session_is_silent(app: Flask, context: RequestContext) -> bool:
    """Whether a session that nobody opened in this request has nothing to save.

    So it is with the signed cookie's own interface when the request carries no such cookie (the session would be empty
    and unchanged), or when it would be no permanent session that is refreshed by a request that leaves it alone.
    """
    interface: t.Any = app.session_interface
    late = context._late  # where nobody has looked at the request, it is Flask's own
    kind = type(interface)
    try:
        own = interface.__dict__
        if (
            kind.save_session is not stock.save_session
            or kind.open_session is not stock.open_session
            or (own and not _DECIDING.isdisjoint(own))
            or interface.session_class is not SecureCookieSession
            # A request class may find them elsewhere.
            or not (late or context._top_request._reads_cookie_header)
        ):
            return False
    except AttributeError:
        return False  # another kind of interface or of request
    environ = context._environ if late else context._top_request.environ
    if "HTTP_COOKIE" not in environ:
        return True
    name = interface.get_cookie_name(app)
    if name not in environ["HTTP_COOKIE"]:
        return True
    if kind.should_set_cookie is not stock.should_set_cookie:
        return False
    if not app.config["SESSION_REFRESH_EACH_REQUEST"]:
        return True
    value = _cookie_in(environ, name, stock.request_class) if late else None
    return _cannot_be_permanent(app, interface, _cookie_of(context.request, name) if value is None else value)


def _cannot_be_permanent(app: Flask, interface: t.Any, value: str | None) -> bool:
    """Whether a cookie holds no permanent session, be it true or forged; then it need not be verified."""
    serializer = interface.serializer
    provider = app.json
    if (
        type(interface).get_signing_serializer is not stock.get_signing_serializer
        or URLSafeTimedSerializer is not _stock_serializer
        or not (isinstance(serializer, TaggedJSONSerializer) and serializer._is_built_in())
        or not isinstance(provider, DefaultJSONProvider)
        or type(provider).loads is not _stock_loads
        or "loads" in provider.__dict__
        or SecureCookieSession.permanent is not _stock_permanent
    ):
        return False
    if not value:
        return True
    text = _signing.seeming_text(value)
    return text is not None and "_permanent" not in text and "\\" not in text  # which could hide it


# What decides whether a session is opened, saved or refreshed, and may be put on the very interface.
_DECIDING = {"open_session", "save_session", "should_set_cookie", "get_signing_serializer"}
_stock_loads = DefaultJSONProvider.loads
_stock_permanent = SessionMixin.permanent
