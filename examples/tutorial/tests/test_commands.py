"""The keeper's commands."""

from datetime import datetime

from shed.models import Loan, db


def test_create_says_where(app):
    """Making what is there already changes nothing."""
    answer = app.test_cli_runner().invoke(args=["shed", "create"])
    assert (answer.exit_code, "shed.sqlite" in answer.output) == (0, True)


def test_overdue_lists_who_is_late(app, member):
    """Only what is still out, and for longer than LOAN_DAYS, is listed."""
    ada = member("Ada")
    for tool in (1, 2, 3):
        ada.post(f"/tools/{tool}/borrow")
    ada.post("/tools/2/return")
    with app.app_context():
        for loan in db.session.scalars(db.select(Loan).where(Loan.tool_id < 3)):
            loan.taken = datetime(2026, 1, 1)
        db.session.commit()
    listed = app.test_cli_runner().invoke(args=["shed", "overdue"]).output
    assert listed == "Ada: Ladder, since 2026-01-01\n"
