"""Packages put in place without being run, and that the operator loads of the official client what it uses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from segue_operator.kube.deferred import defer

FILES = {
    "shop/__init__.py": "from shop import storefront\nOPEN = True\n",
    "shop/storefront.py": "",
    "shop/cellar/__init__.py": "import shop.storefront\nDEPTH = 3\n",
    "shop/cellar/wine.py": "YEAR = 1982\n",
}


def run(program: str, folder: Path) -> list[str]:
    """Modules that a program has loaded in the end, in a Python of its own."""
    text = f"import sys\n{program}\nimport json\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", text], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded: list[str] = json.loads(done.stdout)
    return loaded


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


DEFER = "from segue_operator.kube.deferred import defer\ndefer('shop')\ndefer('shop.cellar')"


def test_a_submodule_is_imported_without_its_packages(shop: Path) -> None:
    loaded = run(f"{DEFER}\nfrom shop.cellar.wine import YEAR\nassert YEAR == 1982", shop)
    assert "shop.cellar.wine" in loaded
    assert "shop.storefront" not in loaded


@pytest.mark.parametrize(
    "question",
    [
        "import shop.cellar.wine\nassert shop.cellar.wine.YEAR + shop.cellar.DEPTH == 1985\nassert shop.OPEN",
        "from shop import OPEN, cellar\nassert OPEN\nassert cellar.DEPTH == 3",
        "import shop\nassert not hasattr(shop, 'closed')",
    ],
)
def test_a_package_is_run_when_more_is_asked_of_it(shop: Path, question: str) -> None:
    assert "shop.storefront" in run(f"{DEFER}\n{question}", shop)


def test_a_package_that_was_imported_before_stays_as_it_is(shop: Path) -> None:
    run(
        f"import shop\nwhole = sys.modules['shop']\n{DEFER}\nassert sys.modules['shop'] is whole\nassert shop.OPEN",
        shop,
    )


def test_a_package_that_is_not_installed_is_left_alone() -> None:
    defer("no_such_package")
    assert "no_such_package" not in sys.modules


def test_the_operator_loads_of_the_official_client_what_it_uses(tmp_path: Path) -> None:
    """All of it would take 11 MB more; kopf, imported first, would bring it in."""
    loaded = run("import segue_operator.kube.__main__", tmp_path)
    assert "kubernetes.aio.client.api_client" in loaded
    models = [name for name in loaded if name.startswith("kubernetes.aio.client.models.")]
    unused = {
        "kubernetes.config",
        "kubernetes.aio.dynamic",
        "kubernetes.aio.stream",
        "requests",
        "oauthlib",
        "websocket",
    }
    assert models == []
    assert unused & set(loaded) == set()
