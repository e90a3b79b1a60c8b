"""The type checker's answers in our own words, over small projects on the disk."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from asyncify.analysis import checker
from asyncify.analysis.index import index_module
from asyncify.analysis.resolver import Resolution, resolve
from asyncify.errors import CheckerError
from asyncify.model.facts import Module
from asyncify.model.graph import Access, Edge, Reference, Target


@dataclass(frozen=True)
class Project:
    root: Path
    modules: Mapping[str, Module]
    texts: Mapping[str, str]

    def text(self, reference: Reference) -> str:
        span = self.modules[reference.module].expression(reference.expression).span
        lines = self.texts[reference.module].split("\n")[span.line - 1 : span.end_line]
        lines[-1] = lines[-1][: span.end_column]
        lines[0] = lines[0][span.column :]
        return "\n".join(lines)

    def resolve(self, paths: list[str] | None = None) -> Answer:
        resolution = resolve(
            self.root,
            self.modules,
            paths=paths,
            search_roots=[self.root],
            python_version="3.12",
        )
        return Answer(self, resolution)


@dataclass(frozen=True)
class Answer:
    project: Project
    resolution: Resolution

    def edge(self, text: str, access: Access = Access.CALL) -> Edge:
        edges = [
            edge
            for edge in self.resolution.edges
            if edge.access is access and self.project.text(edge.site) == text
        ]
        assert edges, f"no {access} edge at {text}"
        return edges[0]

    def names(self, text: str, access: Access = Access.CALL) -> list[str]:
        return [name(target) for target in self.edge(text, access).targets]

    def by_text(self, known: Mapping[Reference, str]) -> dict[str, str]:
        return {self.project.text(reference): name for reference, name in known.items()}

    def values(self) -> dict[str, list[str]]:
        used = self.resolution.functions_used.items()
        return {
            self.project.text(reference): [name(target) for target in targets]
            for reference, targets in used
        }


def name(target: Target) -> str:
    return target.function or target.external or ""


Make = Callable[..., Project]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def make_project(**files: str) -> Project:
        modules, texts = {}, {}
        for stem, source in files.items():
            module = stem.replace("__", ".")
            texts[module] = textwrap.dedent(source)
            path = f"{module.replace('.', '/')}.py"
            file = tmp_path / "project" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(texts[module], "utf-8")
            modules[module] = index_module(texts[module], name=module, path=path, is_package=False)
        return Project(tmp_path / "project", modules, texts)

    return make_project


def test_calls_across_modules(make: Make) -> None:
    answer = make(
        app="""
            import helper as h
            from helper import load

            class Local:
                def run(self):
                    return load()

            def main():
                h.load()
                value = Local().run()
                unknown_thing().x()
        """,
        helper="""
            import time

            def load():
                time.sleep(1)
                return open("x")
        """,
    ).resolve()
    assert answer.names("load()") == ["helper:load"]
    assert answer.names("h.load()") == ["helper:load"]
    run = answer.edge("Local().run()").targets[0]
    assert run == Target("app:Local.run", overrides=True, receiver="app:Local")
    assert answer.names("time.sleep(1)") == ["time.sleep"]
    assert answer.names('open("x")') == ["builtins.open"]
    assert answer.edge("unknown_thing().x()").open
    assert answer.edge("unknown_thing().x()").targets == ()
    assert answer.resolution.results["helper:load"] == "_io.TextIOWrapper"
    assert answer.resolution.results["app:Local.run"] == "_io.TextIOWrapper"


def test_methods_are_found_through_inheritance(make: Make) -> None:
    answer = make(shapes="""
            class Base:
                def __init__(self, size):
                    self.size = size
                    self.child = Other()

                def area(self):
                    return 1

            class Other: ...

            class Square(Base):
                def area(self):
                    return super().area()

                @property
                def side(self):
                    return 2

            def use(shape: Base, square: Square):
                shape.area()
                square.size
                return square.side

            Square(1)
        """).resolve()
    assert answer.names("super().area()") == ["shapes:Base.area"]
    assert not answer.edge("super().area()").targets[0].overrides
    assert answer.edge("shape.area()").targets[0].overrides
    assert answer.names("square.side", Access.PROPERTY) == ["shapes:Square.side"]
    made = answer.edge("Square(1)", Access.CONSTRUCT).targets
    assert made == (Target("shapes:Base.__init__", receiver="shapes:Square"),)
    assert answer.by_text(answer.resolution.types)["Square(1)"] == "shapes:Square"
    resolution = answer.resolution
    assert resolution.overridden == {"shapes:Square.area": ("shapes:Base.area",)}
    assert resolution.bases["shapes:Square"] == ("shapes:Base",)
    assert resolution.fields["shapes:Base", "child"] == "shapes:Other"


def test_implicit_calls(make: Make) -> None:
    answer = make(implicit="""
            class Thing:
                def __enter__(self): return self
                def __exit__(self, *error): return None
                def __iter__(self): return self
                def __next__(self): return 1
                def __getitem__(self, key): return key
                def __setitem__(self, key, value): ...
                def __delitem__(self, key): ...
                def __call__(self): ...
                def __add__(self, other): return other
                async def __aenter__(self): return self
                async def __aexit__(self, *error): ...

            def use(a: Thing):
                with (a): ...
                for x in a: ...
                y = [x for x in Thing()]
                a["read"]
                a["written"] = 1
                del a["deleted"]
                a() + (a + 1)
                next(a)

            async def use_async(b: Thing):
                async with b: ...
        """).resolve()
    edges = [edge for edge in answer.resolution.edges if answer.project.text(edge.site) == "a"]
    enter, *iterates = sorted(edges, key=lambda edge: edge.access)
    assert [name(target) for target in enter.targets] == [
        "implicit:Thing.__enter__",
        "implicit:Thing.__exit__",
    ]
    both = {"implicit:Thing.__iter__", "implicit:Thing.__next__"}
    assert [{name(target) for target in edge.targets} for edge in iterates] == [
        both,
        {"implicit:Thing.__next__"},
    ]
    assert set(answer.names("Thing()", Access.ITERATE)) == both
    assert answer.names('a["read"]', Access.OPERATOR) == ["implicit:Thing.__getitem__"]
    assert answer.names('a["written"]', Access.OPERATOR) == ["implicit:Thing.__setitem__"]
    assert answer.names('a["deleted"]', Access.OPERATOR) == ["implicit:Thing.__delitem__"]
    assert answer.names("a()") == ["implicit:Thing.__call__"]
    assert answer.names("a + 1", Access.OPERATOR) == ["implicit:Thing.__add__"]
    assert answer.names("b", Access.ENTER) == [
        "implicit:Thing.__aenter__",
        "implicit:Thing.__aexit__",
    ]


def test_constructors(make: Make) -> None:
    answer = make(made="""
            from dataclasses import dataclass
            from elsewhere import Foreign

            class Plain: ...

            @dataclass
            class Data:
                x: int
                def __post_init__(self): ...

            class New:
                def __new__(cls): return object.__new__(cls)

            class Odd(Foreign): ...

            Plain(), Data(1), New(), Odd()
        """).resolve()
    construct = Access.CONSTRUCT
    assert answer.edge("Plain()", construct).targets == (
        Target(external="builtins.object.__init__", receiver="made:Plain"),
    )
    assert "made:Data.__post_init__" in answer.names("Data(1)", construct)
    assert "made:New.__new__" in answer.names("New()", construct)
    assert not answer.edge("Plain()", construct).open
    assert answer.edge("Odd()", construct).open


def test_functions_as_values(make: Make) -> None:
    answer = make(values="""
            import functools, threading

            def work(x=0): return x

            class Worker:
                def go(self): ...

            def use(xs, worker: Worker):
                list(map(work, xs))
                sorted(xs, key=work)
                part = functools.partial(work, 1)
                threading.Thread(target=worker.go).start()
                alias = work
                alias()
                return Worker
        """).resolve()
    assert answer.values() == {"work": ["values:work"], "worker.go": ["values:Worker.go"]}
    works = [ref for ref in answer.resolution.functions_used if answer.project.text(ref) == "work"]
    assert len(works) == 4
    assert answer.names("alias()") == ["values:work"]
    start = "threading.Thread(target=worker.go).start()"
    assert answer.names(start) == ["threading.Thread.start"]
    assert answer.by_text(answer.resolution.classes)["Worker"] == "values:Worker"


def test_columns_are_characters(make: Make) -> None:
    answer = make(wide="""
            def plain(x): return x

            def use():
                größe = plain("日本語"); "🙂🙂"; other = plain("é")
                return f"ü{plain('in')}", größe
        """).resolve()
    for text in ('plain("日本語")', 'plain("é")'):
        assert answer.names(text) == ["wide:plain"]


def test_unknown_bases_are_marked(make: Make) -> None:
    answer = make(bases="""
            import abc, enum, io
            from typing import Generic, Protocol, TypeVar
            import elsewhere

            T = TypeVar("T")

            class A(object): ...
            class G(Generic[T]): ...
            class P(Protocol[T]): ...
            class Known(A, G[int], metaclass=abc.ABCMeta): ...
            class Unknown(A, elsewhere.Base): ...
            class Below(Unknown): ...
            class Starred(*[A]): ...
            class Raw(io.RawIOBase):
                def readable(self): return True
        """).resolve()
    bases = answer.resolution.bases
    assert bases["bases:A"] == bases["bases:G"] == bases["bases:P"] == ()
    assert bases["bases:Known"] == ("bases:A", "bases:G")
    assert bases["bases:Unknown"] == ("bases:A", "?")
    assert bases["bases:Below"] == ("bases:Unknown", "bases:A", "?")
    assert bases["bases:Starred"] == ("?",)
    assert bases["bases:Raw"][0] == "io.RawIOBase"
    assert answer.resolution.overridden["bases:Raw.readable"][0].endswith("IOBase.readable")


def test_stubs_name_the_libraries(make: Make) -> None:
    answer = make(web="""
            import requests
            from requests import Session, get as fetch
            import httpx, pytest

            @pytest.fixture
            def client(): return requests.Session()

            class Mine(Session):
                def get(self, url, **rest): return super().get(url, **rest)

            def use():
                requests.Session().get("direct")
                fetch("u").json()
                with Session() as s:
                    s.post("x")
                try: httpx.get("y")
                except requests.ConnectionError: ...
                return client()
        """).resolve()
    session = "requests.sessions.Session"
    get = answer.edge('requests.Session().get("direct")').targets
    assert get == (Target(external=f"{session}.get", overrides=True, receiver=session),)
    assert answer.names('fetch("u")') == ["requests.api.get"]
    assert answer.names('fetch("u").json()') == ["requests.models.Response.json"]
    assert answer.names('s.post("x")') == [f"{session}.post"]
    assert answer.names("Session()", Access.ENTER) == [
        f"{session}.__enter__",
        f"{session}.__exit__",
    ]
    assert answer.names('httpx.get("y")') == ["httpx.get"]
    assert answer.names("client()") == ["web:client"]
    classes = answer.by_text(answer.resolution.classes)
    assert classes["requests.ConnectionError"] == "requests.exceptions.ConnectionError"
    assert answer.resolution.overridden["web:Mine.get"] == (f"{session}.get",)
    assert answer.resolution.results["web:client"] == session


def test_a_module_of_the_project_shadows_a_stub(make: Make) -> None:
    answer = make(
        requests="def get(url): return url\n",
        app="""
            import requests
            requests.get("ours")
        """,
    ).resolve()
    assert answer.names('requests.get("ours")') == ["requests:get"]


def test_a_part_of_the_project_still_knows_what_it_imports(make: Make) -> None:
    project = make(
        one="import two\ntwo.inner()\n",
        two="def inner(): return outer()\ndef outer(): ...\n",
        three="def alone(): return alone()\n",
    )
    answer = project.resolve(paths=["one.py"])
    assert answer.names("two.inner()") == ["two:inner"]
    assert answer.names("outer()") == ["two:outer"]
    assert answer.edge("alone()").open, "not reported: every call is open"


def test_a_file_with_two_names_is_one_module(tmp_path: Path) -> None:
    (tmp_path / "src" / "pkg").mkdir(parents=True)
    modules = {}
    for module, source in {
        "pkg.one": "from pkg.two import g\nimport src.pkg.two\ng(), src.pkg.two.g()\n",
        "pkg.two": "def g(): return g()\n",
    }.items():
        path = f"src/{module.replace('.', '/')}.py"
        (tmp_path / path).write_text(source)
        modules[module] = index_module(source, name=module, path=path, is_package=False)
    roots = [tmp_path, tmp_path / "src"]
    resolution = resolve(tmp_path, modules, paths=None, search_roots=roots, python_version="3.12")
    targets = [[name(target) for target in edge.targets] for edge in resolution.edges]
    assert targets == [["pkg.two:g"]] * 3


def test_nothing_to_check_runs_nothing(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checker, "executable", lambda: pytest.fail("the checker was run"))
    assert make(app="print()\n").resolve(paths=[]).edge("print()").open


def test_a_file_that_the_checker_cannot_read_loses_only_itself(make: Make) -> None:
    project = make(good="def f(): return f()\n", bad="def g(): return g()\n")
    (project.root / "bad.py").write_bytes(b"# \xff\ndef g(): return g()\n")
    answer = project.resolve()
    assert answer.names("f()") == ["good:f"]
    assert answer.edge("g()").open


def test_the_users_configuration_and_ignore_files_are_left_out(make: Make) -> None:
    project = make(app="def f(): return f()\n", build__out="def h(): return h()\n")
    (project.root / "pyrefly.toml").write_text('python-version = "nonsense"\n')
    (project.root / ".gitignore").write_text("*\n")
    (project.root / ".git").mkdir()
    answer = project.resolve()
    assert answer.names("f()") == ["app:f"]
    assert answer.names("h()") == ["build.out:h"]


def test_special_characters_in_paths(tmp_path: Path) -> None:
    root = tmp_path / "odd [name] *é"
    root.mkdir()
    source = "def f(): return f()\n"
    (root / "app.py").write_text(source)
    module = index_module(source, name="app", path="app.py", is_package=False)
    resolution = resolve(
        root, {"app": module}, paths=None, search_roots=[root], python_version="3.11"
    )
    assert [name(target) for edge in resolution.edges for target in edge.targets] == ["app:f"]


def test_the_answer_is_the_same_every_time(make: Make) -> None:
    project = make(app="""
            import os, json
            class A:
                def run(self): return json.loads(os.getcwd())
            class B(A):
                def run(self): return super().run()
            def use(x: A, f=None):
                for item in x.run(): print(item, f())
        """)
    assert repr(project.resolve().resolution) == repr(project.resolve().resolution)


def fake(path: Path, body: str) -> str:
    script = path / "pyrefly"
    script.write_text(f"#!{sys.executable}\nimport json, pathlib, sys\n{textwrap.dedent(body)}")
    script.chmod(0o755)
    return str(script)


@pytest.mark.skipif(sys.platform == "win32", reason="a script is no executable there")
@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("print('hello')", "failed with exit code 0: no message"),
        ("sys.exit('panicked at the disco')", "failed with exit code 1: panicked at the disco"),
        ("print('a', file=sys.stderr); sys.exit(101)", "failed with exit code 101: a"),
        (
            """
            report = pathlib.Path(sys.argv[sys.argv.index("--report-pysa") + 1])
            (report / "definitions").mkdir()
            source = {"FileSystem": str(pathlib.Path(FILE).resolve())}
            text = json.dumps({"format_version": 2, "module_id": 1, "source_path": source})
            text = text.replace(": {", ":{").replace('": "', '":"')
            (report / "definitions" / "app:1.json").write_text(text)
            sys.exit("typeshed: Not a directory")
            """,
            "writes report format 2, only 1 is known: install pyrefly 1.4",
        ),
    ],
)
def test_a_checker_that_fails_is_one_clear_line(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, message: str
) -> None:
    project = make(app="print()\n")
    body = body.replace("FILE", json.dumps(str(project.root / "app.py")))
    monkeypatch.setattr(checker, "executable", lambda: fake(tmp_path, body))
    with pytest.raises(CheckerError, match=message) as error:
        project.resolve()
    assert "\n" not in str(error.value)


def test_a_missing_checker_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checker.shutil, "which", lambda *_, **__: None)
    with pytest.raises(CheckerError, match="pip install"):
        checker.executable()
