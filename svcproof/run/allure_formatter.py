"""Allure results of plain behave: `behave -f svcproof.run.allure_formatter:Formatter -o DIR`, with no false green.

allure-behave 2.16 judges a scenario by its steps before hooks and clean-ups have had their say, leaves out what stands
inside Rules, and drops the reasons of skips. `svcproof run` writes its own results; this is for those who run behave.
"""

from __future__ import annotations

from typing import Any

from allure_behave.formatter import AllureFormatter
from allure_commons.model2 import Status, StatusDetails
from behave.model_core import Status as Word

STATUSES = {
    Word.passed: Status.PASSED,
    Word.failed: Status.FAILED,
    Word.skipped: Status.SKIPPED,
}
"""Everything else that behave can say is broken: not the product's fault, and never green."""


class Formatter(AllureFormatter):  # type: ignore[misc]
    """allure-behave's formatter, which sees every scenario and takes behave's last word for it."""

    def __init__(self, stream_opener: Any, config: Any) -> None:
        super().__init__(stream_opener, config)
        listener = self.listener
        stop = listener.stop_scenario

        def stop_with_last_word(scenario: Any) -> None:
            logger = listener.logger
            test = logger.get_test(listener.current_scenario_uuid)
            close = logger.close_test

            def close_corrected(uuid: str) -> None:
                _correct(test, scenario)
                close(uuid)

            logger.close_test = close_corrected
            try:
                stop(scenario)
            finally:
                logger.close_test = close

        listener.stop_scenario = stop_with_last_word

    def feature(self, feature: Any) -> None:
        """Follow every scenario of a feature, those inside Rules too."""
        self._wrap_scenario(list(feature.walk_scenarios()))


def _correct(test: Any, scenario: Any) -> None:
    test.status = STATUSES.get(scenario.status, Status.BROKEN)
    said = scenario.error_message or (scenario.skip_reason if scenario.status is Word.skipped else "")
    if said and (test.statusDetails is None or scenario.status not in (Word.failed, Word.error)):
        test.statusDetails = StatusDetails(message=str(said))
    if test.status == Status.BROKEN and test.statusDetails is None:
        test.statusDetails = StatusDetails(message=f"behave ended it as {scenario.status.name}")
