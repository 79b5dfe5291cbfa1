import { expect, it } from "vitest";
import { createRandom } from "../../random.js";
import { randomDecPomdp } from "./dec-pomdp.js";
import { factoredNextValues, factoredTotals, fitFactored, greedyChoices, type FactoredValues } from "./factored.js";
import { highestValues } from "./multi-step-error.js";
import { gaussian } from "./noise.js";
import { expectAction, reactivePolicy } from "./values.js";

const game = randomDecPomdp({ seed: 5, agents: 3, observations: 2, actions: 3 });
const random = createRandom(9);
const values = (length: number) => Float64Array.from({ length }, () => gaussian(random));
const anyTeam = (): FactoredValues => ({ bias: values(8), agents: [values(6), values(6), values(6)] });

it("has the IGM property: the agents' greedy actions are the best joint action of every state", () => {
  for (let k = 0; k < 20; k++) {
    const team = anyTeam();
    const totals = factoredTotals(game, team);
    const chosen = expectAction(game, reactivePolicy(game, greedyChoices(game, team)), totals);
    const best = highestValues(game, totals);
    factoredNextValues(game, team, { kind: "max" }).forEach((value, s) => {
      expect(value).toBeCloseTo(best[s], 12);
      expect(chosen[s]).toBeCloseTo(best[s], 12);
    });
  }
});

it("fits what can be factored exactly, and everything else as closely as can be", () => {
  const exact = factoredTotals(game, anyTeam());
  factoredTotals(game, fitFactored(game, exact)).forEach((x, i) => expect(x).toBeCloseTo(exact[i], 12));

  const q = values(8 * 27);
  const fit = fitFactored(game, q);
  const squares = (team: FactoredValues) => factoredTotals(game, team).reduce((sum, x, i) => sum + (x - q[i]) ** 2, 0);
  const least = squares(fit);
  for (let k = 0; k < 50; k++) {
    const other = anyTeam();
    const mix = (a: Float64Array, b: Float64Array) => a.map((x, i) => x + 0.01 * b[i]);
    expect(
      squares({ bias: mix(fit.bias, other.bias), agents: fit.agents.map((table, i) => mix(table, other.agents[i])) }),
    ).toBeGreaterThan(least);
  }
});
