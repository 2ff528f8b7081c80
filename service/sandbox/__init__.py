"""A simulated Twilio that runs as a process of its own, with its own log.

It answers like Twilio's Messages API (twilio.com/docs/messaging/api), signs its
callbacks, logs every accepted message in `messages.jsonl`, shows the messages in an
inbox, and fails on demand (`faults`). It imports nothing else of this project, so its
log is independent evidence of what the service really sent.
"""
