from __future__ import annotations

import ast
import json
import os
import pathlib
import runpy
import tomllib
import types
import typing
from datetime import timedelta

import pytest

from flask import Flask
from flask.config import Config, ConfigAttribute

TOOL = pathlib.Path(__file__).parents[1] / "tools" / "settings_types.py"


@pytest.fixture
def config(tmp_path):
    return Config(tmp_path, {"KEPT": 0})


@pytest.fixture
def environment(monkeypatch):
    for name in list(os.environ):
        if name.startswith(("FLASK_", "APP_")):
            monkeypatch.delenv(name)
    return monkeypatch


class Holder:
    """Anything that has a `config`, as an app does."""

    direct = ConfigAttribute[int]("NUMBER")
    converted = ConfigAttribute("NUMBER", get_converter=lambda value: value * 10)

    def __init__(self):
        self.config = Config(".")


# ---- ConfigAttribute


def test_an_attribute_reads_and_writes_its_key():
    """What is assigned to the attribute is in the config unchanged, and what is in the config is the attribute."""
    holder = Holder()
    holder.direct = 4
    assert holder.config == {"NUMBER": 4}
    holder.config["NUMBER"] = 5
    assert holder.direct == 5


def test_a_converter_is_for_reading_only():
    """The converter is applied to what is read and not to what is written."""
    holder = Holder()
    holder.converted = 4
    assert (holder.config["NUMBER"], holder.converted) == (4, 40)


def test_an_attribute_of_the_class_is_the_descriptor():
    """Read on the class, it tells its key and its converter."""
    assert isinstance(Holder.direct, ConfigAttribute)
    assert Holder.direct.__name__ == "NUMBER"
    assert Holder.direct.get_converter is None
    assert Holder.converted.get_converter(2) == 20


def test_an_attribute_without_a_value_is_a_missing_key():
    """A key that is not set raises KeyError, not AttributeError, so that hasattr does not hide it."""
    with pytest.raises(KeyError, match="NUMBER"):
        Holder().direct


# ---- Config itself


def test_defaults_are_copied():
    """The config starts as a copy of its defaults."""
    defaults = {"A": 1}
    config = Config("here", defaults)
    config["A"] = 2
    assert defaults == {"A": 1}
    assert config.root_path == "here"
    assert Config("here") == {}


def test_repr_names_the_class_and_shows_the_settings():
    """The repr of a subclass carries the subclass's name."""

    class Mine(Config):
        pass

    assert repr(Mine(".", {"A": "b"})) == "<Mine {'A': 'b'}>"


# ---- from_mapping


def test_only_names_in_capitals_are_taken():
    """Keys with a small letter, or with no letter at all, are no settings."""
    config = Config(".")
    assert config.from_mapping({"A": 1, "Ab": 2, "ab": 3, "_": 4, "1": 5, "A_1": 6, "É": 7}) is True
    assert config == {"A": 1, "A_1": 6, "É": 7}


def test_keyword_arguments_win_over_the_mapping():
    """A key given both ways has the value of the keyword argument; pairs serve as a mapping."""
    config = Config(".")
    config.from_mapping([("A", 1), ("B", 2)], B=3, c=4)
    assert config == {"A": 1, "B": 3}


@pytest.mark.parametrize("wrong", [5, object()])
def test_a_mapping_that_is_none_raises(wrong):
    """What cannot be read as a mapping is a TypeError, and changes nothing."""
    config = Config(".")
    with pytest.raises(TypeError):
        config.from_mapping(wrong)
    assert config == {}


# ---- from_object


class Settings:
    NUMBER = 1
    small = 2

    @property
    def COMPUTED(self):
        return self.NUMBER + 1


def test_an_object_gives_its_attributes_and_a_class_its_own():
    """An instance's properties are computed; a class is not instantiated, so there they stay properties."""
    config = Config(".")
    assert config.from_object(Settings()) is None
    assert config == {"NUMBER": 1, "COMPUTED": 2}
    config.from_object(Settings)
    assert config["COMPUTED"] is Settings.COMPUTED


def test_an_import_path_is_imported(tmp_path, monkeypatch):
    """A string is the path of a module or of something in one; where it leads nowhere, ImportError names it."""
    (tmp_path / "settings_to_import.py").write_text("A = 1\nclass Inner:\n    B = 2\n")
    monkeypatch.syspath_prepend(tmp_path)
    config = Config(".")
    config.from_object("settings_to_import")
    assert config == {"A": 1}
    config.from_object("settings_to_import.Inner")
    assert config == {"A": 1, "B": 2}
    with pytest.raises(ImportError, match="no_such_module_anywhere"):
        config.from_object("no_such_module_anywhere.Settings")


