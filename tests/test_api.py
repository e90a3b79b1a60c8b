"""The library: what a script gets, over a pipeline of a few lines."""

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from fake_stages import fake_stages

import asyncify
from asyncify.analysis.index import index_module
from asyncify.api import project, surroundings
from asyncify.api.selection import select
from asyncify.api.stages import Facts, Job, Stages
from asyncify.api.why import explain
from asyncify.config import Config
from asyncify.errors import AsyncifyError, VerifyError
from asyncify.model.facts import Import, Module
from asyncify.model.plan import AddImport, Chain, Edit, Finding, Plan, Reason, Safety
from asyncify.model.result import FileResult
from asyncify.model.span import Span

SLEEPS = b"import time\n\n\ndef work():\n    time.sleep(1)\n"
AWAITS = b"import asyncio\n\n\nasync def work():\n    await asyncio.sleep(1)\n"


def grow(root: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def test_every_public_name_is_there() -> None:
    for name in asyncify.__all__:
        assert getattr(asyncify, name) is not None
    assert set(asyncify.__all__) <= set(dir(asyncify))
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        asyncify.nonsense  # noqa: B018
    assert issubclass(asyncify.WriteError, asyncify.AsyncifyError)


def test_a_plan(tmp_path: Path) -> None:
    grow(
        tmp_path, {"pkg/a.py": SLEEPS, "pkg/b.py": b"x\n", "pkg/manual.py": SLEEPS, "c.py": b"(\n"}
    )
    seen: list[tuple[str, int, int]] = []
    plan = asyncify.plan(
        str(tmp_path), stages=fake_stages(), progress=lambda *state: seen.append(state)
    )
    assert [(result.path, result.changed) for result in plan.results] == [
        ("c.py", False),
        ("pkg/a.py", True),
        ("pkg/b.py", False),
        ("pkg/manual.py", False),
    ]
    assert plan.results[0].error == plan.errors[0]
    assert [(error.path, error.line) for error in plan.errors] == [("c.py", 1)]
    assert [finding.code for finding in plan.findings] == ["ASY913", "ASY201"]
    assert plan.results[1].findings[0].message == "time.sleep -> asyncio.sleep"
    assert plan.async_functions == ("pkg.a:work",)
    assert plan.dependencies == ("aiothing>=1",)
    assert plan.diff() == plan.patch().decode()
    assert plan.diff().startswith("--- a/pkg/a.py\n+++ b/pkg/a.py\n@@ -1,5 +1,5 @@\n")
    assert plan.why("pkg.a.work").startswith("pkg.a:work becomes async\n")
    assert {stage for stage, _, _ in seen} >= {
        "reading", "resolving calls", "planning", "rewriting",
    }  # fmt: skip
    assert pickle.loads(pickle.dumps(plan)) == plan
    assert plan.write().paths == ("pkg/a.py",)
    assert (tmp_path / "pkg" / "a.py").read_bytes() == AWAITS
    assert not asyncify.plan(tmp_path, stages=fake_stages()).diff()


def test_without_a_trigger_nobody_looks_at_calls(tmp_path: Path) -> None:
    grow(tmp_path, {"a.py": b"x = 1\n", "bad.py": b"(\n"})

    def unwanted(*_: object) -> None:
        raise AssertionError

    stages = replace(fake_stages(), resolve=unwanted, decide=unwanted)
    plan = asyncify.plan(tmp_path, stages=stages)
    assert (plan.findings, [error.path for error in plan.errors]) == ((), ["bad.py"])


@pytest.mark.parametrize("text", [b"asleep(1)\n", b"sleeps = 1\n"])
def test_a_trigger_inside_of_a_longer_word_is_none(tmp_path: Path, text: bytes) -> None:
    def index(job: Job, sources: object) -> Facts:
        raise AssertionError

    grow(tmp_path, {"a.py": text, "b.py": b"(\n"})
    plan = asyncify.plan(tmp_path, stages=replace(fake_stages(), index=index))
    assert plan.findings == ()
    assert [error.path for error in plan.errors] == ["b.py"]


def test_paths_limit_results_findings_and_errors(tmp_path: Path) -> None:
    grow(tmp_path, {"a/x.py": SLEEPS, "b/y.py": SLEEPS, "b/bad.py": b"(\n"})
    seen: list[Job] = []
    stages = fake_stages()

    def decide(job: Job, graph: object) -> Plan:
        seen.append(job)
        return stages.decide(job, graph)  # type: ignore[arg-type]

    plan = asyncify.plan(tmp_path, paths=[tmp_path / "a"], stages=replace(stages, decide=decide))
    assert [result.path for result in plan.results] == ["a/x.py"]
    assert ([finding.path for finding in plan.findings], plan.errors) == (["a/x.py"], ())
    assert plan.async_functions == ("a.x:work",)
    assert seen[0].editable == {"a/x.py"}


def test_a_bad_text_takes_its_whole_chain_with_it(tmp_path: Path) -> None:
    grow(tmp_path, {"broken.py": SLEEPS, "a.py": SLEEPS})
    plan = asyncify.plan(tmp_path, stages=fake_stages())
    (bad,) = [finding for finding in plan.findings if finding.path == "broken.py"]
    assert (bad.code, bad.safety, bad.chain) == ("ASY980", Safety.MANUAL, None)
    assert bad.reason == (
        "the new text of broken.py would not be valid: '(' was never closed (chain: broken:work)"
    )
    assert [result.path for result in plan.results if result.changed] == ["a.py"]


def test_convert_paths_yields_every_file(tmp_path: Path) -> None:
    grow(tmp_path, {"a.py": SLEEPS, "b.py": b""})
    results = asyncify.convert_paths([tmp_path], stages=fake_stages())
    assert {result.path: result.after for result in results} == {"a.py": AWAITS, "b.py": b""}


@pytest.mark.parametrize("source", [SLEEPS, SLEEPS.decode()], ids=["bytes", "str"])
@pytest.mark.parametrize("name", ["<string>", "pkg/mod.py", "not-a-name.py"])
def test_convert_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: bytes | str, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = asyncify.convert_source(source, filename=name, stages=fake_stages())
    assert (result.path, result.before, result.after) == (name, SLEEPS, AWAITS)
    assert [finding.path for finding in result.findings] == [name]
    assert list(tmp_path.iterdir()) == []
    bad = asyncify.convert_source("(", filename=name, stages=fake_stages())
    assert bad.error is not None
    assert (bad.error.path, bad.changed) == (name, False)


def test_a_wrong_configuration_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.asyncify]\nx = 1\n")
    with pytest.raises(AsyncifyError, match="unknown key 'x'"):
        asyncify.plan(tmp_path, stages=fake_stages())


