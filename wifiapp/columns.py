"""Column types that more than one table shares."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated
from uuid import uuid4

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    Numeric,
    String,
    Text,
    TypeDecorator,
    func,
    text,
)
from sqlalchemy.orm import mapped_column


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime kept in a plain TIMESTAMP column."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002 - the interface of SQLAlchemy
    ) -> datetime | None:
        return value and value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002 - the interface of SQLAlchemy
    ) -> datetime | None:
        return value and value.replace(tzinfo=UTC)


def new_id() -> str:
    """Return a fresh row id: a random UUID as text."""
    return str(uuid4())


Id = Annotated[str, mapped_column(Text, primary_key=True, default=new_id)]
Moment = Annotated[datetime, mapped_column(UtcDateTime)]
CreatedAt = Annotated[datetime, mapped_column(UtcDateTime, server_default=func.now())]
UpdatedAt = Annotated[
    datetime, mapped_column(UtcDateTime, server_default=func.now(), onupdate=func.now())
]
Money = Annotated[Decimal, mapped_column(Numeric(12, 2))]
Total = Annotated[Decimal, mapped_column(Numeric(12, 2), server_default=text("0"))]
Count = Annotated[int, mapped_column(server_default=text("0"))]
ByteCount = Annotated[int, mapped_column(BigInteger, server_default=text("0"))]
System = Annotated[str, mapped_column(String(10))]
Mac = Annotated[str, mapped_column(String(17))]
Ip = Annotated[str, mapped_column(String(45))]

SYSTEMS = ("ESP32", "R710")


def one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    """Allow only these values in the column, named as in the table (camelCase)."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f'"{column}" IN ({listed})', name=column)


def is_mac(column: str) -> CheckConstraint:
    """Allow only MAC addresses written AA:BB:CC:DD:EE:FF."""
    return CheckConstraint(f"\"{column}\" ~ '^([0-9A-F]{{2}}:){{5}}[0-9A-F]{{2}}$'", name=column)


def at_least_zero(column: str) -> CheckConstraint:
    return CheckConstraint(f'"{column}" >= 0', name=column)
