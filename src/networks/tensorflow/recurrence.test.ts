import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { recurrence, recurrenceByAutograd, type Recurrence } from "./recurrence.js";

const [RUNS, STEPS, ROWS, HIDDEN] = [2, 5, 3, 4];

beforeAll(async () => {
  await tf.setBackend("cpu");
});

function example(): Recurrence {
  const values = (count: number, frequency: number) =>
    Array.from({ length: count }, (_, i) => Math.sin(frequency * (i + 1)));
  return {
    gates: tf.tensor4d(values(RUNS * STEPS * ROWS * 3 * HIDDEN, 1.7), [RUNS, STEPS, ROWS, 3 * HIDDEN]),
    weight: tf.tensor3d(values(RUNS * HIDDEN * 3 * HIDDEN, 2.3), [RUNS, HIDDEN, 3 * HIDDEN]),
    bias: tf.tensor3d(values(RUNS * HIDDEN, 0.9), [RUNS, 1, HIDDEN]),
  };
}

/** Gradients of a sum that weighs every hidden state differently. */
function gradients(states: (of: Recurrence) => tf.Tensor4D, { gates, weight, bias }: Recurrence): number[][] {
  const dy = tf.tensor4d(
    Array.from({ length: RUNS * STEPS * ROWS * HIDDEN }, (_, i) => Math.cos(i)),
    [RUNS, STEPS, ROWS, HIDDEN],
  );
  const of = tf.grads((...given) =>
    states({ gates: given[0] as tf.Tensor4D, weight: given[1] as tf.Tensor3D, bias: given[2] as tf.Tensor3D }),
  );
  return of([gates, weight, bias], dy).map((gradient) => [...gradient.dataSync()]);
}

describe("the gradient of the recurrence", () => {
  const close = (actual: number[][], expected: number[][]) =>
    expected.forEach((values, part) => values.forEach((value, i) => expect(actual[part][i]).toBeCloseTo(value, 5)));

  it("is what TensorFlow.js makes of the equations", () => {
    close(
      gradients((of) => recurrence(tf, of), example()),
      gradients((of) => recurrenceByAutograd(tf, of), example()),
    );
  });

  it("is the same when the hidden states are given", () => {
    const known = recurrenceByAutograd(tf, example());
    close(
      gradients((of) => recurrence(tf, of, known), example()),
      gradients((of) => recurrence(tf, of), example()),
    );
  });

  it("takes few kernels a step", async () => {
    const perStep = async (work: () => unknown) => {
      const { kernels } = await tf.profile(() => void work());
      return kernels.filter(({ name }) => !["Identity", "Reshape"].includes(name)).length / STEPS;
    };
    const ours = await perStep(() => gradients((of) => recurrence(tf, of), example()));
    const autograd = await perStep(() => gradients((of) => recurrenceByAutograd(tf, of), example()));
    expect(ours).toBeLessThan(0.75 * autograd);
  });
});
