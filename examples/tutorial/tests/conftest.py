"""An app with an empty database for each test, and visitors of it."""

import pytest

from shed import create_app
from shed.models import Person, Tool, db


@pytest.fixture
def app(tmp_path):
    app = create_app(
        {
            "TESTING": True,
            "SECRET_KEY": "for tests alone",
            "SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path / 'shed.sqlite'}",
            "WTF_CSRF_ENABLED": False,
        }
    )
    with app.app_context():
        db.create_all()
        db.session.add_all(
            [Tool(name="Ladder"), Tool(name="Long saw"), Tool(name="Short saw")]
        )
        db.session.commit()
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def visitor(app):
    """A browser of somebody who has not signed in."""
    return app.test_client()


@pytest.fixture
def member(app):
    """Make the browser of a member by a name: member("Ada")."""

    def sign_in(name):
        with app.app_context():
            person = Person(name=name, password_hash="")
            db.session.add(person)
            db.session.commit()
            known = person.id
        client = app.test_client()
        with client.session_transaction() as session:
            session["person"] = known
        return client

    return sign_in
