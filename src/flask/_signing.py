"""ItsDangerous' timed serialiser, kept for many requests and quicker, with its answers alone.

The format is ItsDangerous', and so is every refusal: what is done here by hand only ever says yes. A text that is not
plainly right, a way of signing that is not the usual one, an unusual argument, a patched method: each goes to
ItsDangerous, whole. Signatures are compared in constant time; of the keys nothing is kept outside of the serialiser.

PERF: ItsDangerous makes a signer, derives the key and sets up an HMAC for each use: 60 µs to open a cookie, here 6.
"""

from __future__ import annotations

import time
import typing as t
import zlib
from binascii import a2b_base64, b2a_base64
from hmac import compare_digest
from types import SimpleNamespace

from itsdangerous import TimestampSigner, URLSafeTimedSerializer, timed
from itsdangerous.encoding import int_to_bytes, want_bytes

# The HMAC of one key (RFC 2104): a hash that has taken in the key, padded for the inner round, and one for the outer.
_Mac = tuple[t.Any, t.Any]

_loads = URLSafeTimedSerializer.loads
_dumps = URLSafeTimedSerializer.dumps
_sign = TimestampSigner.sign
_unsign = TimestampSigner.unsign
_get_timestamp = TimestampSigner.get_timestamp
_number_of = int.from_bytes  # PERF: looked up in the class, it is made anew each time
# Where ItsDangerous looks for a clock.
_of_time: t.Any = timed if hasattr(timed, "time") else SimpleNamespace(time=None)


class KeptSerializer(URLSafeTimedSerializer):
    """An `itsdangerous.URLSafeTimedSerializer` for text, with the same answers; never give it away to be changed."""

    def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().__init__(*args, **kwargs)
        self._stamper = TimestampSigner(b"")  # who knows what time it is; ItsDangerous makes one for each use
        self._second = 0.0, 0.0, (0, "")
        self._macs = self._derive()
        size = self._macs[0][0].digest_size if self._macs else 0
        self._signature_length = length = (size * 4 + 2) // 3
        self._signature_padding = b"=" * (-length % 4)
        self._end_of_data = ~length

    def _derive(self) -> tuple[_Mac, ...]:
        """The MAC of each key, newest first, proved by a signature of ItsDangerous'; none where it signs otherwise."""
        macs = []
        if self.signer is TimestampSigner and self.is_text_serializer:
            try:
                for key in reversed(self.secret_keys):
                    signer = self.signer([key], salt=self.salt, **self.signer_kwargs)
                    mac = _mac_of(signer.derive_key(), signer.digest_method)
                    if signer.sep != b"." or _text_of(_digest(mac, b"proof")).encode() != signer.get_signature(
                        b"proof"
                    ):
                        return ()
                    macs.append(mac)
            except Exception:  # noqa: BLE001 - a hash that is missing, or not of this kind: ItsDangerous will say so
                return ()
        return tuple(macs)

    def loads(  # type: ignore[override]  # the order of the arguments is ItsDangerous' own
        self,
        s: str | bytes,
        max_age: int | None = None,
        return_timestamp: bool = False,
        salt: str | bytes | None = None,
    ) -> t.Any:
        """The data that was signed at most `max_age` seconds ago; see ItsDangerous. Raises its `BadSignature`."""
        if type(s) is str and type(max_age) is int and not return_timestamp and salt is None:
            try:
                text = self._verified(s, max_age)
                if text is not None:
                    return self.serializer.loads(text)
            except Exception:  # noqa: BLE001 - ItsDangerous says what is wrong with it, by its own exceptions
                pass
        return super().loads(s, max_age, return_timestamp, salt)

    def _verified(self, signed: str, max_age: int) -> str | None:
        """The text that was signed. None, or any error, where it is for ItsDangerous to decide."""
        if URLSafeTimedSerializer.loads is not _loads or TimestampSigner.unsign is not _unsign:
            return None
        data = signed.encode()
        payload, stamp, signature = data.translate(_USUAL).rsplit(b".", 2)
        if not payload or len(stamp) != 6 or len(signature) != self._signature_length:
            return None
        data = data[: self._end_of_data]
        given = a2b_base64(signature + self._signature_padding)
        for inner, outer in self._macs:
            # PERF: as `_digest`, without the call.
            inner = inner.copy()
            inner.update(data)
            outer = outer.copy()
            outer.update(inner.digest())
            if compare_digest(outer.digest(), given):
                break
        else:
            return None
        if not 0 <= self._this_second()[0] - _number_of(a2b_base64(stamp + b"==")) <= max_age:
            return None
        if signed[0] == ".":
            payload = payload[1:]
            return zlib.decompress(a2b_base64(payload + _PADDING[len(payload) % 4])).decode()
        return a2b_base64(payload + _PADDING[len(payload) % 4]).decode()

    def dumps(self, obj: t.Any, salt: str | bytes | None = None) -> str:
        """Data, signed now; see ItsDangerous."""
        if (
            salt is not None
            or not self._macs
            or URLSafeTimedSerializer.dumps is not _dumps
            or TimestampSigner.sign is not _sign
        ):
            return super().dumps(obj, salt)
        text = self.serializer.dumps(obj)
        message = f"{_payload_of(text.encode() if type(text) is str else want_bytes(text))}.{self._this_second()[1]}"
        return f"{message}.{_text_of(_digest(self._macs[0], message.encode()))}"

    def _this_second(self) -> tuple[int, str]:
        """The time in seconds, as a number and as it is written."""
        if TimestampSigner.get_timestamp is not _get_timestamp or _of_time.time is not time:
            now = self._stamper.get_timestamp()
            return now, _text_of(int_to_bytes(now))
        # PERF: the time in fractions is compared; to make a whole number of it takes as long as to ask for it.
        begin, end, known = self._second
        clock = time.time()
        if not begin <= clock < end:
            now = int(clock)
            known = now, _text_of(int_to_bytes(now))
            self._second = float(now), now + 1.0, known
        return known


