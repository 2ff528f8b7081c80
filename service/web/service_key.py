"""Where an application keeps the services of its handlers.

Beside `Services` this would import aiohttp into every command.
"""

from typing import Final

from aiohttp import web

from service.web.services import Services

SERVICES: Final = web.AppKey("SERVICES", Services)
