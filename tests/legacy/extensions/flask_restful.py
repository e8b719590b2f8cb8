"""A resource takes arguments, answers in JSON, and refuses by an error of the extension's."""

from flask_restful import Api, Resource, abort, fields, marshal_with, reqparse

from flask import Flask

app = Flask(__name__)
api = Api(app)
parser = reqparse.RequestParser()
parser.add_argument("size", type=int, required=True, location="args")


class Card(Resource):
    @marshal_with({"name": fields.String, "size": fields.Integer})
    def get(self, name):
        if name == "none":
            abort(404, message="no such card")
        return {"name": name, "size": parser.parse_args()["size"], "secret": 1}


api.add_resource(Card, "/cards/<name>")

client = app.test_client()
assert client.get("/cards/one?size=3").json == {"name": "one", "size": 3}
assert client.get("/cards/one?size=x").status_code == 400
missing = client.get("/cards/none")
assert (missing.status_code, missing.json) == (404, {"message": "no such card"})
assert client.get("/nowhere").status_code == 404
