import sys

from service.domain.untrusted.text import CONTROL_CHARACTERS


def test_no_control_character_is_printable() -> None:
    printable = filter(str.isprintable, map(chr, range(sys.maxunicode + 1)))
    assert not CONTROL_CHARACTERS.search("".join(printable))