# -- which chains are applied ----------------------------------------------------------------------


def chain(number: int, *paths: str, safety: Safety = Safety.SAFE, need: str = "x") -> Chain:
    edits: tuple[tuple[str, Edit], ...] = tuple(
        (path, AddImport(f"import {need}")) for path in paths
    )
    return Chain(number, (f"m:f{number}",), edits, safety)


def told(path: str, code: str, number: int, **changes: object) -> Finding:
    values: dict[str, object] = {"function": f"m:f{number}", "chain": number, **changes}
    return Finding(code, "name", path, Span(1, 0, 1, 1), Safety.SAFE, "message", **values)  # type: ignore[arg-type]


PLAN = Plan(
    chains=(
        chain(0, "a.py", "b.py", need="httpx"),
        chain(1, "b.py", need="aiofiles"),
        chain(2, "c.py", safety=Safety.UNSAFE),
    ),
    findings=(
        told("a.py", "ASY310", 0),
        told("b.py", "ASY101", 0, chain=None),
        told("b.py", "ASY210", 1),
        replace(told("c.py", "ASY201", 2), safety=Safety.UNSAFE),
        replace(told("c.py", "ASY902", 9), safety=Safety.MANUAL, chain=None),
    ),
    dependencies=("aiofiles>=24", "httpx[http2]>=0.27", "pytest-asyncio"),
)


