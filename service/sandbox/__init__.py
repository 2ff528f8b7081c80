"""Our Twilio double: an outside system of its own, with its own process and log.

It answers as Twilio's Messages API does (twilio.com/docs/messaging/api), signs its
callbacks, keeps every answered message in `messages.jsonl`, and shows what arrived
as the phones would. It imports nothing else of this project, so that its log can
testify about the service: what is written there was really accepted.
"""
