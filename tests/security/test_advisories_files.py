"""Advisories on files that are sent, and names of those that come; docs/security-advisories.md says what they were."""

from __future__ import annotations

import ntpath
import os
import typing as t
from pathlib import Path

import pytest
import werkzeug.security
import werkzeug.utils
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import NotFound
from werkzeug.security import safe_join
from werkzeug.utils import secure_filename

import flask
from flask import Flask, _files, request, send_from_directory
from tests.gateways import raw
from tests.security.attacks import MULTIPART, bounded, everywhere, make_app, parts

SECRET = b"a secret"


@pytest.fixture
def site(tmp_path: Path) -> Flask:
    """An app with a static folder and a folder that a view sends from, each with secrets beside it."""
    app = Flask("attacked", root_path=str(tmp_path))
    for name in ("static", "files"):
        (tmp_path / name / "sub").mkdir(parents=True)
        (tmp_path / name / "page.txt").write_bytes(b"0123456789" * 1000)
        (tmp_path / f"{name}_secret").mkdir()
        (tmp_path / f"{name}_secret" / "secret.txt").write_bytes(SECRET)
        (tmp_path / f"{name}.txt").write_bytes(SECRET)
    (tmp_path / "index.html").write_bytes(SECRET)
    (tmp_path / "secret.txt").write_bytes(SECRET)

    @app.get("/files/<path:name>")
    def files(name: str) -> flask.Response:
        return send_from_directory("files", name)

    return app


def is_safe(app: Flask, path: str) -> bool:
    """Whether nothing but the file asked for, or an error that is the client's, comes of a path by any gateway."""
    return all(
        SECRET not in answer.body and answer.status[:3] in {"308", "400", "404", "405"}
        for answer in everywhere(app, path)
    )


UP = ["..", "%2e%2e", ".%2e", "..;", "..%00", "....", "%252e%252e", "..%c0%af", "%c0%ae%c0%ae", "．．"]
SLASHES = ["/", "%2f", "//", "\\", "%5c", "/./"]


@pytest.mark.parametrize("folder", ["/static/", "/files/"])
@pytest.mark.parametrize("up", UP)
def test_cve_2017_16762(site: Flask, folder: str, up: str) -> None:
    """No spelling of the folder above, quoted once or twice or not at all, leads out of a folder."""
    for slash in SLASHES:
        for name in ("secret.txt", "static_secret/secret.txt", "files_secret/secret.txt"):
            assert is_safe(site, f"{folder}{up}{slash}{name}")
            assert is_safe(site, f"{folder}sub{slash}{up}{slash}{up}{slash}{name}")


@pytest.mark.parametrize(
    "path", ["/static/../static_secret/secret.txt", "/static_secret/secret.txt", "/files/../files_secret/secret.txt"]
)
def test_cve_2023_29159(site: Flask, path: str) -> None:
    """A folder beside the static one is not within it because its name begins in the same way."""
    assert is_safe(site, path)


@pytest.mark.parametrize(
    "path", ["/static/../static.txt", "/static.txt", "/static_secret/secret.txt", "/staticsecret.txt"]
)
def test_cve_2026_34785(site: Flask, path: str) -> None:
    """Nor does the static rule match a path that only begins as its prefix does."""
    assert is_safe(site, path)


def test_cve_2024_23334(site: Flask, tmp_path: Path) -> None:
    """Links do not matter to what is within: `..` behind one is refused before anything is looked up."""
    (tmp_path / "static" / "link").symlink_to(tmp_path / "static_secret" / "sub", target_is_directory=True)
    for up in ("link/../secret.txt", "link/%2e%2e/secret.txt", "link/../../secret.txt"):
        assert is_safe(site, f"/static/{up}")


def test_cve_2025_69226(site: Flask, tmp_path: Path) -> None:
    """What is outside is told apart by nothing: there or not, a folder or a file, the answer is the same."""
    answers = {
        raw.call(site, f"/static/{path}").body
        for path in (
            "../secret.txt",
            "../nothing.txt",
            "../static_secret",
            "../static",
            "nothing",
            f"{tmp_path}/secret.txt"[1:],
        )
    }
    assert len(answers) == 1


def test_cve_2023_40587(site: Flask) -> None:
    """A NUL in a path is a 404: it never cuts off the name of the file."""
    for name in (
        "%00",
        "page.txt%00",
        "page.txt%00.png",
        "%00/page.txt",
        "sub%00/../../secret.txt",
        "../index.html%00",
    ):
        assert is_safe(site, f"/static/{name}")
        assert is_safe(site, f"/files/{name}")


@pytest.mark.parametrize("name", ["", ".", "./", "sub", "sub/", "sub/.", "%2e"])
def test_cve_2025_27610(site: Flask, name: str) -> None:
    """A folder is 404: it has no index, and no listing of what is in it."""
    assert is_safe(site, f"/static/{name}")
    assert is_safe(site, f"/files/{name}")


