"""A page has the styles, and an icon that a macro writes."""

from flask_bootstrap import Bootstrap

from flask import Flask, render_template_string

app = Flask(__name__)
Bootstrap(app)


@app.route("/")
def page():
    return render_template_string(
        "{% from 'bootstrap/utils.html' import render_static %}{{ bootstrap.load_css() }}"
        "{{ render_static('css', 'own.css') }}"
    )


text = app.test_client().get("/").get_data(as_text=True)
assert "bootstrap.min.css" in text
assert '<link rel="stylesheet" href="/static/own.css"' in text
