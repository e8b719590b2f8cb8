"""Rows are written in one request and read in the next; each request has a session of its own."""

from flask_sqlalchemy import SQLAlchemy

from flask import Flask, jsonify

app = Flask(__name__)
app.config.update(SQLALCHEMY_DATABASE_URI="sqlite://", SQLALCHEMY_TRACK_MODIFICATIONS=False)
db = SQLAlchemy(app)


class Card(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    text = db.Column(db.String(20), nullable=False)


@app.before_first_request
def make_tables():
    db.create_all()


@app.route("/<text>", methods=["POST"])
def write(text):
    db.session.add(Card(text=text))
    db.session.commit()
    return "", 201


@app.route("/")
def read():
    return jsonify([card.text for card in Card.query.order_by(Card.id)])


client = app.test_client()
assert client.post("/one").status_code == client.post("/two").status_code == 201
assert client.get("/").json == ["one", "two"]
with app.app_context():
    first = db.session()
with app.app_context():
    assert Card.query.count() == 2
    assert db.session() is not first
