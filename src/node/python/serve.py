"""Plays environments written in Python for mast-lab, which starts this file as `python serve.py FOLDER`.

Two processes stay behind. The server holds the environments and answers requests. The keeper watches: it ends the server
and everything that the server started as soon as mast-lab is gone (also after kill -9), keeps the last output of the
environments for error messages, and removes FOLDER. The three pipes in FOLDER are private to the user.

A request is a header of two uint32 (bytes that follow, kind) and a body. Kind 0 is a command in JSON. Kind 1 plays: for
each copy uint32 number, uint32 call (0 reset, 1 step), uint32 seed, and the joint action: a byte for each agent, padded to 4, or where actions are continuous float32 [agents, actions]. A reply is a
header of two uint32 (bytes that follow, bytes of JSON at their end), a record of fixed size for each copy, and the JSON.
All numbers are little-endian. src/node/python/server.ts is the other side.
"""
import errno
import json
import mmap
import os
import select
import shutil
import signal
import struct
import sys
import time

GRACE = 2.0  # Seconds that environments have to close, and that the alarm of a call has to end the server.
DEADLINE = struct.Struct("<d")  # When the present call has to be done, in seconds of the monotonic clock; 0 for none.
KEPT_OUTPUT = 16_384  # Bytes of output that are kept for error messages.


def main(folder):
    os.umask(0o077)
    paths = {name: os.path.join(folder, name) for name in ("requests", "replies", "life")}
    for path in paths.values():
        os.mkfifo(path, 0o600)
    requests = os.open(paths["requests"], os.O_RDONLY | os.O_NONBLOCK)
    life = os.open(paths["life"], os.O_RDONLY | os.O_NONBLOCK)
    # Until the first request is there: a pipe that nobody has opened for writing yet would look as if it had ended.
    begin = os.open(paths["requests"], os.O_WRONLY)
    # Holding both ends lets the other side open its own without waiting.
    both = os.open(paths["replies"], os.O_RDWR)
    replies = os.open(paths["replies"], os.O_WRONLY)
    if os.fork() > 0:
        os._exit(0)
    os.setsid()
    output, output_end = os.pipe()
    death, death_end = os.pipe()
    deadline = mmap.mmap(-1, DEADLINE.size)
    null = os.open(os.devnull, os.O_RDWR)
    server = os.fork()
    if server == 0:
        os.setpgid(0, 0)
        # Whatever an environment prints goes to the keeper, also what C code prints: nothing of it gets between the replies.
        for source, target in ((null, 0), (output_end, 1), (output_end, 2)):
            os.dup2(source, target)
        for end in (life, both, output, death, output_end, null):
            os.close(end)
        os.set_blocking(requests, True)
        serve(folder, requests, replies, begin, deadline)
        os._exit(0)
    for target in (0, 1, 2):
        os.dup2(null, target)
    for end in (requests, begin, replies, output_end, death_end):
        os.close(end)
    keep(folder, server, life, both, output, death, deadline)


