"""The table `worker` of a mapping file: how a worker imports its register."""

from pydantic import Field

from service.domain.permits.worker_import import WorkerImport
from service.formats.file_model import FileModel


class WorkerTable(FileModel):
    """How a worker imports the exports in the register's drop folder."""

    snapshot: bool | None = Field(
        default=None,
        description="whether each export is a full one, as with --snapshot; false "
        "unless given",
    )
    strict: bool | None = Field(
        default=None,
        description="whether nothing of an export is stored if a single row is "
        "rejected, as with --strict; false unless given",
    )

    def to_domain(self) -> WorkerImport:
        """The options as the import knows them."""
        return WorkerImport(**self.given())
