"""Profiles that are written in a test, and a server that records what reached it."""

import json

import yaml
from aiohttp import web

from agent.config.load import ConfigError
from agent.providers.profile.load import read_profile

HEAD = {"name": "example", "title": "Example", "credentials": ["key"]}


def profile_file(tmp_path, text, name="example"):
    """The path of a profile with the operations in ``text`` behind a usual head."""
    document = {**HEAD, **yaml.safe_load(text)}
    file = tmp_path / f"{name}.yaml"
    file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return str(file)


def mistakes(tmp_path, text):
    """The mistakes that loading a whole profile finds, as ``LINE: key: text``."""
    file = tmp_path / "example.yaml"
    file.write_text(text, encoding="utf-8")
    try:
        read_profile(file)
    except ConfigError as caught:
        return [str(error).removeprefix(f"{file}:") for error in caught.errors]
    return []


class Sent:
    """What one request had."""

    def __init__(self, request, body):
        self.method, self.path, self.host = request.method, request.path, request.host
        self.query, self.headers = dict(request.query), dict(request.headers)
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)


class Recorder:
    """A handler that records requests; ``answer(sent)`` gives the tree or response to answer."""

    def __init__(self, answer):
        self._answer = answer
        self.sent = []

    async def __call__(self, request):
        sent = Sent(request, await request.text())
        self.sent.append(sent)
        answer = self._answer(sent)
        if isinstance(answer, web.Response):
            return answer
        return web.json_response(answer)


def number(index):
    return {"number": f"400{index:07}", "state": "active"}
