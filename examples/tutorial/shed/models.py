"""What is kept: people, tools, and who had which tool when."""

from datetime import UTC, datetime

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from werkzeug.security import check_password_hash, generate_password_hash


class Base(DeclarativeBase):
    """What all tables have in common: nothing yet."""


db = SQLAlchemy(model_class=Base)


class Person(db.Model):
    """A member; the password is kept as a hash, and cannot be read back."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    password_hash: Mapped[str]

    def set_password(self, password):
        self.password_hash = generate_password_hash(password)

    def has_password(self, password):
        return check_password_hash(self.password_hash, password)


class Tool(db.Model):
    """A thing that can be borrowed."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    loans: Mapped[list["Loan"]] = relationship(
        back_populates="tool", order_by="Loan.id.desc()"
    )

    @property
    def loan(self):
        """The loan of who has it, or None."""
        return next((loan for loan in self.loans if loan.returned is None), None)


class Loan(db.Model):
    """Somebody has, or had, a tool; as long as it is out, `returned` is None."""

    id: Mapped[int] = mapped_column(primary_key=True)
    tool_id: Mapped[int] = mapped_column(ForeignKey("tool.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    taken: Mapped[datetime] = mapped_column(
        default=lambda: datetime.now(UTC).replace(tzinfo=None)
    )
    returned: Mapped[datetime | None]
    tool: Mapped[Tool] = relationship(back_populates="loans")
    person: Mapped[Person] = relationship()

    # The database itself sees to it that a tool is out once: of two who ask at the same
    # moment only one gets it.
    __table_args__ = (
        Index(
            "one_at_a_time",
            "tool_id",
            unique=True,
            sqlite_where=text("returned IS NULL"),
            postgresql_where=text("returned IS NULL"),
        ),
    )
