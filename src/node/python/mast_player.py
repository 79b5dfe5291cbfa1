"""The server's environments: loads them, plays calls on them and writes what they show into replies. See serve.py."""
import json
import math
import struct
import traceback

from mast_adapters import Wrong, load

try:
    import numpy
except ImportError:  # An environment of plain Python needs none.
    numpy = None

HEADER = struct.Struct("<II")
CALL = struct.Struct("<III")
RECORD = struct.Struct("<dII")
ENDED, TERMINAL, WON, FAULT, TELLS = 1, 2, 4, 8, 16


class Player:
    """Copies of one environment, by their numbers."""

    def __init__(self):
        self.make = None
        self.copies = {}
        self.buffers = {}

    def command(self, command, arm):
        """Answers a command in JSON by JSON."""
        arm(command.get("seconds", 0))
        try:
            answer = getattr(self, f"do_{command['do']}")(command)
        except Exception as error:
            answer = {"fault": describe(error)}
        text = json.dumps(answer).encode()
        return HEADER.pack(len(text), len(text)) + text

    def do_load(self, command):
        """Loads an environment and says its sizes."""
        self.make = load(command["spec"], command["options"])
        self.seconds = command["secondsPerCall"]
        first = self.make()
        self.sizes = sizes = first.sizes
        self.copies[0] = first
        agents, actions = sizes["agents"], sizes["actions"]
        self.continuous = "box" in sizes
        self.stride = CALL.size + (4 * agents * actions if self.continuous else (agents + 3) // 4 * 4)
        self.floats = agents * sizes["observation"] + sizes["state"]
        self.record = (RECORD.size + 4 * self.floats + agents * actions + 7) // 8 * 8
        return {"sizes": sizes, "api": first.api, "seeded": first.seeded, "wins": first.wins}

    def do_snapshot(self, command):
        """What a copy shows of itself for drawing, or null."""
        return {"snapshot": self.copies[command["copy"]].snapshot()}

    def play(self, data, arm):
        """Plays the calls of a frame, each on its copy."""
        count = (len(data) - HEADER.size) // self.stride
        buffer, records = self.buffer(count)
        agents = self.sizes["agents"]
        faults = []
        offset = HEADER.size
        for i in range(count):
            number, call, seed = CALL.unpack_from(data, offset)
            offset += CALL.size
            end = offset + self.stride - CALL.size
            if self.continuous:
                actions = numpy.frombuffer(data[offset:end], "<f4").reshape(agents, -1)
            else:
                actions = list(data[offset : offset + agents])
            offset = end
            start, observations, state, available = records[i]
            arm(self.seconds)
            doing = "making a copy"
            try:
                copy = self.copies.get(number)
                if copy is None:
                    copy = self.copies[number] = self.make()
                    if copy.sizes != self.sizes:
                        raise Wrong(f"a copy has the sizes {copy.sizes}, the first one has {self.sizes}")
                if call == 0:
                    doing = "reset"
                    reward, flags = 0.0, 0
                    copy.reset(seed)
                else:
                    doing = "step"
                    reward, ended, terminal, won, tells = copy.step(actions)
                    flags = (ENDED if ended else 0) | (TERMINAL if terminal else 0) | (WON if won else 0) | (TELLS if tells else 0)
                doing = "showing what agents see"
                copy.show(observations, state, available)
                RECORD.pack_into(buffer, start, reward, flags, 0)
            except Exception as error:
                self.drop(number)
                RECORD.pack_into(buffer, start, 0.0, FAULT, 0)
                faults.append({"index": i, "call": doing, **describe(error)})
        if not faults:
            return buffer
        text = json.dumps(faults).encode()
        return HEADER.pack(len(buffer) - HEADER.size + len(text), len(text)) + bytes(buffer[HEADER.size :]) + text

    def buffer(self, count):
        """A reply for that many copies, with views of each record's arrays; made once for each number of copies."""
        if count not in self.buffers:
            size = count * self.record
            buffer = bytearray(HEADER.size + size)
            HEADER.pack_into(buffer, 0, size, 0)
            agents, width = self.sizes["agents"], self.sizes["observation"]
            view = memoryview(buffer)
            records = []
            for i in range(count):
                start = HEADER.size + i * self.record
                first = start + RECORD.size
                middle = first + 4 * agents * width
                last = first + 4 * self.floats
                end = last + agents * self.sizes["actions"]
                records.append((start, floats(view[first:middle], (agents, width)), floats(view[middle:last], (self.sizes["state"],)), masks(view[last:end], (agents, self.sizes["actions"]))))
            self.buffers[count] = (buffer, records)
        return self.buffers[count]

    def drop(self, number):
        """Lets go of a copy that failed: the next reset makes another."""
        copy = self.copies.pop(number, None)
        try:
            if copy is not None:
                copy.close()
        except Exception:
            pass

    def close(self):
        for number in list(self.copies):
            self.drop(number)


def floats(view, shape):
    return numpy.frombuffer(view, "<f4").reshape(shape) if numpy else Plain(view.cast("f"), shape)


def masks(view, shape):
    return numpy.frombuffer(view, "u1").reshape(shape) if numpy else Plain(view, shape)


class Plain:
    """What numpy's arrays do for `show`, without numpy: `array[...] = nested lists` or a number."""

    def __init__(self, view, shape):
        self.view, self.shape = view, shape

    def __setitem__(self, key, values):
        rows = list(flat(values)) if hasattr(values, "__len__") else [values] * math.prod(self.shape)
        if len(rows) != len(self.view):
            raise ValueError(f"got {len(rows)} numbers in place of {' x '.join(map(str, self.shape))}")
        for i, value in enumerate(rows):
            self.view[i] = value


def flat(values):
    for value in values:
        if hasattr(value, "__len__"):
            yield from flat(value)
        else:
            yield value


def describe(error):
    """An exception for a person: what it says, and where it was raised."""
    if isinstance(error, Wrong):
        return {"kind": "wrong", "message": str(error)}
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else ""
    return {"kind": "raised", "message": f"{type(error).__name__}: {error}", "where": where}