def keep(folder, server, life, both, output, death, deadline):
    """Watches the server until it or mast-lab is gone, and clears up."""
    adopt()
    os.set_blocking(output, False)
    copy = os.environ.get("MAST_PYTHON_OUTPUT")
    log = open(copy, "ab", buffering=0) if copy else None
    kept = b""
    connected = False
    began = time.monotonic()

    def drain():
        nonlocal kept
        try:
            while data := os.read(output, 65_536):
                kept = (kept + data)[-KEPT_OUTPUT:]
                if log:
                    log.write(data)
            # The end: whoever wrote is gone.
            watched.discard(output)
        except OSError:
            return

    def gone():
        """Whether mast-lab has ended or let go of this server."""
        nonlocal connected, both
        try:
            data = os.read(life, 64)
        except BlockingIOError:
            return False
        if data and not connected:
            connected = True
            os.close(both)
        return connected and not data or not connected and time.monotonic() - began > 30

    def late():
        """Whether the server hangs and its alarm does not end it: it may be stopped, or an environment uses the alarm itself."""
        (due,) = DEADLINE.unpack_from(deadline)
        return due > 0 and time.monotonic() > due + GRACE

    status = None
    overdue = False
    watched = {output, death}
    while status is None:
        try:
            select.select(watched | {life} if connected else watched, [], [], 0.5 if connected else 0.01)
        except OSError as error:
            if error.errno != errno.EINTR:
                break
        drain()
        pid, found = os.waitpid(server, os.WNOHANG)
        if pid:
            status = found
        elif not overdue and late():
            overdue = True
            end_group(server)
        elif gone():
            end = time.monotonic() + GRACE
            while time.monotonic() < end and not os.waitpid(server, os.WNOHANG)[0]:
                drain()
                time.sleep(0.02)
            break
    end_all(server)
    if status is not None:
        drain()
        code, number = (None, os.WTERMSIG(status)) if os.WIFSIGNALED(status) else (os.WEXITSTATUS(status), None)
        report = {"code": code, "signal": number and signal.Signals(number).name, "late": overdue, "output": kept.decode("utf-8", "replace")}
        with open(os.path.join(folder, "exit.new"), "w") as file:
            json.dump(report, file)
        os.rename(os.path.join(folder, "exit.new"), os.path.join(folder, "exit"))
        if not connected:
            gone()
        # mast-lab reads the report and lets go.
        end = time.monotonic() + 10
        while time.monotonic() < end and not gone():
            time.sleep(0.02)
    shutil.rmtree(folder, ignore_errors=True)


def adopt():
    """Makes processes whose parents are gone children of this one, so that none that an environment started is lost (Linux)."""
    try:
        import ctypes

        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    except Exception:  # Elsewhere the process group has to do.
        pass


def end_all(server):
    """Ends the server and all that it started, such as a game, also where that has a session of its own."""
    end_group(server)
    end = time.monotonic() + GRACE
    while time.monotonic() < end:
        try:
            with open(f"/proc/self/task/{os.getpid()}/children") as file:
                children = [int(child) for child in file.read().split()]
        except OSError:
            return
        if not children:
            return
        for child in children:
            try:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
            except OSError:
                pass


def end_group(server):
    """Ends the server and what has stayed in its process group."""
    try:
        os.killpg(server, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def serve(folder, requests, replies, begin, deadline):
    """Answers requests until there are no more."""
    import faulthandler

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # An alarm that is not disarmed in time ends the process and leaves the place where it hung. It needs no Python to run, so
    # that code that never returns to the interpreter is ended too.
    hang = open(os.path.join(folder, "hang"), "w")
    faulthandler.register(signal.SIGALRM, file=hang, all_threads=False, chain=True)
    from mast_player import Player

    # Python put the folder of this file there; an environment's own modules must not find ours instead.
    sys.path.remove(os.path.dirname(os.path.abspath(__file__)))

    player = Player()
    set_alarm, real, now, due = signal.setitimer, signal.ITIMER_REAL, time.monotonic, DEADLINE.pack_into

    def arm(seconds):
        """Gives the call that follows so many seconds; 0 when it is done."""
        set_alarm(real, seconds)
        due(deadline, 0, now() + seconds if seconds else 0.0)

    while True:
        data = os.read(requests, 65_536)
        if not data:
            break
        if begin is not None:
            os.close(begin)
            begin = None
        while len(data) < 8 or len(data) < 8 + int.from_bytes(data[:4], "little"):
            more = os.read(requests, 65_536)
            if not more:
                return
            data += more
        reply = player.command(json.loads(data[8:]), arm) if data[4] == 0 else player.play(data, arm)
        arm(0)
        sent = os.write(replies, reply)
        while sent < len(reply):
            sent += os.write(replies, memoryview(reply)[sent:])
    arm(GRACE)
    player.close()


if __name__ == "__main__":
    main(sys.argv[1])
