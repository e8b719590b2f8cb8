"""What is in the shed, and who takes it out."""

from datetime import UTC, datetime

from flask import (
    Blueprint,
    abort,
    flash,
    g,
    redirect,
    render_template,
    request,
    url_for,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload

from .models import Loan, Tool, db
from .people import members_only

blueprint = Blueprint("tools", __name__)


@blueprint.get("/")
def index():
    word = request.args.get("word", "").strip()
    page = db.paginate(
        find_tools(word),
        page=request.args.get("page", 1, type=int),
        per_page=20,
        error_out=False,
    )
    return render_template("index.html", page=page, word=word)


@blueprint.get("/api/tools")
def list_tools():
    return [
        {"id": tool.id, "name": tool.name, "with": tool.loan and tool.loan.person.name}
        for tool in db.session.scalars(find_tools(request.args.get("word", "")))
    ]


@blueprint.post("/tools")
@members_only
def add():
    name = request.form["name"].strip()
    if not name:
        abort(400, "A tool has a name.")
    tool = Tool(name=name)
    db.session.add(tool)
    db.session.commit()
    flash(f"{name} is in the shed.")
    return redirect(url_for("tools.show", tool_id=tool.id))


@blueprint.get("/tools/<int:tool_id>")
def show(tool_id):
    return render_template("tool.html", tool=db.get_or_404(Tool, tool_id))


@blueprint.post("/tools/<int:tool_id>/borrow")
@members_only
def borrow(tool_id):
    tool = db.get_or_404(Tool, tool_id)
    db.session.add(Loan(tool=tool, person=g.person))
    try:
        db.session.commit()
    except IntegrityError:  # the index of models.py
        db.session.rollback()
        flash("Somebody else was faster.")
    else:
        flash(f"The {tool.name} is yours for now.")
    return redirect(url_for("tools.show", tool_id=tool_id))


@blueprint.post("/tools/<int:tool_id>/return")
@members_only
def give_back(tool_id):
    loan = db.get_or_404(Tool, tool_id).loan
    if loan is None or loan.person is not g.person:
        abort(403, "Who brings it back is who has it.")
    loan.returned = datetime.now(UTC).replace(tzinfo=None)
    db.session.commit()
    flash("Thank you.")
    return redirect(url_for("tools.index"))


def find_tools(word):
    """The tools whose names have a word in them, by name."""
    found = (
        db.select(Tool)
        .order_by(Tool.name, Tool.id)
        .options(selectinload(Tool.loans).selectinload(Loan.person))
    )
    return found.where(Tool.name.icontains(word, autoescape=True)) if word else found
