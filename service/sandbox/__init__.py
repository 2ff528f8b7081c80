"""Our Twilio double: an outside system of its own, with its own process and log.

It answers as Twilio's Messages API does (twilio.com/docs/messaging/api), signs its
callbacks, keeps every message it took in `messages.jsonl`, shows what arrived as the
phones would, and goes wrong as its `faults` say. It imports nothing else of this
project, so that its log can testify about the service: what is written there was
really accepted.
"""
