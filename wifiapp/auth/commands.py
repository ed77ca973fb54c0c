"""The `flask users` commands."""

from typing import Any

import click

from wifiapp.access import COMMAND_LINE, EVERY_ROLE
from wifiapp.auth import queries, users_operations
from wifiapp.cli import Group, echo_json, echo_table, read_secret

users = Group("users", help="Make, list and disable users.")

json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
stdin_option = click.option(
    "--password-stdin",
    is_flag=True,
    help="Read the password, one line, from standard input. Without it a one-time password is "
    "made and printed once.",
)


@users.command()
@click.argument("email")
@click.option("--role", required=True, type=click.Choice(EVERY_ROLE, case_sensitive=False))
@click.option("--name", default="", help="As colleagues call them.")
@click.option(
    "--business", "business_ids", multiple=True, metavar="ID", help="A business; may be repeated."
)
@stdin_option
@json_option
def create(
    email: str,
    role: str,
    name: str,
    business_ids: tuple[str, ...],
    *,
    password_stdin: bool,
    as_json: bool,
) -> None:
    """Make a user who signs in with EMAIL."""
    given = read_secret("password") if password_stdin else None
    user, made = users_operations.create_user(
        COMMAND_LINE,
        email,
        role.upper(),
        name=name,
        business_ids=business_ids,
        password=given,
    )
    if as_json:
        one_time = {"oneTimePassword": made} if made else {}
        echo_json({"id": user.id, "email": user.email, "role": user.role, **one_time})
        return
    click.echo(f"Made {user.email} ({user.role}), id {user.id}.")
    _echo_one_time(made)


@users.command("list")
@json_option
def list_(*, as_json: bool) -> None:
    """List the users with their role, businesses, state and last sign-in."""
    rows = [_row(each) for each in queries.list_users()]
    if as_json:
        echo_json(rows)
        return
    echo_table(
        ("Email", "Role", "State", "Businesses", "Last sign-in"),
        [
            (
                row["email"],
                row["role"],
                "active" if row["isActive"] else "disabled",
                _businesses(row),
                row["lastSignInAt"] and row["lastSignInAt"].strftime("%Y-%m-%d %H:%M UTC"),
            )
            for row in rows
        ],
    )


@users.command()
@click.argument("email")
@stdin_option
@json_option
def passwd(email: str, *, password_stdin: bool, as_json: bool) -> None:
    """Give a user a new password, end their sessions and let them try at once."""
    user = queries.get_user_by_email(email)
    given = read_secret("password") if password_stdin else None
    made = users_operations.reset_password(COMMAND_LINE, user.id, given)
    if as_json:
        one_time = {"oneTimePassword": made} if made else {}
        echo_json({"id": user.id, "email": user.email, **one_time})
        return
    click.echo(f"{user.email} has a new password and is signed out everywhere.")
    _echo_one_time(made)


@users.command()
@click.argument("email")
def disable(email: str) -> None:
    """Shut a user out at once."""
    user = users_operations.disable_user(COMMAND_LINE, queries.get_user_by_email(email).id)
    click.echo(f"{user.email} is disabled and signed out everywhere.")


@users.command()
@click.argument("email")
def enable(email: str) -> None:
    """Let a disabled user in again."""
    user = users_operations.enable_user(COMMAND_LINE, queries.get_user_by_email(email).id)
    click.echo(f"{user.email} can sign in again.")


def _row(listed: queries.ListedUser) -> dict[str, Any]:
    user = listed.user
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "role": user.role,
        "isActive": user.is_active,
        "mustChangePassword": user.must_change_password,
        "businesses": [{"id": each.id, "name": each.name} for each in listed.businesses],
        "lastSignInAt": user.last_sign_in_at,
        "createdAt": user.created_at,
    }


def _businesses(row: dict[str, Any]) -> str | None:
    if row["role"] == "ADMIN":
        return "all"
    return ", ".join(each["name"] for each in row["businesses"]) or None


def _echo_one_time(password: str | None) -> None:
    if password:
        click.echo("One-time password, shown this once; the first sign-in asks for another one:")
        click.echo(password)
