"""SMS services of Alibaba Cloud and Tencent Cloud: templates, balance, limits, receipts.

See docs/reference/notification.md §1 and §2.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from aiohttp import web

from tests.sinks.systems.server import System, answer
from tests.sinks.systems.signatures import aliyun_problem, tencent_problem

FIRST, SECOND = "13800000001", "13800000002"
_ID = re.compile(r"NW-[0-9A-F]{12}-\d+")
_CHINA = timezone(timedelta(hours=8))


@dataclass
class Sent:
    """One message that the service accepted."""

    phone: str
    texts: list[str]
    at: float
    own_id: str
    reference: str
    template: str
    state: str = "waiting"
    code: str = ""


class PhoneServer(System):
    """What services for messages and calls have in common."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.sent: list[Sent] = []
        self.secret = "secret-1"
        self.balance = 10_000
        self.template = "SMS_1"
        self.blocked: set[str] = set()
        """Phones that want no messages."""
        self.day_limit = 50
        """Messages to one phone a day."""

    def receivers(self) -> list[dict[str, str]]:
        return [{"name": "li", "phone": FIRST}]

    def break_credentials(self) -> None:
        self.secret = "another"

    def restore_credentials(self) -> None:
        self.secret = "secret-1"

    def seen(self) -> list[str]:
        ids = (id_ for it in self.sent for text in it.texts for id_ in _ID.findall(text))
        return list(dict.fromkeys(ids))

    def is_over(self, ticket_id: str) -> bool:
        mentions = [it for it in self.sent if any(ticket_id in text for text in it.texts)]
        return bool(mentions) and any("已恢复" in text for text in mentions[-1].texts)

    def of_phone(self, phone: str) -> list[Sent]:
        return [it for it in self.sent if it.phone == phone]

    def settle(self, state: str, code: str = "") -> None:
        """The carriers report on everything that was sent."""
        for it in self.sent:
            it.state, it.code = state, code

    def accept(self, phone: str, texts: list[str], own_id: str, template: str) -> Sent:
        self.balance -= 1
        reference = f"{900000000 + len(self.sent)}^0"
        sent = Sent(phone, texts, self.clock(), own_id, reference, template)
        self.sent.append(sent)
        return sent

    def is_limited(self, phone: str) -> bool:
        now = self.clock()
        return sum(now - 86400 < it.at <= now for it in self.of_phone(phone)) >= self.day_limit


class AliyunSmsServer(PhoneServer):
    kind = "aliyun_sms"

    def section(self) -> dict[str, Any]:
        own = {"key": "key-1", "secret": "secret-1", "sign_name": "热线", "template": "SMS_1"}
        names = ("change", "subject", "title", "ticket")
        parameters = {name: name for name in names}
        return {"aliyun_sms": {**own, "parameters": parameters, "receivers": self.receivers()}}

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/", self._call)]

    async def _call(self, request: web.Request) -> web.Response:
        body = await request.read()
        problem = aliyun_problem(request, body, "key-1", self.secret, self.clock())
        if problem:
            return answer({"Code": problem, "Message": "refused", "RequestId": "R"}, 400)
        query = dict(request.query)
        if request.headers["x-acs-action"] == "QuerySendDetails":
            return answer(self._details(query))
        code, message = self._code(query)
        document: dict[str, Any] = {"Code": code, "Message": message, "RequestId": "R"}
        if code == "OK":
            texts = list(json.loads(query["TemplateParam"]).values())
            sent = self.accept(query["PhoneNumbers"], texts, query["OutId"], query["TemplateCode"])
            document["BizId"] = sent.reference
        return answer(document)

    def _code(self, query: dict[str, str]) -> tuple[str, str]:
        texts = list(json.loads(query["TemplateParam"]).values())
        phone = query["PhoneNumbers"]
        unfit = r"https?://|[【】]|[\U00010000-\U0010ffff]"
        refusals = (
            (query["TemplateCode"] != self.template, "isv.SMS_TEMPLATE_ILLEGAL", ""),
            (query["SignName"] != "热线", "isv.SMS_SIGNATURE_ILLEGAL", ""),
            (not re.fullmatch(r"1\d{10}", phone), "isv.MOBILE_NUMBER_ILLEGAL", ""),
            (any(not 0 < len(text) <= 35 for text in texts), "isv.PARAM_LENGTH_LIMIT", ""),
            (any(re.search(unfit, text) for text in texts), "isv.PARAM_NOT_SUPPORT_URL", ""),
            (self.balance <= 0, "isv.AMOUNT_NOT_ENOUGH", ""),
            (phone in self.blocked, "isv.BLACK_LIST", ""),
            (self.is_limited(phone), "isv.BUSINESS_LIMIT_CONTROL", "触发天级流控Permits:50"),
        )
        found = ((code, message) for refused, code, message in refusals if refused)
        return next(found, ("OK", "OK"))

    def _details(self, query: dict[str, str]) -> dict[str, Any]:
        states = {"waiting": 1, "failed": 2, "delivered": 3}
        records = [
            {
                "PhoneNum": it.phone,
                "OutId": it.own_id,
                "SendStatus": states[it.state],
                "ErrCode": it.code,
                "TemplateCode": it.template,
                "Content": "【热线】" + " ".join(it.texts),
            }
            for it in self.of_phone(query["PhoneNumber"])
            if _day(it.at) == query["SendDate"] and query.get("BizId", it.reference) == it.reference
        ]
        start = (int(query["CurrentPage"]) - 1) * int(query["PageSize"])
        page = records[start : start + int(query["PageSize"])]
        return {
            "Code": "OK",
            "Message": "OK",
            "TotalCount": str(len(records)),
            "SmsSendDetailDTOs": {"SmsSendDetailDTO": page},
        }


