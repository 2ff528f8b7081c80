"""The order of a rule's steps, those of its former versions included."""

from collections.abc import Mapping, Sequence

StepNames = tuple[str, ...]
"""The name of a step, and the names of the steps that it replaces."""


class StepOrder:
    """The order of the steps of one rule, by every version that was ever installed.

    `ladders` has the steps of each version, by its key, in the order of their days.
    """

    def __init__(self, ladders: Mapping[str, Sequence[StepNames]]) -> None:
        self._ladders = dict(ladders)
        self._later = dict[tuple[str, str], frozenset[str]]()

    def later_than(self, step: str, version: str) -> frozenset[str]:
        """The names of all steps that come later than a step of a version.

        The version decides on the steps that it has or replaces; on others, those
        versions decide that have both. Empty for a reserved step.
        """
        key = step, version
        if key not in self._later:
            self._later[key] = frozenset(self.versions_by_later_step(step, version))
        return self._later[key]

    def versions_by_later_step(self, step: str, version: str) -> dict[str, str]:
        """The same names, each with the first version that puts it later."""
        own = self._ladders.get(version, ())
        names = {name for entry in own if entry[0] == step for name in entry} or {step}
        known = {name for entry in own for name in entry}
        found = dict.fromkeys(_names_after(names, own), version)
        for other, ladder in self._ladders.items():
            for name in _names_after(names, ladder):
                if name not in known:
                    found.setdefault(name, other)
        return found


def _names_after(names: set[str], ladder: Sequence[StepNames]) -> set[str]:
    """The names in a ladder after the last step that has one of some names."""
    places = [at for at, entry in enumerate(ladder) if names & {*entry}]
    if not places:
        return set()
    return {name for entry in ladder[max(places) + 1 :] for name in entry} - names
