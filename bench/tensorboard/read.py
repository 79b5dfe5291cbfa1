"""What TensorBoard reads of an event file: its scalars by tag, as JSON. python read.py FOLDER"""

import json
import sys
from importlib.metadata import version

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0})
events.Reload()
json.dump(
    {
        "tensorboard": version("tensorboard"),
        "began": events.FirstEventTimestamp(),
        "scalars": {
            tag: [[event.step, event.wall_time, event.value] for event in events.Scalars(tag)]
            for tag in sorted(events.Tags()["scalars"])
        },
    },
    sys.stdout,
)
