"""A test case of the extension's looks at JSON and at a template's variables."""

import unittest

from flask_testing import TestCase
from jinja2 import DictLoader

from flask import Flask, jsonify, render_template


class Case(TestCase):
    def create_app(self):
        app = Flask(__name__)
        app.testing = True
        app.jinja_loader = DictLoader({"page.html": "{{ name }}"})
        app.add_url_rule("/json", view_func=lambda: jsonify(a=1), endpoint="json")
        app.add_url_rule("/page", view_func=lambda: render_template("page.html", name="ada"), endpoint="page")
        return app

    def test_all(self):
        assert self.client.get("/json").json == {"a": 1}
        self.client.get("/page")
        self.assert_template_used("page.html")
        self.assert_context("name", "ada")


result = unittest.TextTestRunner(verbosity=0).run(unittest.defaultTestLoader.loadTestsFromTestCase(Case))
assert result.wasSuccessful()
