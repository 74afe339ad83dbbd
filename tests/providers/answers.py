"""Profiles of one operation, read from a real server that gives one answer."""

import json
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import yaml
from aiohttp import web

from agent.config.load import ConfigError
from agent.net.exchange import ProviderError
from agent.providers.profile.load import read_profile
from tests.net.http_bench import serving


def profile_file(folder, **operations):
    """The path of a profile with these operations."""
    file = folder / "answers.yaml"
    document = {"name": "answers", "title": "Answers", **operations}
    file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return str(file)


def answer(body):
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)

    async def handler(_request):
        return web.Response(text=text, content_type="application/json")

    return handler


@asynccontextmanager
async def reading(bench, folder, body, **operations):
    """An adapter with these operations, at a server whose every answer is ``body``."""
    handler = body if callable(body) else answer(body)
    async with serving(handler) as server:
        yield bench.provider(server.url, profile_file(folder, **operations), {"key": "demo"})


async def numbers_of(bench, folder, body, **numbers):
    """The listing of numbers as the operation with these keys reads it from ``body``."""
    operation = {"path": "/numbers", **numbers}
    async with reading(bench, folder, body, numbers=operation) as provider:
        return (await provider.numbers()).numbers


async def failure_of(bench, folder, body, **numbers):
    """How that reading fails."""
    with pytest.raises(ProviderError) as caught:
        await numbers_of(bench, folder, body, **numbers)
    return caught.value


def mistakes(folder, **operations):
    """The mistakes of a profile with these operations, without file and line."""
    try:
        read_profile(Path(profile_file(folder, **operations)))
    except ConfigError as error:
        return [f"{it.key}: {it.text}" for it in error.errors]
    return []
