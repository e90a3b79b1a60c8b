"""AddImport, RemoveImport, Define: each in its place."""

import pytest

from asyncify.errors import VerifyError
from asyncify.model.plan import AddImport, Define, RemoveImport

ADD = {
    "empty module": ("", "import httpx", "import httpx\n"),
    "before the first statement": ("x = 1\n", "import httpx", "import httpx\n\nx = 1\n"),
    "before a function": (
        "def f():\n    pass\n",
        "import httpx",
        "import httpx\n\n\ndef f():\n    pass\n",
    ),
    "below the docstring": (
        '"""d"""\nx = 1\n',
        "import httpx",
        '"""d"""\n\nimport httpx\n\nx = 1\n',
    ),
    "between docstring and function": (
        '"""d"""\n\n\ndef f(): pass\n',
        "import httpx",
        '"""d"""\n\nimport httpx\n\n\ndef f(): pass\n',
    ),
    "docstring alone": ('"""d"""\n', "import httpx", '"""d"""\n\nimport httpx\n'),
    "below __future__": (
        '"""d"""\nfrom __future__ import annotations\n\nx = 1\n',
        "import httpx",
        '"""d"""\nfrom __future__ import annotations\n\nimport httpx\n\nx = 1\n',
    ),
    "below a license": (
        "#!/usr/bin/env python\n# license\n\nx = 1\n",
        "import httpx",
        "#!/usr/bin/env python\n# license\n\nimport httpx\n\nx = 1\n",
    ),
    "below a shebang": (
        "#!/usr/bin/env python\nx = 1\n",
        "import httpx",
        "#!/usr/bin/env python\nimport httpx\n\nx = 1\n",
    ),
    "above the comment of a statement": (
        "# license\n\n# of x\nx = 1\n",
        "import httpx",
        "# license\n\nimport httpx\n\n# of x\nx = 1\n",
    ),
    "only comments": ("# nothing\n", "import httpx", "# nothing\nimport httpx\n"),
    "sorted": (
        "import os\nimport sys\n\nx = 1\n",
        "import re",
        "import os\nimport re\nimport sys\n\nx = 1\n",
    ),
    "sorted to the front": ("import os\n", "import asyncio", "import asyncio\nimport os\n"),
    "sorted to the end": ("import os\n", "import time", "import os\nimport time\n"),
    "not sorted": (
        "import time\nimport os\n\nx = 1\n",
        "import re",
        "import time\nimport os\nimport re\n\nx = 1\n",
    ),
    "plain before from": (
        "import os\nfrom re import match\n",
        "import time",
        "import os\nimport time\nfrom re import match\n",
    ),
    "by module": (
        "import os\nfrom re import match\nimport time\n",
        "from typing import Any",
        "import os\nfrom re import match\nimport time\nfrom typing import Any\n",
    ),
    "next to the same module": (
        "from a import b\nfrom contextlib import suppress\nfrom d import e\n",
        "from contextlib import closing",
        "from a import b\nfrom contextlib import closing, suppress\nfrom d import e\n",
    ),
    "into its group": (
        "import os\n\nimport requests\n\nfrom . import x\n",
        "import httpx",
        "import os\n\nimport httpx\nimport requests\n\nfrom . import x\n",
    ),
    "title of a group": (
        "import os\n\n# others\nimport requests\n",
        "import httpx",
        "import os\n\n# others\nimport httpx\nimport requests\n",
    ),
    "a new group behind": (
        "import os\n\n\ndef f(): pass\n",
        "import httpx",
        "import os\n\nimport httpx\n\n\ndef f(): pass\n",
    ),
    "a new group in front": (
        '"""d"""\n\nimport requests\n\nx = 1\n',
        "import asyncio",
        '"""d"""\n\nimport asyncio\n\nimport requests\n\nx = 1\n',
    ),
    "a new group between": (
        "import os\n\nfrom . import x\n",
        "import httpx",
        "import os\n\nimport httpx\n\nfrom . import x\n",
    ),
    "before a guarded import": (
        "import os\ntry:\n    import json\nexcept ImportError:\n    pass\n",
        "import time",
        "import os\nimport time\ntry:\n    import json\nexcept ImportError:\n    pass\n",
    ),
    "behind dunders": (
        '"""d"""\n__all__ = ["x"]\nimport os\n',
        "import time",
        '"""d"""\n__all__ = ["x"]\nimport os\nimport time\n',
    ),
    "there already": ("import httpx\n", "import httpx", "import httpx\n"),
    "there among others": ("import os, httpx\n", "import httpx", "import os, httpx\n"),
    "there in a from": (
        "from contextlib import (\n    closing,\n    suppress,\n)\n",
        "from contextlib import closing",
        "from contextlib import (\n    closing,\n    suppress,\n)\n",
    ),
    "there with its alias": ("import a as b\n", "import a as b", "import a as b\n"),
    "there under another name": ("import a as b\n", "import a", "import a\nimport a as b\n"),
    "a module of it is there": ("import a\n", "import a.b", "import a\nimport a.b\n"),
    "there for the type checker only": (
        "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    import httpx\n",
        "import httpx",
        "from typing import TYPE_CHECKING\n\nimport httpx\n\nif TYPE_CHECKING:\n    import httpx\n",
    ),
    "there in a function": (
        "def f():\n    import httpx\n",
        "import httpx",
        "import httpx\n\n\ndef f():\n    import httpx\n",
    ),
    "there further down": ("x = 1\nimport httpx\n", "import httpx", "x = 1\nimport httpx\n"),
    "no final newline": ("import os", "import time", "import os\nimport time"),
}


