"""The command that asks recorded traffic again: today's laws, yesterday's history."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Annotated

import typer

from svcproof.exit_code import ExitCode
from svcproof.model import judging
from svcproof.model.history import History, MalformedHistory, read
from svcproof.model.judging import Asked, Judgement
from svcproof.model.verdict import Answer, unknown, worst
from svcproof.problems import SetupProblem

_CODES = {Answer.MET: ExitCode.MET, Answer.VIOLATED: ExitCode.VIOLATED, Answer.UNKNOWN: ExitCode.UNKNOWN}


def judge(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Histories (JSON Lines) to judge.")],
    law: Annotated[
        list[str] | None, typer.Option("--law", help="Ask this law instead of those that the history names.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a verdict.")] = False,
) -> None:
    """Judge recorded traffic again: exit code 0 met, 1 violated, 3 unknown, 2 when a file is no history."""
    found = []
    for file in files:
        history = open_history(file)
        try:
            judgements = [_again(history, name) for name in law] if law else judging.judge(history)
        except MalformedHistory as problem:
            raise SetupProblem(f"{file}: {problem}", "compare with fixtures/histories") from problem
        if not judgements:
            judgements = [Judgement(Asked("none"), unknown("the history names no law; choose one with --law"))]
        for judgement in judgements:
            print(_json(file, judgement) if as_json else _line(file, judgement, named=len(files) > 1))
        found += [judgement.verdict for judgement in judgements]
    raise typer.Exit(_CODES[worst(found).answer])


def open_history(file: Path) -> History:
    """Read a history file, also a compressed one (".gz"); raise SetupProblem when it is none."""
    try:
        with gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8") as lines:
            return read(lines)
    except MalformedHistory as problem:
        raise SetupProblem(f"{file}: {problem}", "give a history as svcproof wrote it") from problem
    except (OSError, EOFError, UnicodeDecodeError) as problem:
        raise SetupProblem(f"{file}: {problem}", "give the path of a history file") from problem


def _again(history: History, law: str) -> Judgement:
    return Judgement(Asked(law), judging.ask(history, law))


def _line(file: Path, judgement: Judgement, *, named: bool) -> str:
    where = f"{file}: " if named else ""
    verdict = judgement.verdict
    return f"{where}{verdict.answer.value:<8}  {judgement.asked.law.replace('_', ' ')}: {verdict.because}"


def _json(file: Path, judgement: Judgement) -> str:
    verdict = judgement.verdict
    return json.dumps(
        {
            "file": str(file),
            **judgement.asked.plain(),
            "verdict": verdict.answer.value,
            "because": verdict.because,
            "figures": dict(verdict.figures),
        }
    )
