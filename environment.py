"""The hooks of behave; what they do is in svcproof.run.session."""

from __future__ import annotations

from typing import Any

from svcproof.run import session


def before_all(context: Any) -> None:
    session.open_session(context)


def before_scenario(context: Any, scenario: Any) -> None:
    session.begin_scenario(context, scenario)


def after_scenario(context: Any, scenario: Any) -> None:
    session.end_scenario(context, scenario)


def after_all(context: Any) -> None:
    session.close_session(context)
