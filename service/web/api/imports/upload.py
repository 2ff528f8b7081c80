"""Imports over the API: send a register, and get its rejected rows back."""

from http import HTTPStatus
from typing import Annotated, Final, cast

from aiohttp import BodyPartReader, MultipartReader, hdrs, web

from service.domain.errors import InvalidError, Mistake, UnknownError
from service.domain.untrusted.text import safe_label
from service.flow.ports import Upload, UploadPart
from service.web.api.endpoint import endpoint, json_reply
from service.web.api.imports.models import Import, ImportPath
from service.web.api.imports.routes import IMPORTS_PATH
from service.web.api.imports.upload_models import RegisterForm, UploadQuery
from service.web.problems import problem_response
from service.web.request_form import next_part, read_chunks
from service.web.services import Services

LONGEST: Final = {"file": 256 << 20, "mapping": 1 << 20}
"""The most bytes of each part; a register of a million permits has 100 MB."""


class _TooLongError(Exception):
    """A part is longer than it may be."""


@endpoint("POST", IMPORTS_PATH, {202: Import})
async def begin_import(
    services: Services,
    query: UploadQuery,
    form: Annotated[MultipartReader, RegisterForm],
    caller: str,
) -> web.Response:
    """Import a register: 202 once all of it has been read.

    The rows are stored afterwards, one import at a time, in the order in which they
    were read. A file or a mapping with a mistake is refused whole; a row with a mistake
    is rejected alone. The import's `report` has what the command would print. The same
    file with the same mapping, sent again, goes on with an
    import that was interrupted, is answered with the id of one that runs, and otherwise
    changes nothing that is stored.
    """
    options = query.options()
    if services.uploads.is_full:
        detail = "other imports are under way; send the file again later"
        return problem_response(HTTPStatus.SERVICE_UNAVAILABLE, detail)
    async with services.uploads.receive() as upload:
        try:
            await _receive(form, upload)
        except _TooLongError as error:
            return problem_response(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, str(error))
        import_id = await upload.begin(caller, options)
    begun = Import.of(await services.import_store.get(import_id))
    answer = json_reply(begun, HTTPStatus.ACCEPTED)
    answer.headers[hdrs.LOCATION] = f"{IMPORTS_PATH}/{import_id}"
    return answer


@endpoint(
    "GET",
    f"{IMPORTS_PATH}/{{id}}/rejects",
    {200: None},
    error_statuses=(404,),
    media_types=("text/csv",),
)
async def get_rejects(services: Services, path: ImportPath) -> web.StreamResponse:
    """Show the rejected rows of an import, each with its reason and repair.

    They are there once an import over the API is done, for thirty days: a file that is
    repaired in place and sent again with the same mapping. 404 as well where no row was
    rejected.
    """
    await services.import_store.get(path.id)
    file = services.uploads.find_rejects(path.id)
    if file is None:
        raise UnknownError("rejected rows of import", path.id)
    name = f'attachment; filename="{path.id}.rejects.csv"'
    return web.FileResponse(file, headers={hdrs.CONTENT_DISPOSITION: name})


async def _receive(form: MultipartReader, upload: Upload) -> None:
    """Receive the parts of a form; raises `InvalidError` with all its mistakes."""
    received, mistakes = set[str](), list[Mistake]()
    while part := await next_part(form):
        name = part.name or ""
        if name not in LONGEST:
            mistakes.append(
                Mistake(safe_label(name), "an unknown part", "file, mapping")
            )
        elif name in received:
            mistakes.append(Mistake(name, "the part twice", "it once"))
        else:
            received.add(name)
            await _receive_part(part, cast("UploadPart", name), upload)
    if "file" not in received:
        mistakes.append(Mistake("file", "nothing", "a register"))
    if mistakes:
        raise InvalidError("request", mistakes)


async def _receive_part(part: BodyPartReader, name: UploadPart, upload: Upload) -> None:
    file, length = part.filename or "", 0
    await upload.add(name, file, b"")  # an empty file is one too
    async for chunk in read_chunks(part):
        length += len(chunk)
        if length > LONGEST[name]:
            most = f"at most {LONGEST[name] >> 20} MiB"
            raise _TooLongError(f"{name}: longer than it may be; send {most}")
        await upload.add(name, file, chunk)
