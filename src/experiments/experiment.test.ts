import { expect, it } from "vitest";
import { EXPERIMENTS, MEASUREMENTS } from "./all.js";
import { type Profile, profileNamed, PROFILES } from "./experiment.js";

it("knows the profiles by name", () => {
  for (const name of PROFILES) expect(profileNamed(name)).toBe(name);
  expect(() => profileNamed("quick")).toThrow('There is no profile "quick"; allowed: "smoke", "classroom", "paper"');
  expect(() => profileNamed("clasroom")).toThrow('There is no profile "clasroom"; did you mean "classroom"?');
  expect(() => profileNamed("")).toThrow('There is no profile ""; allowed:');
});

it("refuses a profile that there is not, and a number of seeds that is none, in every experiment", async () => {
  for (const { id, configs } of EXPERIMENTS) {
    expect(() => configs("quick" as Profile), id).toThrow('There is no profile "quick"');
    for (const seeds of [0, 1.5, Number.NaN, 1e9])
      expect(() => configs("smoke", seeds), id).toThrow(
        `${id} was asked for ${seeds} seeds; allowed: a whole number from 1 to 1,000`,
      );
    expect(configs("smoke", 2).length, id).toBeGreaterThan(1);
  }
  for (const measurement of MEASUREMENTS)
    await expect(measurement.measure("quick" as Profile), measurement.id).rejects.toThrow(
      'There is no profile "quick"',
    );
});
