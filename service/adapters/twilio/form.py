"""Fields of the form that creates a message: the sender and the callback's address."""


def sender_fields(
    sender: str | None, service: str | None, number: str | None
) -> dict[str, str | None]:
    """Return the form fields of the office's sender, else the settings'.

    A sender that begins with MG is a Messaging Service; `service` and `number` are the
    settings'.
    """
    if sender is None:
        return {"MessagingServiceSid": service, "From": number}
    return {"MessagingServiceSid" if sender.startswith("MG") else "From": sender}


def callback_url(public_url: str | None, provider: str, message_id: str) -> str | None:
    """Return the URL for status callbacks, with our message id in its query.

    The id identifies the message even if we never read the answer to its POST. The
    fragment asks Twilio to repeat a callback that failed.
    """
    if public_url is None:
        return None
    return f"{public_url}/webhooks/{provider}/status?ref={message_id}#rc=5&rp=all"
