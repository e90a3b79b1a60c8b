"""A new name in a `from` import that is there already, and the place of an import among groups."""

import pytest

from asyncify.model.plan import AddImport, RemoveImport

ADD = {
    "one name per line": (
        "from contextlib import suppress\nfrom d import e\nfrom d import f\n",
        "from contextlib import closing",
        (
            "from contextlib import closing\nfrom contextlib import suppress\n"
            "from d import e\nfrom d import f\n"
        ),
    ),
    "by kind": (
        "from typing import TYPE_CHECKING, Any, cast  # c\n",
        "from typing import Awaitable",
        "from typing import TYPE_CHECKING, Any, Awaitable, cast  # c\n",
    ),
    "not sorted": (
        "from typing import cast, Any\n",
        "from typing import Awaitable",
        "from typing import cast, Any, Awaitable\n",
    ),
    "by letters": (
        "from typing import Any, cast, Dict\n",
        "from typing import Iterator",
        "from typing import Any, cast, Dict, Iterator\n",
    ),
    "in parentheses": (
        "from typing import (Any, cast)\n",
        "from typing import Awaitable",
        "from typing import (Any, Awaitable, cast)\n",
    ),
    "on lines": (
        "from typing import (  # a\n    Any,  # of Any\n    # of cast\n    cast,\n)\n",
        "from typing import Awaitable",
        (
            "from typing import (  # a\n    Any,  # of Any\n    Awaitable,\n"
            "    # of cast\n    cast,\n)\n"
        ),
    ),
    "before names on lines": (
        "from typing import (\n    Iterator,\n    cast,\n)\n",
        "from typing import Awaitable",
        "from typing import (\n    Awaitable,\n    Iterator,\n    cast,\n)\n",
    ),
    "behind names on lines": (
        "from typing import (\n    Any,\n    Awaitable\n)\n",
        "from typing import Iterator",
        "from typing import (\n    Any,\n    Awaitable,\n    Iterator\n)\n",
    ),
    "behind a continued line": (
        "from typing import Any, \\\n    Awaitable\n",
        "from typing import Iterator",
        "from typing import Any, \\\n    Awaitable, Iterator\n",
    ),
    "too long": (
        "from package.of.a.module import Aaaaaaaaaaaaaaaaaaa, Bbbbbbbbbbbbbbbbbbbb, Dddddd\n",
        "from package.of.a.module import Cccccccccc",
        (
            "from package.of.a.module import (\n    Aaaaaaaaaaaaaaaaaaa,\n"
            "    Bbbbbbbbbbbbbbbbbbbb,\n    Cccccccccc,\n    Dddddd,\n)\n"
        ),
    ),
    "beside a star": (
        "from typing import *\n",
        "from typing import Any",
        "from typing import *\nfrom typing import Any\n",
    ),
    "beside a renamed name": (
        "from typing import Any as A\n",
        "from typing import cast",
        "from typing import Any as A\nfrom typing import cast\n",
    ),
    "not to a relative module": (
        "from .typing import Any\n",
        "from typing import cast",
        "from typing import cast\n\nfrom .typing import Any\n",
    ),
    "not to one of the type checker": (
        "if TYPE_CHECKING:\n    from typing import Any\n",
        "from typing import cast",
        "from typing import cast\n\nif TYPE_CHECKING:\n    from typing import Any\n",
    ),
    "in front of the own package": (
        "import os\n\nfrom pkg.other import x\n",
        "import httpx",
        "import os\n\nimport httpx\n\nfrom pkg.other import x\n",
    ),
}


@pytest.mark.parametrize(("before", "text", "after"), ADD.values(), ids=ADD)
def test_add(rewrite, before: str, text: str, after: str) -> None:
    assert rewrite(before, [AddImport(text)]) == after
    assert rewrite(after, [AddImport(text)]) == after


def test_one_name_in_the_place_of_another(rewrite) -> None:
    edits = [AddImport("from collections.abc import AsyncIterator"), RemoveImport(0, "Iterator")]
    assert rewrite("«from collections.abc import Iterable, Iterator»\n", edits) == (
        "from collections.abc import AsyncIterator, Iterable\n"
    )
    assert rewrite("«from collections.abc import Iterator»  # c\n\nx = 1\n", edits) == (
        "from collections.abc import AsyncIterator\n\nx = 1\n"
    )
