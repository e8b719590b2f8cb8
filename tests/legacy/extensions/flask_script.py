"""A manager runs a command of the app's within its context."""

from flask_script import Manager

from flask import Flask, current_app

app = Flask(__name__)
manager = Manager(app)
said = []


@manager.option("-n", "--name", dest="name", default="nobody")
def greet(name):
    said.append(f"{name} of {current_app.name}")


manager.handle("manage.py", ["greet", "--name", "ada"])
assert said == [f"ada of {app.name}"]
