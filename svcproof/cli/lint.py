"""svcproof lint: the laws of the features, without a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from svcproof.exit_code import ExitCode


def lint(
    paths: Annotated[list[str] | None, typer.Argument(metavar="[FEATURES…]", help="Features of another suite.")] = None,
    *,
    write: Annotated[bool, typer.Option("--write", help="Write the generated pages anew.")] = False,
) -> None:
    """Check the features themselves: every law broken is said with file, line and cure; exit 1 where one is."""
    from svcproof import resources
    from svcproof.faults import catalog
    from svcproof.lint import laws, proof, reading
    from svcproof.run import roster

    named = paths or [str(resources.features())]
    root = roster.suite_of(named)
    laws.silent(named, root)
    suite = reading.read(root, [Path(path) for path in named])
    findings = laws.check(suite)
    if not paths:
        findings += proof.check(suite, catalog.load())
    for finding in findings:
        print(finding)
    stale = [] if paths else _pages(suite, resources.features(), write=write)
    for file in stale:
        print(f"{file}: is not what the features give now\n    cure: svcproof lint --write")
    scenarios = sum(1 for _ in suite.scenarios())
    print(f"{len(suite.features)} features, {scenarios} scenarios, {len(suite.definitions)} sentences: ", end="")
    print(f"{len(findings) + len(stale)} to mend" if findings or stale else "all laws hold")
    if findings or stale:
        raise typer.Exit(ExitCode.VIOLATED)


def _pages(suite: object, folder: Path, *, write: bool) -> list[Path]:
    """Write the generated pages, or return those that have drifted."""
    from svcproof.lint import reading, vocabulary

    pages = {folder / "VOCABULARY.md": vocabulary.render(suite, reading.parameter_types())}  # type: ignore[arg-type]
    stale = [file for file, text in pages.items() if not file.is_file() or file.read_text(encoding="utf-8") != text]
    if not write:
        return stale
    for file in stale:
        file.write_text(pages[file], encoding="utf-8")
        print(f"written: {file}")
    return []
