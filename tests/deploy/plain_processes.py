"""The services of `deploy/compose.yaml` as plain processes of this host."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from tests.chaos.office import free_port
from tests.demo.demo_process import environment
from tests.deploy.compose import FILES, load_compose
from tests.deploy.files import DEPLOY, load_yaml
from tests.deploy.live_office import KEY
from tests.docs.pages import ROOT

PATIENCE: Final = 100.0
"""Seconds: a machine may be busy."""


@dataclass(slots=True)
class Stack:
    """The services in a folder, which stands for their volume; on a database.

    They run the code of a `tree`: this one, or a work tree of another commit.
    """

    folder: Path
    url: str
    ports: dict[str, int] = field(default_factory=dict)
    document: Any = field(
        default_factory=lambda: load_compose(
            FILES["postgres"], {"PERMIT_REMINDERS_KEY": KEY}
        )
    )
    tree: Path = ROOT

    def settings(self, name: str) -> dict[str, str]:
        """The environment of a service, with the addresses of this host."""
        given: dict[str, str] = self.document["services"][name]["environment"]
        return environment(
            **given
            | {
                "PERMIT_REMINDERS_DATABASE_URL": self.url,
                "PERMIT_REMINDERS_PUBLIC_URL": f"http://127.0.0.1:{self.port('api')}",
                "PERMIT_REMINDERS_PORT": str(self.port(name)),
                "PERMIT_REMINDERS_TICK": "0.5",
                "PYTHONPATH": str(self.tree),
            }
        )

    def port(self, name: str) -> int:
        """The port on which a service listens."""
        return self.ports.setdefault(name, free_port())

    def log(self, name: str) -> str:
        """What a service has written."""
        return (self.folder / f"{name}.log").read_text("utf-8")

    def run(self, name: str, *command: str) -> str:
        """Run a command in the place of a service's, to its end; what it printed."""
        wanted = command or self.document["services"][name]["command"]
        done = subprocess.run(
            [sys.executable, "-m", "service", *wanted],
            cwd=self.folder,
            env=self.settings(name),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def running(self, *names: str) -> Iterator[None]:
        """Run services until the end; each must then end in order."""
        with ExitStack() as stack:
            for name in names:
                command = list(self.document["services"][name]["command"])
                if name == "sandbox":
                    command[-1] = "127.0.0.1"
                    command += ["--port", str(self.port(name))]
                stack.enter_context(
                    self._started(
                        name,
                        [sys.executable, "-m", "service", *command],
                        self.settings(name),
                    )
                )
                ready = "listening on" if name != "sandbox" else '"url"'
                wait_until(lambda n=name, r=ready: r in self.log(n))  # type: ignore[misc]
            yield

    @contextmanager
    def prometheus(self, program: str, api_key: str) -> Iterator[str]:
        """Run Prometheus on the shipped rules; its address."""
        config = load_yaml("prometheus/prometheus.yml")
        config["global"] = dict.fromkeys(config["global"], "1s")
        config["rule_files"] = [
            str(DEPLOY / "prometheus" / one) for one in config["rule_files"]
        ]
        [job] = config["scrape_configs"]
        key = self.folder / "api-key"
        key.write_text(api_key)
        job["authorization"]["credentials_file"] = str(key)
        [targets] = job["static_configs"]
        targets["targets"] = [
            f"127.0.0.1:{self.port(one.partition(':')[0])}"
            for one in targets["targets"]
        ]
        file = self.folder / "prometheus.yml"
        file.write_text(yaml.safe_dump(config))
        listen = f"127.0.0.1:{free_port()}"
        command = [
            program,
            f"--config.file={file}",
            f"--storage.tsdb.path={self.folder / 'prometheus'}",
            f"--web.listen-address={listen}",
        ]
        with self._started("prometheus", command, dict(os.environ)):
            yield f"http://{listen}"

    @contextmanager
    def _started(
        self, name: str, command: list[str], settings: dict[str, str]
    ) -> Iterator[None]:
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=settings,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            yield
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0, self.log(name)
        finally:
            process.kill()
            process.wait()


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so; fails after `PATIENCE`."""
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)
