"""Faults on demand: what can go wrong between a sender and Twilio.

Each fault is a frozen pydantic model, set as JSON by `PUT /_sandbox/faults`. The fields
of `Fault` choose its targets; the fields of its own class say what it does to them.
"""

from service.sandbox.faults.answers import (
    BloatedAnswer,
    EndlessHeaders,
    LostAnswer,
    TruncatedAnswer,
    WrongSid,
)
from service.sandbox.faults.callbacks import (
    CallbackFault,
    CallbackFormat,
    DuplicatedCallbacks,
    LateCallbacks,
    LostCallbacks,
    ShuffledCallbacks,
)
from service.sandbox.faults.fault import Fault, Target
from service.sandbox.faults.json_list import FAULT_LIST, load_faults, parse_faults
from service.sandbox.faults.lists import HiddenMessages, ListFault, RewrittenNumbers
from service.sandbox.faults.messages import Ending, MessageFault, StuckQueue, Unlisted
from service.sandbox.faults.requests import (
    Broken,
    Busy,
    Hang,
    Latency,
    Refusal,
    RequestFault,
    Reset,
)

__all__ = [
    "FAULT_LIST",
    "BloatedAnswer",
    "Broken",
    "Busy",
    "CallbackFault",
    "CallbackFormat",
    "DuplicatedCallbacks",
    "Ending",
    "EndlessHeaders",
    "Fault",
    "Hang",
    "HiddenMessages",
    "LateCallbacks",
    "Latency",
    "ListFault",
    "LostAnswer",
    "LostCallbacks",
    "MessageFault",
    "Refusal",
    "RequestFault",
    "Reset",
    "RewrittenNumbers",
    "ShuffledCallbacks",
    "StuckQueue",
    "Target",
    "TruncatedAnswer",
    "Unlisted",
    "WrongSid",
    "load_faults",
    "parse_faults",
]
