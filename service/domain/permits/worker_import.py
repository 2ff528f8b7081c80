"""How a worker imports a register by itself."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerImport:
    """The options of `import` for what a worker loads: its exports are full, or strict.

    A full export names all permits of the scope of `snapshot` in the mapping. Of a
    strict one nothing is stored if a single row is rejected.
    """

    snapshot: bool = False
    strict: bool = False