def test_all_safe_chains_are_applied() -> None:
    chosen = select(PLAN, Config(), scope=None, broken={})
    assert [each.id for each in chosen.chains] == [0, 1]
    assert chosen.functions() == ("m:f0", "m:f1")
    assert len(chosen.findings) == 5
    assert set(chosen.edits()) == {"a.py", "b.py"}
    assert chosen.dependencies() == PLAN.dependencies
    unsafe = select(PLAN, Config(unsafe=True), scope=None, broken={})
    assert [each.id for each in unsafe.chains] == [0, 1, 2]


def test_a_finding_without_a_chain_goes_with_its_function() -> None:
    chosen = select(PLAN, Config(), scope=None, broken={})
    assert {each.code: each.chain for each in chosen.findings}["ASY101"] == 0


def test_a_broken_file_withdraws_its_chains() -> None:
    chosen = select(PLAN, Config(), scope=None, broken={"a.py": "no"})
    assert [each.id for each in chosen.chains] == [1]
    assert sorted(each.code for each in chosen.findings) == ["ASY201", "ASY210", "ASY902", "ASY980"]
    assert chosen.dependencies() == ("aiofiles>=24", "pytest-asyncio")


def test_what_stays_when_chains_are_withdrawn_is_rewritten_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(tmp_path, {"a.py": SLEEPS, "b.py": SLEEPS})
    verdicts = iter(({"a.py": "no"}, {}))
    monkeypatch.setattr(project, "prove", lambda *_, **__: next(verdicts))
    stages, rewritten = fake_stages(), []

    def rewrite(source: bytes, edits: Sequence[Edit], path: str) -> bytes:
        rewritten.append(path)
        return stages.rewrite(source, edits, path)

    plan = asyncify.plan(tmp_path, stages=replace(stages, rewrite=rewrite))
    assert [result.path for result in plan.results if result.changed] == ["b.py"]
    assert rewritten == ["a.py", "b.py"]
    assert next(verdicts, None) is None


def test_a_chain_that_leaves_the_paths_is_withdrawn() -> None:
    chosen = select(PLAN, Config(), scope={"a.py"}, broken={})
    assert chosen.chains == ()
    (finding,) = chosen.findings
    assert (finding.code, finding.name) == ("ASY905", "outside-paths")
    assert finding.reason == "the chain also changes b.py, outside the given paths"
    assert chosen.dependencies() == ()


def test_ignored_findings_are_not_told() -> None:
    chosen = select(PLAN, Config(ignore=("ASY1", "ASY9")), scope=None, broken={})
    assert [each.code for each in chosen.findings] == ["ASY310", "ASY210", "ASY201"]
    chosen = select(PLAN, Config(select=("ASY310",)), scope=None, broken={})
    assert [each.code for each in chosen.findings] == ["ASY310", "ASY101"]


def test_what_configures_tests_goes_with_tests() -> None:
    for path, expected in {"a.py": False, "tests/test_a.py": True, "x/conftest.py": True}.items():
        plan = Plan((chain(0, path),))
        assert select(plan, Config(), scope=None, broken={}).touches_tests() is expected


# -- why -------------------------------------------------------------------------------------------


def test_why_follows_the_calls_and_stops_at_recursion() -> None:
    here = Span(3, 4, 3, 9)
    reasons = {
        "a:main": Reason("a.py", here, "a:one"),
        "a:one": Reason("a.py", here, "a:two"),
        "a:two": Reason("b.py", here, "requests.get"),
        "a:loop": Reason("a.py", here, "a:loop"),
        "a:both": Reason("a.py", here, "a:two", twin=True),
    }
    plan = Plan(reasons=reasons)
    assert explain(plan, (), tuple(reasons), "a:both").splitlines() == [
        "a:both gets an async twin",
        "  a.py:3:5 calls a:two",
        "  b.py:3:5 calls requests.get, which blocks",
    ]
    assert explain(plan, (), tuple(reasons), "a:main").splitlines() == [
        "a:main becomes async",
        "  a.py:3:5 calls a:one",
        "  a.py:3:5 calls a:two",
        "  b.py:3:5 calls requests.get, which blocks",
    ]
    assert len(explain(plan, (), tuple(reasons), "a:loop").splitlines()) == 2
    assert explain(plan, (), (), "a:two").startswith("a:two stays as it is\n")
    with pytest.raises(KeyError):
        explain(plan, (), (), "b:nothing")


