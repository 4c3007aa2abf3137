"""What every test may use: the support folder on the path, and slow tests only when asked for."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from hypothesis import HealthCheck, settings

settings.register_profile(
    "test", max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.register_profile("all", parent=settings.get_profile("test"), max_examples=1000)
settings.load_profile("all" if os.environ.get("JUNKHOUND_ALL") else "test")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if os.environ.get("JUNKHOUND_ALL"):
        return
    later = [item for item in items if "slow" in item.keywords]
    if later:
        config.hook.pytest_deselected(items=later)
        items[:] = [item for item in items if "slow" not in item.keywords]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the expected files of golden cases")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden"))
