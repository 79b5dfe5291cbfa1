import { describe, expect, it } from "vitest";
import { resolveConfig } from "../config.js";
import { algorithms } from "./algorithm.js";
import { completeOptions, type PartTable, registerParts } from "./registry.js";

const cost = { copies: { agent: 2 }, passes: { agent: 4 } };
const networks = { agent: "recurrent", mixer: "sum" };
const update = () => undefined;

describe("registerParts", () => {
  it.each<[string, PartTable, string]>([
    ["no object", [] as unknown as PartTable, "gives []; expected an object"],
    ["nothing", {}, "gives no parts; expected some of"],
    ["an unknown kind", { algorithm: {} }, 'has a key "algorithm"; did you mean "algorithms"?'],
    [
      "parts that are no object",
      { operators: 3 as never },
      "has operators that are 3; expected an object with a part for each name",
    ],
    ["a part that is none", { operators: { mine: 3 } }, 'operator "mine" is 3; expected an object'],
    ["an operator without evaluate", { operators: { mine: {} } }, 'operator "mine" lacks evaluate, a function'],
    [
      "an operator whose evaluate is a number",
      { operators: { mine: { evaluate: 3 } } },
      'operator "mine" has evaluate that is 3; expected a function',
    ],
    [
      "a growth rule without scores",
      { growth: { mine: { gradients: true } } },
      'growth rule "mine" lacks scores, a function',
    ],
    [
      "a growth rule that is unclear about gradients",
      { growth: { mine: { gradients: "yes", scores: update } } },
      'growth rule "mine" has gradients that is neither true nor false',
    ],
    ["an environment without create", { environments: { mine: {} } }, 'environment "mine" lacks create, a function'],
    ["a method without defaults", { methods: { mine: {} } }, 'method "mine" has defaults that are undefined'],
    [
      "a method of other networks",
      { methods: { mine: { defaults: {}, networks: "small" } } },
      'method "mine" has networks "small"; there are',
    ],
    ["an algorithm without networks", { algorithms: { mine: { cost, update } } }, 'algorithm "mine" lacks networks'],
    [
      "an algorithm with another mixer",
      { algorithms: { mine: { networks: { ...networks, mixer: "max" }, cost, update } } },
      'algorithm "mine" has networks.mixer "max"; there are "monotonic", "sum", "none"',
    ],
    [
      "an algorithm with a network that is no kind",
      { algorithms: { mine: { networks: { ...networks, central: true }, cost, update } } },
      'algorithm "mine" has networks.central true; there are "recurrent", "action-value", "monotonic", "unrestricted"',
    ],
    [
      "an algorithm whose agents cannot act",
      { algorithms: { mine: { networks: { agent: "policy", mixer: "sum" }, cost, update } } },
      'algorithm "mine" has networks.agent "policy"; there is "recurrent"',
    ],
    ["an algorithm without cost", { algorithms: { mine: { networks, update } } }, 'algorithm "mine" lacks cost'],
    [
      "an algorithm that counts what there is not",
      { algorithms: { mine: { networks, cost: { ...cost, copies: { critic: 2 } }, update } } },
      'algorithm "mine" counts 2 of critic in its cost',
    ],
    [
      "an algorithm without update",
      { algorithms: { mine: { networks, cost } } },
      'algorithm "mine" lacks update, a function',
    ],
    [
      "a name that is none",
      { operators: { "a b": { evaluate: update } } },
      'operator "a b" has a name that is not up to 60 letters',
    ],
    [
      "a name that is built in",
      { operators: { max: { evaluate: update } } },
      'operator "max" has the name of one that is built in: choose another name',
    ],
    [
      "a title that is no text",
      { operators: { mine: { title: 3, evaluate: update } } },
      'operator "mine" has title 3; expected some text',
    ],
    [
      "an option without a plain default",
      { operators: { mine: { options: { a: [1] }, evaluate: update } } },
      'operator "mine" has option a with the default [1]',
    ],
    [
      "a map of unknown units",
      { maps: { mine: { episodeLimit: 9, allies: { marine: 1 }, enemies: { ghost: 1 } } } },
      'environment "mine" has enemies of type "ghost"; there are',
    ],
  ])("refuses %s by name, in one line", (_, table, message) => {
    expect(() => registerParts(table)).toThrow(message);
    expect(() => registerParts(table)).toThrow(/^[^\n]*$/);
  });

  it("registers all parts of a table or none", () => {
    expect(() =>
      registerParts({ algorithms: { "half-good": { networks, cost, update } }, operators: { bad: {} } }),
    ).toThrow('operator "bad"');
    expect(algorithms.find("half-good")).toBeUndefined();
  });

  it("replaces what the program itself registered before, as a notebook's cell does that runs again", () => {
    registerParts({ algorithms: { again: { title: "First", networks, cost, update } } });
    registerParts({ algorithms: { again: { title: "Second", networks, cost, update } } });
    expect(algorithms.title("again")).toBe("Second");
    expect(resolveConfig({ algorithm: "again" }).algorithm).toBe("again");
  });
});

describe("completeOptions", () => {
  const part = { options: { length: 5, name: "a", strict: false } };
  it("takes defaults for what is left out", () => {
    expect(completeOptions("this", part, { length: 7 }, "options")).toEqual({ length: 7, name: "a", strict: false });
  });
  it.each<[Record<string, unknown>, string]>([
    [
      { lenght: 3 },
      'options has an option "lenght", which this has not; did you mean "length"? allowed: length, name, strict',
    ],
    [{ length: "3" }, 'options.length is "3"; this expects a number, such as 5'],
    [{ length: Number.NaN }, "options.length is NaN; this expects a number, such as 5"],
    [{ strict: 1 }, "options.strict is 1; this expects a boolean, such as false"],
    [JSON.parse('{"__proto__": 1}') as Record<string, unknown>, 'has an option "__proto__"'],
  ])("refuses %j", (given, message) => {
    expect(() => completeOptions("this", part, given, "options")).toThrow(message);
  });
});