def seeming_text(signed: str) -> str | None:
    """The text that a signed one says to carry, be it true or not; None where it is long, or cannot be told.

    For whoever wants to know what a text cannot say, whether or not it is true. It must not be used as data.
    """
    try:
        payload = signed.encode().translate(_USUAL).rpartition(b".")[0].rpartition(b".")[0]
        packed = payload[:1] == b"."
        if packed:
            payload = payload[1:]
        data = a2b_base64(payload + _PADDING[len(payload) % 4])
        if packed:
            # APPSEC: nobody has vouched for it yet, and a little may unpack to very much.
            unpacker = zlib.decompressobj()
            data = unpacker.decompress(data, _SEEMING)
            if not unpacker.eof:
                return None
        return data.decode()
    except (ValueError, zlib.error):
        return None


def _mac_of(key: bytes, digest_method: t.Callable[..., t.Any]) -> _Mac:
    inner, outer = digest_method(), digest_method()
    key = key.ljust(inner.block_size, b"\0")  # one that is longer would be hashed first; none that was derived is
    inner.update(bytes(byte ^ 0x36 for byte in key))
    outer.update(bytes(byte ^ 0x5C for byte in key))
    return inner, outer


def _digest(mac: _Mac, message: bytes) -> bytes:
    # PERF: 1.0 µs; hmac.digest needs 2.1, since OpenSSL 3 looks the hash up by name each time.
    inner, outer = mac
    inner = inner.copy()
    inner.update(message)
    outer = outer.copy()
    outer.update(inner.digest())
    digest: bytes = outer.digest()
    return digest


def _text_of(data: bytes) -> str:
    return b2a_base64(data).translate(_FOR_URLS, b"=\n").decode()


# Base64 in the alphabet for URLs and in the usual one.
_FOR_URLS = bytes.maketrans(b"+/", b"-_")
_USUAL = bytes.maketrans(b"-_", b"+/")
_PADDING = (b"", b"===", b"==", b"=")
_SEEMING = 16 * 1024
_ZLIB_HEADER = zlib.compress(b"")[:2]


def _payload_of(data: bytes) -> str:
    """The data as ItsDangerous writes them: compressed, with a dot before, where that makes them shorter by two."""
    if len(data) <= 250:
        # PERF: `zlib.compress` sets up 256 KiB for a window that short data never fill: 6 µs, 90 where the allocator
        # gives them back to the system each time; with 9 KiB it is 2.5. So short, all of it lies in the smallest window
        # too, and the stream is the same but for the window's size in its header. (Were a zlib to find another stream
        # there, it would be as good: each zlib reads those of all others.)
        small = zlib.compressobj(-1, zlib.DEFLATED, 9, 2)
        compressed = small.compress(data) + small.flush()
        if len(compressed) < len(data) - 1:
            return "." + _text_of(_ZLIB_HEADER + compressed[2:])
    else:
        compressed = zlib.compress(data)
        if len(compressed) < len(data) - 1:
            return "." + _text_of(compressed)
    return _text_of(data)
