"""A menu is gathered from the views before the first request."""

from flask_menu import Menu, register_menu

from flask import Flask, render_template_string

app = Flask(__name__)
Menu(app)
PAGE = "{% for item in current_menu.children %}{{ item.text }}={{ item.url }}{{ '!' if item.active }} {% endfor %}"


@app.route("/")
@register_menu(app, ".home", "Home", order=1)
def home():
    return render_template_string(PAGE)


@app.route("/about")
@register_menu(app, ".about", "About", order=2)
def about():
    return render_template_string(PAGE)


client = app.test_client()
assert client.get("/about").get_data(as_text=True).split() == ["Home=/", "About=/about!"]