class TencentSmsServer(PhoneServer):
    kind = "tencent_sms"

    def section(self) -> dict[str, Any]:
        own = {"secret_id": "key-1", "secret_key": "secret-1", "app_id": "1400006666"}
        message = {"sign_name": "热线", "template": "SMS_1", "receivers": self.receivers()}
        parameters = ["change", "subject", "title", "ticket"]
        return {"tencent_sms": {**own, **message, "parameters": parameters}}

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/", self._call)]

    async def _call(self, request: web.Request) -> web.Response:
        raw = await request.read()
        problem = tencent_problem(request, raw, "key-1", self.secret, "sms", self.clock())
        if problem:
            return _refused(problem)
        body = json.loads(raw)
        if request.headers["X-TC-Action"] == "PullSmsSendStatusByPhoneNumber":
            return answer({"Response": {"PullSmsSendStatusSet": self._receipts(body)}})
        if request.headers["X-TC-Version"] != "2021-01-11" or not request.headers["X-TC-Region"]:
            return _refused("InvalidParameter")
        (phone,) = body["PhoneNumberSet"]
        code = self._code(phone, body)
        status = {"Code": code, "PhoneNumber": phone, "SerialNo": "", "Fee": 0}
        if code == "Ok":
            texts, own_id = body["TemplateParamSet"], body["SessionContext"]
            sent = self.accept(phone.removeprefix("+86"), texts, own_id, body["TemplateId"])
            status |= {"SerialNo": sent.reference, "Fee": 1}
        return answer({"Response": {"SendStatusSet": [status], "RequestId": "R"}})

    def _code(self, phone: str, body: dict[str, Any]) -> str:
        texts, national = body["TemplateParamSet"], phone.removeprefix("+86")
        invalid, failed = "InvalidParameterValue.", "FailedOperation."
        urls = any(re.search("https?://", text) for text in texts)
        unfit = any(not text for text in texts) or sum(map(len, texts)) > 450
        refusals = (
            (body["TemplateId"] != self.template, failed + "TemplateIncorrectOrUnapproved"),
            (not re.fullmatch(r"1\d{10}", national), invalid + "IncorrectPhoneNumber"),
            (urls, invalid + "ProhibitedUseUrlInTemplateParameter"),
            (unfit, invalid + "TemplateParameterLengthLimit"),
            (self.balance <= 0, failed + "InsufficientBalanceInSmsPackage"),
            (national in self.blocked, failed + "PhoneNumberInBlacklist"),
            (self.is_limited(national), "LimitExceeded.PhoneNumberDailyLimit"),
        )
        return next((code for refused, code in refusals if refused), "Ok")

    def _receipts(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        words = {"failed": "FAIL", "delivered": "SUCCESS"}
        return [
            {
                "PhoneNumber": body["PhoneNumber"],
                "SerialNo": it.reference,
                "ReportStatus": words[it.state],
                "Description": it.code,
            }
            for it in self.of_phone(body["PhoneNumber"].removeprefix("+86"))
            if it.state in words and it.at >= body["BeginTime"]
        ][: body["Limit"]]


def _refused(code: str) -> web.Response:
    return answer({"Response": {"Error": {"Code": code, "Message": "refused"}, "RequestId": "R"}})


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone(_CHINA).strftime("%Y%m%d")