@pytest.mark.parametrize(("before", "text", "after"), ADD.values(), ids=ADD)
def test_add_import(rewrite, before: str, text: str, after: str) -> None:
    assert rewrite(before, [AddImport(text)]) == after
    assert rewrite(after, [AddImport(text)]) == after


def test_several_imports(rewrite) -> None:
    edits = [
        AddImport("import httpx"),
        AddImport("import asyncio"),
        AddImport("from httpx import get"),
    ]
    assert rewrite("import time\n\n\ndef f(): pass\n", edits) == (
        "import asyncio\nimport time\n\nimport httpx\nfrom httpx import get\n\n\ndef f(): pass\n"
    )


def test_line_ends_of_the_file(rewrite) -> None:
    after = rewrite(
        "import os\r\n\r\nx = 1\r\n", [AddImport("import time"), AddImport("import httpx")]
    )
    assert after == "import os\r\nimport time\r\n\r\nimport httpx\r\n\r\nx = 1\r\n"


@pytest.mark.parametrize("text", ["x = 1", "import a\nimport b", "import a; x = 1"])
def test_what_is_no_import(rewrite, text: str) -> None:
    with pytest.raises(VerifyError, match="AddImport"):
        rewrite("x = 1\n", [AddImport(text)])


# Mark 0 is the statement.
REMOVE = {
    "the only one": ("import os\n«import requests»\n\nx = 1\n", "requests", "import os\n\nx = 1\n"),
    "the first of a file": (
        "«import requests»\n\n\ndef f(): pass\n",
        "requests",
        "def f(): pass\n",
    ),
    "below a docstring": (
        '"""d"""\n\n«import requests»\n\n\ndef f(): pass\n',
        "requests",
        '"""d"""\n\n\ndef f(): pass\n',
    ),
    "a comment above stays": (
        "import os\n\n# others\n«import requests»  # noqa\nimport x\n",
        "requests",
        "import os\n\n# others\nimport x\n",
    ),
    "one of several": ("«import os, requests, re»\n", "requests", "import os, re\n"),
    "the first of several": ("«import requests, re»\n", "requests", "import re\n"),
    "the last of several": ("«import re, requests»  # c\n", "requests", "import re  # c\n"),
    "an alias": ("«import requests as r, re»\n", "r", "import re\n"),
    "a dotted module": ("«import a.b, re»\n", "a", "import re\n"),
    "from": ("«from a import b, c as d, e»\n", "d", "from a import b, e\n"),
    "from, the only one": ("x = 1\n«from a import b»\n", "b", "x = 1\n"),
    "from, in parentheses": ("«from a import (b, c)»\n", "c", "from a import (b)\n"),
    "from, on lines": (
        "«from a import (\n    b,\n    c,  # c\n    # of d\n    d,\n)»\n",
        "c",
        "from a import (\n    b,\n    # of d\n    d,\n)\n",
    ),
    "from, the first line": (
        "«from a import (\n    b,\n    c,\n)»\n",
        "b",
        "from a import (\n    c,\n)\n",
    ),
    "from, the last line": (
        "«from a import (\n    b,\n    c,\n)»\n",
        "c",
        "from a import (\n    b,\n)\n",
    ),
    "from, the last without a comma": (
        "«from a import (\n    b,\n    c\n)»\n",
        "c",
        "from a import (\n    b\n)\n",
    ),
    "in a function": ("def f():\n    «import requests»\n", "requests", "def f():\n    pass\n"),
    "in a line": ("import os; «import requests»; x = 1\n", "requests", "import os; x = 1\n"),
    "in a try": (
        "try:\n    «import requests»\nexcept ImportError:\n    pass\n",
        "requests",
        "try:\n    pass\nexcept ImportError:\n    pass\n",
    ),
}


