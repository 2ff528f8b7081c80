"""Each store is a port of the flow, and bears its name."""

import pkgutil
from importlib import import_module

from service.adapters import store


def test_a_store_inherits_from_the_port_whose_name_it_bears() -> None:
    stores = {
        member
        for module in pkgutil.walk_packages(store.__path__, f"{store.__name__}.")
        if ".migrations." not in module.name
        for member in vars(import_module(module.name)).values()
        if isinstance(member, type) and member.__name__.startswith("Sql")
    }
    assert len(stores) >= 25
    for one in stores:
        port = one.__bases__[0]
        assert one.__name__ == f"Sql{port.__name__}"
        assert port.__module__.startswith("service.flow.")
