"""What a view hands to a thread sees the request and the app."""

from flask_executor import Executor

from flask import Flask, current_app, g, request

app = Flask(__name__)
app.config["EXECUTOR_TYPE"] = "thread"
executor = Executor(app)


def work():
    return f"{current_app.name} {request.args['word']} {g.name}"


@app.route("/")
def view():
    g.name = "ada"
    return executor.submit(work).result()


assert app.test_client().get("/?word=hello").get_data(as_text=True) == f"{app.name} hello ada"