@pytest.mark.parametrize(("before", "name", "after"), REMOVE.values(), ids=REMOVE)
def test_remove_import(rewrite, before: str, name: str, after: str) -> None:
    assert rewrite(before, [RemoveImport(0, name)]) == after


def test_remove_all_names_one_by_one(rewrite) -> None:
    before = "import os\n«from a import b, c»\n"
    assert rewrite(before, [RemoveImport(0, "b"), RemoveImport(0, "c")]) == "import os\n"


def test_remove_what_is_not_there(rewrite) -> None:
    with pytest.raises(VerifyError, match="RemoveImport at 1:1: it does not import d"):
        rewrite("«from a import b, c»\n", [RemoveImport(0, "d")])


SWAPPED = {
    "the only import": (
        "«import requests»\n\n\ndef f(): pass\n",
        "import httpx\n\n\ndef f(): pass\n",
    ),
    "among others": (
        "import os\n\n# others\n«import requests»\n\nx = 1\n",
        "import os\n\n# others\nimport httpx\n\nx = 1\n",
    ),
    "below a docstring": (
        '"""d"""\n\n«import requests»\nx = 1\n',
        '"""d"""\n\nimport httpx\nx = 1\n',
    ),
}


@pytest.mark.parametrize(("before", "after"), SWAPPED.values(), ids=SWAPPED)
def test_one_import_in_the_place_of_another(rewrite, before: str, after: str) -> None:
    assert rewrite(before, [AddImport("import httpx"), RemoveImport(0, "requests")]) == after


HELPER = "def helper():\n    return 1\n"
DEFINE = {
    "after the imports": (
        "import os\n\nx = 1\n",
        HELPER,
        "import os\n\n\ndef helper():\n    return 1\n\n\nx = 1\n",
    ),
    "before a function": (
        "import os\n\n\ndef f(): pass\n",
        HELPER,
        "import os\n\n\ndef helper():\n    return 1\n\n\ndef f(): pass\n",
    ),
    "after guarded imports": (
        "import os\n\ntry:\n    import json\nexcept ImportError:\n    json = None\n\n# of x\nx = 1\n",
        HELPER,
        (
            "import os\n\ntry:\n    import json\nexcept ImportError:\n    json = None\n\n\n"
            "def helper():\n    return 1\n\n\n# of x\nx = 1\n"
        ),
    ),
    "without imports": (
        '"""d"""\nx = 1\n',
        HELPER,
        '"""d"""\n\n\ndef helper():\n    return 1\n\n\nx = 1\n',
    ),
    "at the top": ("x = 1\n", HELPER, "def helper():\n    return 1\n\n\nx = 1\n"),
    "at the end": ("import os\n", HELPER, "import os\n\n\ndef helper():\n    return 1\n"),
    "a constant": (
        "import os\nx = 1\n",
        "helper = object()\n",
        "import os\n\nhelper = object()\n\nx = 1\n",
    ),
    "there already": ("x = 1\ndef helper(): pass\n", HELPER, "x = 1\ndef helper(): pass\n"),
    "assigned already": ("helper = f\n", HELPER, "helper = f\n"),
    "imported already": ("from a import helper\n", HELPER, "from a import helper\n"),
}


@pytest.mark.parametrize(("before", "text", "after"), DEFINE.values(), ids=DEFINE)
def test_define(rewrite, before: str, text: str, after: str) -> None:
    assert rewrite(before, [Define("helper", text)]) == after
    assert rewrite(after, [Define("helper", text)]) == after


def test_helpers_keep_their_order_below_new_imports(rewrite) -> None:
    edits = [Define("a", "def a(): pass"), Define("b", "def b(): pass"), AddImport("import os")]
    assert rewrite("x = 1\n", edits) == (
        "import os\n\n\ndef a(): pass\n\n\ndef b(): pass\n\n\nx = 1\n"
    )
