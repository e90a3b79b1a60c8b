"""What files are called when they are imported."""

import pytest

from asyncify.analysis.index import index_module
from asyncify.analysis.modules import imported_names, name_modules, own_names, search_roots
from asyncify.analysis.vendored import lent_roots, vendored
from asyncify.model.facts import Module

NAMES = {
    "flat package": ({"pkg/__init__.py": "pkg", "pkg/a.py": "pkg.a"}, ""),
    "src": ({"src/pkg/__init__.py": "pkg", "src/pkg/a/__init__.py": "pkg.a"}, ""),
    "scripts": ({"setup.py": "setup", "scripts/run.py": "run", "docs/conf.py": "conf"}, ""),
    "directory in a package": ({"pkg/__init__.py": "pkg", "pkg/sub/a.py": "pkg.sub.a"}, ""),
    "packages without a common one": (
        {"tests/one/__init__.py": "one", "tests/one/test_a.py": "one.test_a"},
        "",
    ),
    "namespace package": (
        {"src/ns/pkg/__init__.py": "ns.pkg", "src/ns/pkg/a.py": "ns.pkg.a", "src/ns/b.py": "ns.b"},
        "from ns.pkg import a",
    ),
    "namespace of a name": ({"app/a.py": "app.a", "app/b.py": "app.b"}, "from app import a"),
    "scripts that import each other": ({"bin/a.py": "a", "bin/b.py": "b"}, "import b"),
    "two conftest.py": (
        {
            "conftest.py": "conftest",
            "tests/a/conftest.py": "tests.a.conftest",
            "tests/conftest.py": "tests.conftest",
        },
        "",
    ),
    "two packages of a name": (
        {
            "examples/pkg/__init__.py": "examples.pkg",
            "examples/pkg/a.py": "examples.pkg.a",
            "pkg/__init__.py": "pkg",
        },
        "",
    ),
    "the name of a module and a package": ({"a.py": "a_2", "a/__init__.py": "a"}, ""),
    "no identifiers": (
        {"my-app/do-it.py": "do-it", "pkg/__init__.py": "pkg", "pkg/0001.a b.py": "pkg.0001_a_b"},
        "",
    ),
    "the project is a package": ({"__init__.py": "__init__", "a.py": "a"}, ""),
}


@pytest.mark.parametrize(("expected", "imports"), NAMES.values(), ids=NAMES)
def test_names(expected: dict[str, str], imports: str) -> None:
    imported = imported_names(imports.encode())
    for paths in (list(expected), list(expected)[::-1]):
        found = name_modules(paths, imported=imported)
        assert list(found) == paths
        assert {path: name for path, (name, _) in found.items()} == expected


def test_packages() -> None:
    found = name_modules(["pkg/__init__.py", "pkg/__main__.py", "__init__.py"])
    assert [name.is_package for name in found.values()] == [True, False, False]


def test_a_part_of_the_project_is_named_as_the_whole() -> None:
    assert name_modules(["src/a/b/c.py"])["src/a/b/c.py"].name == "c"
    named = name_modules(["src/a/b/c.py"], packages={"src/a", "src/a/b"})
    assert named["src/a/b/c.py"].name == "a.b.c"


def test_configured_source() -> None:
    paths = ["src/ns/a.py", "lib/b.py", "src/vendor/c.py"]
    named = name_modules(paths, source=["src", "src/vendor"])
    assert [named[path].name for path in paths] == ["ns.a", "b", "c"]
    assert search_roots(paths, source=["src", "src/vendor"]) == ["src", "lib", "src/vendor"]


def test_search_roots() -> None:
    paths = [
        "tests/test_a.py",
        "setup.py",
        "src/pkg/__init__.py",
        "tools/json.py",
        "app/x/__init__.py",
    ]
    assert search_roots(paths) == ["src", ".", "app", "tests"]
    assert search_roots(["a/__init__.py"]) == ["."]
    assert search_roots([]) == []


def test_imported_names() -> None:
    data = (
        b"import a.b as c, d\nfrom e.f import g, h as i\n  from . import j\nfrom k import (l,\nm)\n"
    )
    assert imported_names(data) == {"a.b", "e.f", "e.f.g", "e.f.h", "k", "k.l"}


def test_own_names() -> None:
    imports = {
        "a/app.py": set[str](),
        "a/main.py": {"app", "app.work"},
        "b/app.py": set[str](),
        "b/main.py": {"app", "app.work"},
        "b/sub/__init__.py": set[str](),
    }
    everything = frozenset[str]().union(*imports.values())
    named = name_modules(list(imports), imported=everything)
    assert named["a/app.py"].name == "app"
    own = own_names(named, imports)
    assert {path: (each.root, each.modules) for path, each in own.items()} == {
        path: ("b", {"app": "b.app", "main": "b.main"}) for path in imports if path.startswith("b/")
    }
    assert not own_names(named, imports | {"b/main.py": set()})


def test_vendored_packages_are_meant_by_their_own_names() -> None:
    texts = {
        "tool/__init__.py": "",
        "tool/main.py": "import courier.work\nfrom courier.work import run\nimport json\n",
        "tool/courier/__init__.py": "",
        "tool/courier/work.py": (
            "import courier\nfrom courier.limits import FEW, Limit, few\n"
            "try:\n    from courier.fast import run\nexcept ImportError:\n    run = None\n"
        ),
        "tool/courier/limits.py": "import time\nFEW = 1\nclass Limit: ...\ndef few(): ...\n",
        "tool/redis/__init__.py": "from redis import Redis\nfrom redis import *\n",
        "tool/json/__init__.py": "from json import dumps\ndumps = dumps\n",
    }

    def found(**more: str) -> dict[str, str]:
        named = name_modules(list(texts))
        return vendored(
            {
                named[path].name: index_module(
                    text + more.get(path.split("/")[-1][:-3], ""),
                    name=named[path].name,
                    path=path,
                    is_package=named[path].is_package,
                )
                for path, text in texts.items()
            }
        )

    assert found() == {"courier": "tool.courier"}
    assert found(main="from courier.work import absent") == {}
    assert found(main="import courier.absent") == {}
    texts["courier/__init__.py"] = ""
    assert found() == {}


def test_only_a_package_that_says_its_name_to_itself_is_vendored() -> None:
    modules = {
        name: index_module(text, name=name, path=f"{name}/__init__.py", is_package=True)
        for name, text in {
            "tool": "from courier import send\n",
            "tool.courier": "def send(): ...\n",
        }.items()
    }
    assert vendored(modules) == {}


def test_vendored_packages_lend_their_directories() -> None:
    def module(name: str, path: str) -> Module:
        return index_module("", name=name, path=path, is_package=path.endswith("__init__.py"))

    modules = {
        "tool.courier": module("tool.courier", "src/tool/courier/__init__.py"),
        "tool.main": module("tool.main", "src/tool/main.py"),
    }
    names = {"courier": "tool.courier"}
    assert lent_roots(names, modules) == ["src/tool"]
    modules["tool.json"] = module("tool.json", "src/tool/json.py")
    assert lent_roots(names, modules) == []
