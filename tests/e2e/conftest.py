"""Fixtures for the tests that see the suite only from outside."""

import os
import sys
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parent))

from support import CHROMIUM_OPTIONS, Database  # noqa: E402  (the path above makes it importable)


@pytest.fixture(scope="module")
def database(request):
    """A database of this test module's own, with the suite installed and nothing in it."""
    name = "e2e_%s_%d" % (request.module.__name__.split(".")[-1], os.getpid())
    made = Database(name, os.environ["LINSERV_TEMPLATE"])
    yield made
    made.drop()


@pytest.fixture(scope="session")
def browser():
    """Chromium in the root, driven by Playwright."""
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM_OPTIONS)
        yield chromium
        chromium.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """When a chapter with people at browsers fails, keep what each of them saw last."""
    outcome = yield
    if call.when == "call" and outcome.get_result().failed and "world" in getattr(item, "funcargs", {}):
        for person in getattr(item.funcargs["world"], "people", ()):
            person.picture("failed-" + person.login)
