"""The table in the documentation is the one that the tests of the contract make."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.contract.servers import SERVERS
from tests.servers import ROOT


@pytest.mark.slow
def test_table_is_up_to_date() -> None:
    """Each law, each server and each limit of the contract stands in the table as it is."""
    command = [sys.executable, str(ROOT / "tools" / "contract_table.py"), "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_every_server_is_installed() -> None:
    """No column of the table is left out where these tests run; gunicorn alone is not made for Windows."""
    missing = [server.name for server in SERVERS if not server.installed]
    assert missing == (["gunicorn"] if sys.platform == "win32" else [])