# -- what lies around ------------------------------------------------------------------------------


def module(name: str, *imports: tuple[str, str, str]) -> Module:
    found = tuple(
        Import(0, f"{name}:", local, origin, attribute, Span(1, 0, 1, 1))
        for local, origin, attribute in imports
    )
    return Module(name, f"{name}.py", is_package=False, imports=found)


def test_console_scripts(tmp_path: Path) -> None:
    grow(
        tmp_path,
        {
            "pyproject.toml": b"""
                [project.scripts]
                one = "pkg.cli:main"
                two = "pkg:start"
                [project.gui-scripts]
                three = "pkg.gui:App.run [extra]"
                [tool.poetry.scripts]
                four = "pkg.poetry:main"
                five = { callable = "x" }
                """,
            "setup.cfg": b"[options.entry_points]\nconsole_scripts =\n  six = pkg.cfg:main\n",
            "setup.py": b"setup(entry_points={'console_scripts': ['seven = pkg.old:main', 7]})\n",
        },
    )
    modules = {
        "pkg": module("pkg", ("start", "pkg.cli", "run")),
        "pkg.cli": module("pkg.cli", ("run", "pkg.deep", "run")),
        "pkg.deep": module("pkg.deep"),
    }
    found = surroundings.entry_points(tmp_path, modules)
    assert found.plugins == frozenset()
    assert found.scripts == {
        "pkg.cli:main",
        "pkg.deep:run",
        "pkg.gui:App.run",
        "pkg.poetry:main",
        "pkg.cfg:main",
        "pkg.old:main",
    }


def test_plugins_are_called_by_others_unless_the_project_asks_for_their_group(
    tmp_path: Path,
) -> None:
    text = b"""
        [project.entry-points."own.commands"]
        one = "pkg:one"
        [project.entry-points.pytest11]
        two = "pkg:two"
        """
    grow(tmp_path, {"pyproject.toml": text})
    source = 'from importlib.metadata import entry_points\nentry_points(group="own.commands")\n'
    modules = {"pkg": index_module(source, name="pkg", path="pkg.py", is_package=False)}
    found = surroundings.entry_points(tmp_path, modules)
    assert (found.scripts, found.plugins) == ({"pkg:one"}, {"pkg:two"})


@pytest.mark.parametrize("name", ["pyproject.toml", "setup.cfg", "setup.py"])
@pytest.mark.parametrize("content", [b"", b"[", b"\xff", b"[project]\nscripts = 3\n", b"x = (\n"])
def test_odd_surroundings_are_no_error(tmp_path: Path, name: str, content: bytes) -> None:
    grow(tmp_path, {name: content})
    assert surroundings.entry_points(tmp_path, {}).scripts == frozenset()


def test_the_files_that_configure_tests(tmp_path: Path) -> None:
    grow(tmp_path, {"tox.ini": b"[tox]\r\n", "setup.cfg": b"\xff", "other.ini": b""})
    assert surroundings.test_settings(tmp_path) == {"tox.ini": "[tox]\r\n"}


def test_a_stage_that_fails_otherwise_is_not_hidden(tmp_path: Path) -> None:
    grow(tmp_path, {"a.py": SLEEPS})

    def rewrite(source: bytes, edits: object, path: str) -> bytes:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncify.plan(tmp_path, stages=replace(fake_stages(), rewrite=rewrite))

    def refuse(source: bytes, edits: object, path: str) -> bytes:
        raise VerifyError(path, "cannot")

    plan = asyncify.plan(tmp_path, stages=replace(fake_stages(), rewrite=refuse))
    assert [finding.code for finding in plan.findings] == ["ASY980"]
    assert isinstance(plan.results[0], FileResult)
    assert Stages().index.__name__ == "index"
