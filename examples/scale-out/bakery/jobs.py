"""What runs in Celery's workers, and how it is sent there. A job may be begun more than once; its result counts once.

Three things see to it that none is lost. Celery acknowledges a message when the job has ended, not when it begins, so
Redis gives it out again where a worker died. A message that never reached Redis is missed by nobody but the row, which
`ask_again` looks for. And a job that failed leaves its row unfinished, which is the same thing.
"""

from __future__ import annotations

import socket
from datetime import timedelta

from celery import Celery, Task
from celery.signals import worker_process_init
from celery.utils.log import get_task_logger
from kombu.exceptions import OperationalError

from flask import Flask
from flask.logging import request_id

from .extensions import db
from .models import Order, Report, now

log = get_task_logger(__name__)


class InAppContext(Task):  # type: ignore[misc]
    """A task whose function runs in an app context of its own."""

    def __call__(self, *args: object, **kwargs: object) -> object:
        with self.app.flask.app_context():
            return self.run(*args, **kwargs)


celery = Celery("bakery", task_cls=InAppContext)


def init_app(app: Flask) -> None:
    """Tell Celery what the app's configuration says, and which app its tasks run in."""
    celery.flask = app
    celery.conf.update(
        broker_url=app.config["BROKER"],
        broker_connection_retry_on_startup=True,
        broker_transport_options={"visibility_timeout": app.config["JOB_VISIBILITY_TIMEOUT"], "socket_timeout": 5},
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_time_limit=app.config["JOB_VISIBILITY_TIMEOUT"] * 3 // 4,
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        task_publish_retry_policy={"max_retries": 2, "interval_start": 0.05, "interval_max": 0.2},
        worker_prefetch_multiplier=1,
        worker_send_task_events=False,
        beat_schedule={
            "ask again for what nobody made": {
                "task": "bakery.ask_again",
                "schedule": app.config["REPORT_ROUND"],
                "options": {"expires": app.config["REPORT_ROUND"]},
            }
        },
    )
    celery.conf.update(app.config.get("CELERY", {}))


@worker_process_init.connect
def begin_with_no_connections(**_: object) -> None:
    """A connection to the database that a fork would share belongs to the parent."""
    with celery.flask.app_context():
        db.engine.dispose(close=False)


def send(number: int) -> None:
    """Tell the workers of a report. Where that fails the report is still wanted, and `ask_again` will tell them."""
    try:
        make_report.apply_async((number,), headers={"request_id": request_id()})
    except OperationalError:
        celery.flask.logger.warning("report %s could not be sent to the workers yet", number, exc_info=True)


@celery.task(name="bakery.make_report", bind=True)
def make_report(task: Task, number: int) -> None:
    """Add up what the account has ordered. Whoever comes first writes the result; who comes later changes nothing."""
    report = db.session.get(Report, number)
    if report is None or report.done_at is not None:
        return
    report.begun = Report.begun + 1
    report.begun_by = task.request.hostname or socket.gethostname()
    db.session.commit()
    log.info("report %s begun, for the %s. time", number, report.begun)

    pieces = db.func.sum(Order.pieces)
    rows = db.session.execute(
        db.select(Order.what, db.func.count(), pieces)
        .where(Order.account_id == report.account_id)
        .group_by(Order.what)
        .order_by(Order.what)
    )
    text = "".join(f"{what}: {pieces} in {orders} orders\n" for what, orders, pieces in rows) or "nothing yet\n"
    db.session.execute(
        db.update(Report).where(Report.id == number, Report.done_at.is_(None)).values(text=text, done_at=now())
    )
    db.session.commit()
    log.info("report %s done", number)


@celery.task(name="bakery.ask_again")
def ask_again() -> None:
    """Send what nobody has made in good time once more; `sent_at` keeps many rounds from sending it many times."""
    patience = timedelta(seconds=celery.flask.config["REPORT_PATIENCE"])
    late = Report.done_at.is_(None) & (Report.sent_at < now() - patience)
    numbers = db.session.scalars(db.update(Report).where(late).values(sent_at=now()).returning(Report.id)).all()
    db.session.commit()
    for number in numbers:
        log.warning("report %s is late and sent once more", number)
        send(number)
