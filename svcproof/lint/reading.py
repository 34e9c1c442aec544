"""Reads a suite for lint: its features by behave's parser, its step definitions by behave's registry."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from behave import step_registry
from behave.configuration import Configuration
from behave.matchers import ParseMatcher
from behave.runner import Runner
from behave.runner_util import collect_feature_locations, parse_features

from svcproof.problems import SetupProblem


@dataclass(frozen=True)
class Definition:
    """One step definition: the sentence, where it stands, and its function's docstring."""

    kind: str
    sentence: str
    file: str
    line: int
    says: str
    matcher: Any

    def matches(self, text: str) -> bool:
        """Whether a step's text is one of this sentence's."""
        return bool(self.matcher.match(text))


@dataclass(frozen=True)
class Suite:
    """What lint looks at."""

    root: Path
    features: tuple[Any, ...]
    definitions: tuple[Definition, ...]

    def scenarios(self) -> Iterator[Any]:
        """Yield every scenario, an outline's rows each."""
        for feature in self.features:
            yield from feature.walk_scenarios()

    def matching(self, step: Any) -> list[Definition]:
        """Return the definitions that a step's text fits."""
        kinds = (step.step_type, "step")
        return [one for one in self.definitions if one.kind in kinds and one.matches(step.name)]


def read(root: Path, paths: Sequence[Path]) -> Suite:
    """Read features and steps; raise SetupProblem where the steps cannot be imported."""
    config = Configuration([str(path) for path in paths], load_config=False)
    runner = Runner(config)
    before = os.environ.pop("SVCPROOF_SETTINGS", None)
    step_registry.registry.clear()
    try:
        with runner.path_manager:
            runner.setup_paths()
            runner.load_step_definitions()
    except Exception as problem:
        raise SetupProblem(
            f"the steps cannot be loaded: {type(problem).__name__}: {problem}", "mend the step file"
        ) from problem
    finally:
        if before is not None:
            os.environ["SVCPROOF_SETTINGS"] = before
    features = parse_features(collect_feature_locations([str(path) for path in paths]))
    return Suite(root, tuple(features), tuple(_definitions(root)))


def _definitions(root: Path) -> Iterator[Definition]:
    for kind, matchers in step_registry.registry.steps.items():
        for matcher in matchers:
            location = matcher.location
            file = Path(os.path.relpath(Path(location.filename).absolute(), root)).as_posix()
            yield Definition(kind, matcher.pattern, file, location.line, inspect.getdoc(matcher.func) or "", matcher)


@dataclass(frozen=True)
class ParameterType:
    """One closed parameter type: its name, what it reads, and the pattern of its texts."""

    name: str
    says: str
    pattern: str


def parameter_types() -> list[ParameterType]:
    """Return the registered parameter types by name."""
    found = []
    for name, reader in sorted(ParseMatcher.TYPE_REGISTRY.items()):
        module = sys.modules.get(getattr(reader, "__module__", ""))
        if module is not None and module.__name__.startswith("svcproof"):
            found.append(ParameterType(name, inspect.getdoc(reader) or "", getattr(reader, "pattern", "")))
    return found
