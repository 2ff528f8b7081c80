"""The billed parts of a text (3GPP TS 23.038): Twilio's `num_segments`."""

_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPED = frozenset("\f^{}\\[~]|€")


def segments(body: str) -> int:
    """Count parts of 160/153 septets, or of 70/67 UTF-16 units if UCS-2 is needed.

    An escaped character or a surrogate pair counts two and is never split.
    """
    if set(body) <= _GSM | _ESCAPED:
        widths, single, part = [1 + (char in _ESCAPED) for char in body], 160, 153
    else:
        widths, single, part = [1 + (char > "\uffff") for char in body], 70, 67
    if sum(widths) <= single:
        return 1
    parts, room = 1, part
    for width in widths:
        if width > room:
            parts, room = parts + 1, part
        room -= width
    return parts
