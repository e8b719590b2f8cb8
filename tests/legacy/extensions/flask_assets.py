"""A bundle is built, and a template names the one file."""

import os
import tempfile

from flask_assets import Bundle, Environment

from flask import Flask, render_template_string

folder = tempfile.TemporaryDirectory()
for name in ("a.js", "b.js"):
    with open(os.path.join(folder.name, name), "w") as file:
        file.write(f"var {name[0]};\n")

app = Flask(__name__, static_folder=folder.name, static_url_path="/files")
assets = Environment(app)
assets.register("all", Bundle("a.js", "b.js", output="all.js"))


@app.route("/")
def page():
    return render_template_string("{% assets 'all' %}{{ ASSET_URL }}{% endassets %}")


client = app.test_client()
url = client.get("/").get_data(as_text=True)
assert url.startswith("/files/all.js?")
assert client.get(url).data.split() == [b"var", b"a;", b"var", b"b;"]