@pytest.mark.parametrize("name", ["etc/passwd", "/etc/passwd", "%2fetc%2fpasswd", "//etc/passwd", "file:///etc/passwd"])
def test_cve_2009_2659(site: Flask, name: str) -> None:
    """An absolute path, or a whole URL, is none of ours."""
    assert is_safe(site, f"/static/{name}")
    assert is_safe(site, f"/files/{name}")


@pytest.mark.parametrize("slash", ["%2f", "%2F", "%252f", "%2f%2f", "%5c%2f"])
def test_cve_2022_35920(site: Flask, slash: str) -> None:
    """A slash that came quoted is a slash before the path is judged, and never becomes one after."""
    for folder in ("/static", "/files"):
        for path in (f"..{slash}secret.txt", f"{slash}..{slash}secret.txt", f"sub{slash}..{slash}..{slash}secret.txt"):
            assert is_safe(site, f"{folder}{slash}{path}")
            assert is_safe(site, f"{folder}/{path}")


# ---- Windows, by its own rules on any platform


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> t.Callable[[str], list[str]]:
    """What is looked up for a path on Windows: all that asks for the platform is told that it is that one."""
    opened: list[str] = []

    class WindowsOs:
        name, path, sep, altsep = "nt", ntpath, "\\", "/"
        fspath = staticmethod(os.fspath)

        @staticmethod
        def stat(path: str) -> t.NoReturn:
            opened.append(path)
            raise OSError

    app = Flask("attacked", root_path="C:\\app")
    for module in (werkzeug.security, werkzeug.utils, _files):
        monkeypatch.setattr(module, "os", WindowsOs)
    monkeypatch.setattr(werkzeug.security, "_os_alt_seps", ["\\"])
    monkeypatch.setattr(_files, "_POSIX", False)

    def looked_up(path: str) -> list[str]:
        opened.clear()
        with pytest.raises(NotFound):
            _files.send_from_directory(app, {}, "C:\\app\\static", path, {})
        return [ntpath.normpath(path) for path in opened]

    assert looked_up("page.txt") == ["C:\\app\\static\\page.txt"]  # else nothing below could fail
    return looked_up


@pytest.mark.parametrize(
    "path", ["c:/secret.txt", "c:secret.txt", "C:\\secret.txt", "..\\secret.txt", "sub\\..\\..\\x", "\\secret"]
)
def test_cve_2019_14322(windows: t.Callable[[str], list[str]], path: str) -> None:
    """No name of a drive and no backslash leads out of the folder: a colon is at most that of a stream of a file."""
    assert all(found.startswith("C:\\app\\static\\") for found in windows(path))


@pytest.mark.parametrize(
    "path", ["//evil.test/share/x", "\\\\evil.test\\share\\x", "/\\evil.test/share", "\\\\?\\UNC\\evil.test\\x"]
)
def test_cve_2024_49766(windows: t.Callable[[str], list[str]], path: str) -> None:
    """The name of another machine is refused."""
    assert not windows(path)


@pytest.mark.parametrize(
    "path", ["//evil.test/share", "\\\\evil.test\\share", "\\/evil.test\\x", "//evil.test@80/x", "%5c%5cevil.test"]
)
def test_cve_2026_48818(windows: t.Callable[[str], list[str]], path: str) -> None:
    """It is refused before anything is looked up, so that no credentials are sent to it."""
    if "%" not in path:
        assert not windows(path)
    else:
        app = make_app()
        assert all(answer.status.startswith("404") for answer in everywhere(app, f"/static/{path}/share/x"))


@pytest.mark.parametrize(
    "path", ["\\\\.\\C:\\secret", "\\\\localhost\\c$\\secret", "//./C:/secret", "//localhost/c$/secret"]
)
def test_cve_2026_34515(windows: t.Callable[[str], list[str]], path: str) -> None:
    """So is a device, and the machine itself by a share."""
    assert not windows(path)


DEVICES = ["CON", "PRN", "AUX", "NUL", "COM1", "COM9", "LPT1", "LPT9", "nul", "CONIN$", "CONOUT$", "COM¹", "LPT³"]


@pytest.mark.parametrize("device", DEVICES)
def test_cve_2025_66221(windows: t.Callable[[str], list[str]], device: str) -> None:
    """The name of a device is no file, whose reading would never end."""
    assert not windows(device)


@pytest.mark.parametrize("ending", [".txt", ".tar.gz", " ", "  .txt", ".", "...", " . "])
def test_cve_2026_21860(windows: t.Callable[[str], list[str]], ending: str) -> None:
    """Nor is it with an extension, several, or blanks behind it."""
    assert not windows(f"NUL{ending}")
    assert not windows(f"con{ending}")


@pytest.mark.parametrize("path", ["sub/NUL", "sub/sub/CON.txt", "NUL/sub", "sub/aux /page.txt", "./NUL", "sub/../NUL"])
def test_cve_2026_27199(windows: t.Callable[[str], list[str]], path: str) -> None:
    """Nor is it below or above other names."""
    assert not windows(path)


