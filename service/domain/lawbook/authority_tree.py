"""Whether offices make a tree in which one texts for each of them."""

from collections.abc import Iterator, Mapping, Sequence

from service.domain.law.authority import Authority

TreeFinding = tuple[int, str, object, str]
"""Number of the office, from 0; its key, the value found, what was expected."""


def check_tree(
    offices: Sequence[Authority], installed: Mapping[str, Authority]
) -> Iterator[TreeFinding]:
    """Find what is wrong with where offices stand among those installed.

    A code given twice, a parent that is unknown or goes round in a circle, an office
    for which none texts.
    """
    new = {office.code: office for office in offices}
    tree = {**installed, **new}
    for at, office in enumerate(offices):
        if new[office.code] is not office:
            yield at, "code", office.code, "a code given once"
        elif office.parent is not None and office.parent not in tree:
            expected = "the code of one in this file, or of one installed"
            yield at, "parent", office.parent, expected
        elif _lineage(office, tree)[-1].parent in tree:
            yield at, "parent", office.parent, "no circle of parents"
        elif not any(one.sends for one in _lineage(office, tree)):
            yield at, "sends", office.sends, "true, here or further up"


def _lineage(office: Authority, tree: Mapping[str, Authority]) -> list[Authority]:
    """List an office and those above it; in a circle the last still has a parent."""
    line = [office]
    while (above := tree.get(line[-1].parent or "")) and len(line) <= len(tree):
        line.append(above)
    return line
