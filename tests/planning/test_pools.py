"""Endpoints that FastAPI runs in a thread: async only where nothing would go on to block."""

from __future__ import annotations

import pytest

from asyncify.api import convert_source
from asyncify.config import Config

ENDPOINTS = b"""\
import time

import requests
from fastapi import FastAPI

app = FastAPI()


def fetch():
    return requests.get("http://localhost/", timeout=1).text


@app.get("/both")
def both():
    time.sleep(1)
    return fetch()


@app.get("/one")
def one():
    time.sleep(1)
"""


@pytest.mark.parametrize(
    "config", [Config(ignore=("ASY310",)), Config(libraries={"requests": "keep"})]
)
def test_a_library_that_is_left_alone_keeps_its_endpoints_in_their_thread(config: Config) -> None:
    found = convert_source(ENDPOINTS, config=config)
    assert b"\ndef both():\n    time.sleep(1)" in found.after
    assert b"\nasync def one():\n    await asyncio.sleep(1)" in found.after
    assert [one.code for one in found.findings] == ["ASY909", "ASY201"]


def test_nothing_left_alone() -> None:
    assert b"async def both():" in convert_source(ENDPOINTS).after
