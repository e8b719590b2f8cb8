"""What `--cert` and `--key` may say: a file each, `adhoc`, or where to import an `ssl.SSLContext` from.

No certificate is read or made here: that is the server's part.
"""

from __future__ import annotations

import typing as t
from importlib import import_module

import click

if t.TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_FILE = click.Path(exists=True, dir_okay=False, resolve_path=True)


class CertParamType(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """The value of `--cert`: the path of an existing file, the word `adhoc`, or the import name of an `SSLContext`."""

    name = "path"

    def __init__(self) -> None:
        self.path_type = _FILE

    def convert(self, value: t.Any, param: click.Parameter | None, ctx: click.Context | None) -> t.Any:
        """A path, `"adhoc"` or an `ssl.SSLContext`; anything else is refused as a file that does not exist."""
        try:
            import ssl
        except ImportError:
            raise click.BadParameter(
                'Using "--cert" requires Python to be compiled with SSL support.', ctx, param
            ) from None
        if isinstance(value, ssl.SSLContext):
            return value
        try:
            return self.path_type.convert(value, param, ctx)
        except click.BadParameter:
            text = click.STRING.convert(value, param, ctx).lower()
            if text == "adhoc":
                _require_cryptography(ctx, param)
                return text
            context = _import_or_none(value)
            if isinstance(context, ssl.SSLContext):
                return context
            raise

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Files, or the one word that is none."""
        from click.shell_completion import CompletionItem

        word = bool(incomplete) and "adhoc".startswith(incomplete)
        return [CompletionItem("adhoc") if word else CompletionItem(incomplete, type="file")]


def _require_cryptography(ctx: click.Context | None, param: click.Parameter | None) -> None:
    try:
        import_module("cryptography")
    except ImportError:
        raise click.BadParameter("Using ad-hoc certificates requires the cryptography library.", ctx, param) from None


def _import_or_none(name: str) -> object:
    from werkzeug.utils import import_string

    try:
        return import_string(name, silent=True)
    except ValueError:  # an empty part, as in "." or ""
        return None


def take_key(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Callback of `--key`, which `--cert` comes before: checks that the two fit, and pairs them under `cert`."""
    cert = ctx.params.get("cert")
    alone = _why_alone(cert)

    if value is None:
        if cert and not alone:
            raise click.BadParameter('Required when using "--cert".', ctx, param)
        return None
    if alone:
        raise click.BadParameter(f'When "--cert" is {alone}, "--key" is not used.', ctx, param)
    if not cert:
        raise click.BadParameter('"--cert" must also be specified.', ctx, param)
    ctx.params["cert"] = cert, value
    return value


def _why_alone(cert: object) -> str | None:
    """What a certificate is that brings its key with it; None for a file."""
    if cert == "adhoc":
        return '"adhoc"'
    if cert is None or isinstance(cert, str):
        return None
    return "an SSLContext object"  # CertParamType lets nothing else through
