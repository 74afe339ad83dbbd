"""Voice services of Alibaba Cloud and Tencent Cloud: calls that are answered, or not.

See docs/reference/notification.md §3 and §4.
"""

import json
import re
from typing import Any

from aiohttp import web

from tests.sinks.systems.server import answer
from tests.sinks.systems.signatures import aliyun_problem, tencent_problem
from tests.sinks.systems.sms import PhoneServer

NAMES = ("change", "subject", "title", "ticket")


class AliyunVoiceServer(PhoneServer):
    kind = "aliyun_voice"

    def section(self) -> dict[str, Any]:
        own = {"key": "key-1", "secret": "secret-1", "template": "SMS_1", "show_number": "05710000"}
        events = ["opened", "escalated", "resolved"]
        parameters = {name: name for name in NAMES}
        told = {"parameters": parameters, "receivers": self.receivers(), "events": events}
        return {"aliyun_voice": {**own, **told}}

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/", self._call)]

    async def _call(self, request: web.Request) -> web.Response:
        body = await request.read()
        problem = aliyun_problem(request, body, "key-1", self.secret, self.clock())
        if problem:
            return answer({"Code": problem, "Message": "refused"}, 403)
        query = dict(request.query)
        if request.headers["x-acs-action"] == "QueryCallDetailByCallId":
            return answer({"Code": "OK", "Data": self._record(query)})
        code = self._code(query)
        if code != "OK":
            return answer({"Code": code, "Message": code})
        texts = list(json.loads(query["TtsParam"]).values())
        sent = self.accept(query["CalledNumber"], texts, query["OutId"], query["TtsCode"])
        return answer({"Code": "OK", "Message": "OK", "CallId": sent.reference})

    def _code(self, query: dict[str, str]) -> str:
        texts = json.loads(query["TtsParam"]).values()
        phone = query["CalledNumber"]
        refusals = (
            (query["TtsCode"] != self.template, "isv.TTS_TEMPLATE_ILLEGAL"),
            (not re.fullmatch(r"1\d{10}", phone), "isv.MOBILE_NUMBER_ILLEGAL"),
            (any(not 0 < len(text) <= 35 for text in texts), "isv.PARAM_LENGTH_LIMIT"),
            (self.balance <= 0, "isv.AMOUNT_NOT_ENOUGH"),
            (phone in self.blocked, "isv.BLACK_LIST"),
            (self.is_limited(phone), "isv.BUSINESS_LIMIT_CONTROL"),
        )
        return next((code for refused, code in refusals if refused), "OK")

    def _record(self, query: dict[str, str]) -> str:
        call = next(it for it in self.sent if it.reference == query["CallId"])
        assert query["ProdId"] == "11000000300006"
        assert abs(int(query["QueryDate"]) / 1000 - call.at) < 1
        return json.dumps({"state": call.code, "callee": call.phone}) if call.code else ""


class TencentVoiceServer(PhoneServer):
    kind = "tencent_voice"

    def section(self) -> dict[str, Any]:
        own = {"secret_id": "key-1", "secret_key": "secret-1", "app_id": "1400006666"}
        events = ["opened", "escalated", "resolved"]
        told = {"parameters": list(NAMES), "receivers": self.receivers(), "events": events}
        return {"tencent_voice": {**own, "template": "SMS_1", **told}}

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/", self._call)]

    async def _call(self, request: web.Request) -> web.Response:
        raw = await request.read()
        problem = tencent_problem(request, raw, "key-1", self.secret, "vms", self.clock())
        body = json.loads(raw)
        phone = body["CalledNumber"].removeprefix("+86")
        texts = body["TemplateParamSet"]
        refusals = (
            (problem, problem),
            (request.headers["X-TC-Action"] != "SendTtsVoice", "InvalidAction"),
            (request.headers["X-TC-Version"] != "2020-09-02", "InvalidParameter"),
            (body["TemplateId"] != self.template, "FailedOperation.TemplateIncorrectOrUnapproved"),
            (self.balance <= 0, "FailedOperation.InsufficientBalanceInSmsPackage"),
            (phone in self.blocked, "FailedOperation.PhoneNumberInBlacklist"),
            (any(len(text) > 35 for text in texts), "InvalidParameterValue.TemplateParameter"),
            (self.is_limited(phone), "LimitExceeded.PhoneNumberDailyLimit"),
        )
        code = next((code for refused, code in refusals if refused), "")
        if code:
            return answer({"Response": {"Error": {"Code": code, "Message": "no"}}})
        sent = self.accept(phone, texts, body["SessionContext"], body["TemplateId"])
        status = {"CallId": sent.reference, "SessionContext": body["SessionContext"]}
        return answer({"Response": {"SendStatus": status, "RequestId": "R"}})
