"""A register that is a view: read into a temporary file, which is then loaded."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from service.adapters.register_views.reader import ViewReader
from service.adapters.registers.import_file import digest_mapping
from service.adapters.registers.mapping import RegisterMapping
from service.adapters.tables.table import refuse_file
from service.app import Installation
from service.cli.permits.loading import Loading, open_loading
from service.cli.permits.register_mapping import find_default_office, open_mapping
from service.domain.errors import InvalidError, Mistake
from service.domain.permits.register_view import HighWaterMark, RegisterView


@asynccontextmanager
async def open_view(
    installation: Installation,
    mapping_file: Path,
    check: Callable[[], None],
    *,
    is_snapshot: bool = False,
) -> AsyncIterator[Loading | None]:
    """Read the view of a mapping, all of it or what has changed; None: nothing has.

    All of it is read for a snapshot, and where it was never read by this mapping.
    Raises as `open_loading`, and `SetUpError` where the view cannot be read.
    """
    law = await installation.law_store.current_law()
    default = find_default_office(law, installation.settings.authority)
    mapping = open_mapping(mapping_file, law, default)
    view = mapping.view
    if view is None:
        mistake = Mistake("view", "nothing", "a table that names a view")
        raise InvalidError(str(mapping_file), [mistake])
    mark = None
    if view.changed_at and not is_snapshot:
        digest = digest_mapping(mapping_file, default)
        store = installation.import_deps.store
        mark = await store.last_mark(mapping.source or "", digest)
    since = view.since(HighWaterMark.parse(mark)) if mark else None
    reader = ViewReader(
        environ=os.environ, keeps=_wanted_columns(mapping, view), check=check
    )
    with TemporaryDirectory(prefix="permit-reminders-") as folder:
        file = Path(folder) / view.name
        file.touch()
        begun = file.stat().st_mtime_ns
        read = await reader.read(view, since, file, installation.clock.now())
        # What changes while it is read is newer than the export.
        os.utime(file, ns=(begun, begun))
        if not read.rows and since is None:
            raise refuse_file(view.name, "no rows", "those of the register")
        if not read.rows:
            yield None
            return
        loading = await open_loading(
            installation, file, mapping_file, check, is_snapshot=is_snapshot
        )
        newest = str(read.mark) if read.mark else mark
        yield replace(
            loading,
            rejects=mapping_file.with_name(f"{mapping_file.name}.rejects.csv"),
            mapping=_without_form(loading.mapping),
            file=replace(loading.file, mark=newest, is_part=since is not None),
            form=f"view {view.name}, {f'changed since {since}' if since else 'whole'}",
        )


def _wanted_columns(
    mapping: RegisterMapping, view: RegisterView
) -> Callable[[str], bool]:
    """Whether a column belongs into the file: others would need to be ignored."""
    mapped = {*mapping.mapped}
    unmapped = {name for name in (view.changed_at,) if name not in mapped}
    return lambda name: (
        name in mapped or not (name in unmapped or mapping.ignores(name))
    )


def _without_form(mapping: RegisterMapping) -> RegisterMapping:
    """The mapping of rows that are read from no file of the office."""
    return replace(
        mapping, encoding="utf-8", delimiter=None, header_line=None, sheet=None
    )
