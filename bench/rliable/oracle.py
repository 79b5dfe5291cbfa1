"""What rliable says of score matrices: a question in JSON on stdin, its answer on stdout. See case.ts for their form."""

import json
import sys
from importlib.metadata import version

import numpy as np
from rliable import library, metrics

choice = np.random.choice


def iqm(scores):
    return np.array([metrics.aggregate_iqm(scores)])


def improvement(x, y):
    return np.array([metrics.probability_of_improvement(x, y)])


def interval(scores, statistic, resamples, confidence, draws=None):
    """The ends of rliable's interval, from its own draws or from given ones."""
    if draws is not None:
        # rliable draws with numpy.random.choice, whatever `random_state` it is given: one matrix of runs x tasks a call.
        given = iter(draws)

        def next_draw(runs, shape, replace):
            draw = np.array(next(given)).T
            assert replace and draw.shape == shape and draw.max() < runs
            return draw

        np.random.choice = next_draw
    try:
        _, ends = library.get_interval_estimates({"": scores}, statistic, reps=resamples, confidence_interval_size=confidence)
        assert draws is None or next(given, None) is None
        return ends[""][:, 0].tolist()
    finally:
        np.random.choice = choice


def answer(case, resamples, own_resamples):
    # Here scores are [tasks][runs]; rliable has runs x tasks.
    x, y, confidence = np.array(case["x"]).T, np.array(case["y"]).T, case["confidence"]
    tasks = x.shape[1]
    both = [draw for drawn in case["bothDraws"] for draw in (drawn[:tasks], drawn[tasks:])]
    np.random.seed(case["seed"])
    return {
        "mean": metrics.aggregate_mean(x),
        "iqm": metrics.aggregate_iqm(x),
        "improvement": metrics.probability_of_improvement(x, y),
        "iqmInterval": interval(x, iqm, resamples, confidence, case["draws"]),
        "improvementInterval": interval([x, y], improvement, resamples, confidence, both),
        "ownInterval": interval(x, iqm, own_resamples, confidence),
    }


question = json.load(sys.stdin)
json.dump(
    {
        "versions": {name: version(name) for name in ("rliable", "arch", "numpy", "scipy", "pandas")},
        "answers": [answer(case, question["resamples"], question["ownResamples"]) for case in question["cases"]],
    },
    sys.stdout,
)
