"""Twilio's error codes for refused requests, and the magic numbers that cause them.

Codes: twilio.com/docs/api/errors/<code>. Magic numbers: twilio.com/docs/iam/
test-credentials. Unlike Twilio's test credentials, the sandbox accepts any other
sender or messaging service and sends callbacks. The sentences are our own.
"""

from http import HTTPStatus

MAGIC_FROM = {
    "+15005550001": 21212,
    "+15005550007": 21606,
    "+15005550008": 21611,
}
MAGIC_TO = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}
REFUSAL_REASONS = {
    20001: "This value cannot be used here",
    20003: "Authenticate: wrong account SID or auth token",
    20004: "This method is not allowed here",
    20007: "PageSize may be 1000 at most",
    20009: "The message is still on its way",
    20404: "The requested resource was not found",
    20429: "Too many requests at the same time",
    20500: "Something went wrong on this side",
    20503: "The service cannot be reached at the moment",
    21211: "Invalid 'To' phone number",
    21212: "Invalid 'From' number or sender",
    21408: "No permission to send to the region of the 'To' number",
    21602: "A message body is required",
    21603: "A 'From' number or a messaging service is required",
    21604: "A 'To' phone number is required",
    21606: "The 'From' number cannot send SMS from this account",
    21609: "Invalid 'StatusCallback' URL",
    21610: "The recipient has unsubscribed from this sender",
    21611: "The queue of this 'From' number is full",
    21612: "This 'To' number cannot be reached from this sender",
    21614: "The 'To' number is not a mobile number",
    21617: "The message body exceeds 1600 characters",
    21701: "There is no such messaging service",
    30409: "Only a scheduled message can be canceled",
    35111: "'SendAt' is required with ScheduleType=fixed",
    35114: "'SendAt' must be UTC, 300 seconds to 35 days ahead",
    35126: "'ScheduleType' may only be fixed",
    90007: "'ValidityPeriod' may be 36000 seconds at most",
    90014: "'ValidityPeriod' must be a positive integer",
}
_STATUS = {
    20003: HTTPStatus.UNAUTHORIZED,
    20004: HTTPStatus.METHOD_NOT_ALLOWED,
    20009: HTTPStatus.CONFLICT,
    20404: HTTPStatus.NOT_FOUND,
    20429: HTTPStatus.TOO_MANY_REQUESTS,
    30409: HTTPStatus.CONFLICT,
}


class RefusedError(Exception):
    """A refused request, which changed nothing; `found` is the wrong value.

    Without `status`, the HTTP status of the code applies: 400, or that of `_STATUS`.
    """

    def __init__(self, code: int, found: str = "", status: int | None = None) -> None:
        self.code = code
        self.status = status or _STATUS.get(code, HTTPStatus.BAD_REQUEST)
        reason = REFUSAL_REASONS.get(
            code, "Twilio would say why on the page about this code"
        )
        super().__init__(reason + (f": {found}" if found else ""))

    def body(self) -> dict[str, object]:
        """Return the JSON of Twilio's error answers."""
        return {
            "code": self.code,
            "message": str(self),
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": int(self.status),
        }