# ---- from_pyfile and from_envvar


def test_a_python_file_is_run_as_a_module_named_config(config, tmp_path):
    """The file knows its own name and path, and only its capitals are taken."""
    (tmp_path / "settings.py").write_text("small = 1\nNAME = __name__\nPATH = __file__\n")
    assert config.from_pyfile("settings.py") is True
    assert config == {"KEPT": 0, "NAME": "config", "PATH": str(tmp_path / "settings.py")}


def test_a_path_object_and_an_absolute_path_are_file_names(config, tmp_path):
    """A path object is a file name like a string, and an absolute one leaves root_path aside."""
    (tmp_path / "settings.py").write_text("A = 1\n")
    assert config.from_pyfile(pathlib.Path("settings.py"))
    assert Config("/nowhere").from_pyfile(tmp_path / "settings.py")


def test_a_python_file_says_its_own_encoding(config, tmp_path):
    """The file is read as Python reads it: an encoding that it declares holds."""
    (tmp_path / "settings.py").write_bytes("# -*- coding: latin-1 -*-\nA = 'é'\n".encode("latin-1"))
    config.from_pyfile("settings.py")
    assert config["A"] == "é"


@pytest.mark.parametrize("name", ["missing.py", "", "file.txt/below.py"])
def test_a_missing_file_is_silent_only_on_request(config, tmp_path, name):
    """No file, a folder, and a path below a file raise an error that says what for, or give False when silent."""
    (tmp_path / "file.txt").write_text("")
    assert config.from_pyfile(name, silent=True) is False
    with pytest.raises(OSError, match="Unable to load configuration file"):
        config.from_pyfile(name)
    assert config == {"KEPT": 0}


def test_an_error_in_the_file_is_never_silent(config, tmp_path):
    """A file that is there but wrong raises its own error, with the file's lines in the traceback."""
    (tmp_path / "settings.py").write_text("A = 1\nB = 1 / 0\n")
    with pytest.raises(ZeroDivisionError) as caught:
        config.from_pyfile("settings.py", silent=True)
    assert caught.traceback[-1].path == tmp_path / "settings.py"
    assert "A" not in config


def test_a_file_may_be_named_by_the_environment(config, tmp_path, environment):
    """The variable holds the file's name; unset or empty, an error names it, or False is given when silent."""
    (tmp_path / "settings.py").write_text("A = 1\n")
    environment.setenv("APP_SETTINGS", "settings.py")
    assert config.from_envvar("APP_SETTINGS") is True
    assert config["A"] == 1
    environment.setenv("APP_SETTINGS", "missing.py")
    assert config.from_envvar("APP_SETTINGS", silent=True) is False
    for empty in ("", None):
        environment.delenv("APP_SETTINGS")
        if empty is not None:
            environment.setenv("APP_SETTINGS", empty)
        assert config.from_envvar("APP_SETTINGS", silent=True) is False
        with pytest.raises(RuntimeError, match="'APP_SETTINGS' is not set"):
            config.from_envvar("APP_SETTINGS")
        environment.setenv("APP_SETTINGS", "x")


# ---- from_file


def test_a_file_is_read_by_any_loader(config, tmp_path):
    """A loader of text and a loader of bytes each get the open file that they want."""
    (tmp_path / "settings.json").write_text('{"A": 1, "small": 2}')
    (tmp_path / "settings.toml").write_text("B = 2\n")
    assert config.from_file("settings.json", json.load) is True
    assert config.from_file("settings.toml", tomllib.load, text=False) is True
    assert config == {"KEPT": 0, "A": 1, "B": 2}


def test_a_missing_file_for_a_loader_is_silent_only_on_request(config, tmp_path):
    """No file and a folder are missing files; a path below a file is an error even when silent, as in Flask."""
    (tmp_path / "file.txt").write_text("")
    for name in ("missing.json", ""):
        assert config.from_file(name, json.load, silent=True) is False
        with pytest.raises(OSError, match="Unable to load configuration file"):
            config.from_file(name, json.load)
    if os.name == "posix":
        with pytest.raises(NotADirectoryError, match="Unable to load configuration file"):
            config.from_file("file.txt/below", json.load, silent=True)


# ---- from_prefixed_env