@pytest.mark.parametrize("path", ["NUL:", "CON::$DATA", "sub/AUX:", "NUL:x", "com1.txt:", "NUL :"])
def test_ghsa_g6x2_hccm_hh4m(windows: t.Callable[[str], list[str]], path: str) -> None:
    """Nor is it with the mark of a stream of NTFS behind it."""
    assert not windows(path)


# ---- ranges


@pytest.mark.parametrize("count", [2, 100, 20_000])
def test_cve_2025_62727(site: Flask, count: int) -> None:
    """Ranges that lie beside or over one another are never put together or sent: more than one of them is refused."""
    value = "bytes=" + ",".join(f"{number * 2}-{number * 2}" for number in range(count))
    with bounded():
        answer = raw.call(site, "/static/page.txt", headers={"Range": value})
    assert answer.status[:3] in {"200", "416"}


def test_cve_2024_26141(site: Flask) -> None:
    """No set of ranges makes an answer larger than the file."""
    for value in ("bytes=" + ",".join(["0-"] * 1000), "bytes=0-,0-", "bytes=" + ",".join(["-9999"] * 500)):
        for path in ("/static/page.txt", "/files/page.txt"):
            assert len(raw.call(site, path, headers={"Range": value}).body) <= 10_000


@pytest.mark.parametrize(
    "value",
    [
        "bytes=0-99999999999999999999",
        "bytes=5-0",
        "bytes=-0",
        "bytes=--5",
        "bytes=a-b",
        "bytes=0-9",
        "other=0-9",
        "bytes=9-5,0-1",
    ],
)
def test_cve_2011_3192(site: Flask, value: str) -> None:
    """Each range is answered within the file, refused, or ignored."""
    answer = raw.call(site, "/static/page.txt", headers={"Range": value})
    assert answer.status[:3] in {"200", "206", "416"}
    assert answer.status[:3] != "206" or len(answer.body) <= 10_000


# ---- names of files that come


TRAVERSING = [
    "../../etc/passwd",
    "..\\..\\windows\\x",
    "/etc/passwd",
    "C:\\x\\passwd",
    "a/../../b",
    "..",
    ".",
    "",
    "....//....//b",
    "a\x00.txt",
    "&#46;&#46;/x",
    "．．/x",
    "..∕..∕x",
    "~/x",
    ".htaccess",
    "a\r\nb",
]


@pytest.mark.parametrize("name", TRAVERSING)
def test_cve_2021_31542(name: str) -> None:
    """`secure_filename` makes of any name one that stands in the folder that it is joined to, or none."""
    made = secure_filename(name)
    assert made not in {".", ".."}
    assert not {"/", "\\", "\x00", "\n"} & set(made)
    assert not made or Path(safe_join("/uploads", made) or "/").parent == Path("/uploads")


@pytest.mark.parametrize("name", TRAVERSING)
def test_cve_2021_45452(name: str) -> None:
    """`safe_join` with a name of a client's gives a path in the folder, or none."""
    joined = safe_join("/uploads", name)
    assert joined is None or Path(os.path.normpath(joined)).is_relative_to("/uploads")


@pytest.mark.parametrize("name", ["../x", "..", "/x", "sub/../../x", "../uploads_secret/x"])
def test_cve_2024_39330(name: str) -> None:
    """Also where the path is to be written, not read: what leads out is none."""
    assert safe_join("/uploads", name) is None


def test_cve_2026_24486(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An upload is spooled under no name of its client's: nothing is written where it says."""
    app = make_app()
    target = tmp_path / "written.txt"
    monkeypatch.chdir(tmp_path)
    names: list[t.Any] = []

    @app.post("/")
    def upload() -> str:
        for file in request.files.values():
            assert isinstance(file, FileStorage)
            names.append(getattr(file.stream, "name", None))
        return "taken"

    head = 'Content-Disposition: form-data; name="file{}"; filename="{}"\r\n\r\n'
    body = parts(
        *[
            head.format(number, name).encode() + b"x" * 600_000
            for number, name in enumerate((target, "../x", "written.txt"))
        ]
    )
    assert app.test_client().post("/", data=body, content_type=MULTIPART).data == b"taken"
    assert list(tmp_path.iterdir()) == []
    assert not {str(target), "../x", "written.txt"} & set(map(str, names))


def test_cve_2021_28658(site: Flask) -> None:
    """The name of an upload is told as it came, so that no check of it is passed by something taken out later."""
    app = make_app()
    app.add_url_rule("/", "names", lambda: [file.filename for file in request.files.values()], methods=["POST"])
    body = parts(b'Content-Disposition: form-data; name="file"; filename="../..//x/..\\\\y.txt"\r\n\r\n1')
    assert app.test_client().post("/", data=body, content_type=MULTIPART).json == ["../..//x/..\\y.txt"]
