"""A process that has imported the service, and forks a command from it when asked.

`python -m tests.cli.fork_server FD` takes requests from the socket FD until its other
end is closed. A request is one byte, with four pipes: the command as JSON, its standard
output, its standard error, and one to which its process id is written, then the code
with which it ended. The command may name a log, which is its standard error then.
"""

import gc
import json
import os
import socket
import sys

import service.cli.server.serve  # noqa: F401 - so that a command has it
from service.cli import main


def serve(requests: socket.socket) -> None:
    """Fork a command for every request; return once all have ended."""
    while True:
        byte, pipes, *_ = socket.recv_fds(requests, 1, 4)
        if not byte:
            break
        if os.fork() == 0:
            requests.close()
            attend(*pipes)
        for pipe in pipes:
            os.close(pipe)
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return


def attend(request: int, out: int, err: int, told: int) -> None:
    """Run the command in a child, which leads a session of its own; tell its end."""
    child = os.fork()
    if child == 0:
        os.setsid()
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.write(told, f"{os.getpid()}\n".encode())
        with open(request) as file:
            command = json.load(file)
        for pipe in (out, err, told):
            os.close(pipe)
        if command["log"]:
            os.dup2(os.open(command["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
        os.chdir(command["folder"])
        os.environ.clear()
        os.environ.update(command["environment"])
        main(command["arguments"])
    for pipe in (request, out, err):
        os.close(pipe)
    _, status = os.waitpid(child, 0)
    os.write(told, f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


if __name__ == "__main__":
    gc.freeze()
    serve(socket.socket(fileno=int(sys.argv[1])))