def test_variables_with_the_prefix_become_settings(environment):
    """The prefix is dropped; a value that is JSON is read as such, any other stays a string."""
    environment.setenv("FLASK_NUMBER", "5")
    environment.setenv("FLASK_LIST", "[1, 2]")
    environment.setenv("FLASK_TEXT", "5 apples")
    environment.setenv("FLASK_EMPTY", "")
    environment.setenv("FLASKET", "no")
    environment.setenv("APP_NUMBER", "6")
    config = Config(".")
    assert config.from_prefixed_env() is True
    assert config == {"NUMBER": 5, "LIST": [1, 2], "TEXT": "5 apples", "EMPTY": ""}
    config.from_prefixed_env("APP")
    assert config["NUMBER"] == 6


def test_a_double_underscore_goes_into_a_dict(environment):
    """Dicts on the way are made where they are missing, and kept where they are there."""
    config = Config(".", {"API": {"KEPT": 0}})
    environment.setenv("FLASK_API__KEY", '"k"')
    environment.setenv("FLASK_API__USER__NAME", "n")
    environment.setenv("FLASK_OTHER", '{"A": 1}')
    environment.setenv("FLASK_OTHER__B", "2")
    config.from_prefixed_env()
    assert config == {"API": {"KEPT": 0, "KEY": "k", "USER": {"NAME": "n"}}, "OTHER": {"A": 1, "B": 2}}


def test_a_value_that_is_no_dict_takes_no_keys(environment):
    """To go into a value that is no dict is an error, not a loss."""
    environment.setenv("FLASK_A", "1")
    environment.setenv("FLASK_A__B", "2")
    with pytest.raises(TypeError):
        Config(".").from_prefixed_env()


def test_a_loader_of_ones_own_may_fail_but_not_be_interrupted(environment):
    """Any Exception leaves the string as it is; what is no Exception goes through."""
    environment.setenv("FLASK_A", "1")
    config = Config(".")
    config.from_prefixed_env(loads=lambda text: 1 / 0)
    assert config == {"A": "1"}
    config.from_prefixed_env(loads=lambda text: int(text) + 1)
    assert config == {"A": 2}

    def interrupt(text):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        config.from_prefixed_env(loads=interrupt)


# ---- get_namespace


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {"host": 1, "port_2": 2}),
        ({"lowercase": False}, {"HOST": 1, "PORT_2": 2}),
        ({"trim_namespace": False}, {"mail_host": 1, "mail_port_2": 2}),
        ({"lowercase": False, "trim_namespace": False}, {"MAIL_HOST": 1, "MAIL_PORT_2": 2}),
    ],
)
def test_a_namespace_is_what_shares_a_prefix(options, expected):
    """The prefix is dropped and the rest made small, each unless told otherwise."""
    config = Config(".", {"MAIL_HOST": 1, "MAIL_PORT_2": 2, "OTHER": 3})
    assert config.get_namespace("MAIL_", **options) == expected
    assert config.get_namespace("NONE_", **options) == {}


# ---- what type checkers know


@pytest.fixture(scope="module")
def typed():
    """The types of the settings by their names, as the stub has them."""
    tool = runpy.run_path(str(TOOL))
    known = {"t": typing, "timedelta": timedelta}
    stub = tool["STUB"].read_text(encoding="utf-8")
    return {key: eval(kind, known) for key, kind in tool["table"](stub).items()}


def test_each_setting_has_a_type_and_each_type_a_setting(typed):
    """Type checkers know the settings that there are; one of them has no default in the config."""
    assert set(typed) == {*Flask.default_config, "JSON_STRICT"}


def test_each_default_is_of_the_type_of_its_setting(typed):
    """What a new app has in its config is what type checkers take it for."""

    def fits(value, kind):
        if typing.get_origin(kind) in (types.UnionType, typing.Union):
            return any(fits(value, part) for part in typing.get_args(kind))
        return isinstance(value, (int, float) if kind is float else typing.get_origin(kind) or kind)

    for key, value in Flask(__name__).config.items():
        assert fits(value, typed[key]), key


def test_the_overloads_are_written_from_the_table():
    """Who changes the table runs the tool that writes what stands below it."""
    tool = runpy.run_path(str(TOOL))
    stub = tool["STUB"].read_text(encoding="utf-8")
    assert ast.dump(ast.parse(tool["written"](stub))) == ast.dump(ast.parse(stub)), "make settings-types"


def test_a_config_is_a_dict_and_nothing_else_for_its_types():
    """No class stands between a config and dict, and its methods are the dict's own."""
    assert Config.__mro__ == (Config, dict, object)
    assert Config.get is dict.get
    assert Config.__getitem__ is dict.__getitem__
