import { type Card, cardIn } from "./card.js";
import { chartIn, type Line, shortSteps } from "./chart.js";
import { type Chosen, linkOf, SECOND, teamsOf } from "./link.js";
import { settingsIn, type Settings, titleOf } from "./settings.js";
import { Run } from "./team.js";

/** The page has settings on one side and what is trained on the other. */

const element = <Found extends HTMLElement>(id: string) => document.getElementById(id) as Found;
const LETTERS = ["A", "B"];

/**
 * Number of runs that train at the same time: one core is left to the page, and two teams are always seen side by side.
 */
const AT_ONCE = Math.max(2, (navigator.hardwareConcurrency || 2) - 1);

const train = element<HTMLButtonElement>("train");
const step = element<HTMLButtonElement>("step");
const over = element<HTMLButtonElement>("over");
const compare = element<HTMLButtonElement>("compare");
const drawWinRate = chartIn(element("win-rate"), 240);

/** What people have chosen in the forms. */
let settings: Settings[] = [];
/** The teams that are or were trained; empty before training. */
let teams: {
  readonly chosen: Chosen;
  readonly title: string;
  readonly steps: number;
  readonly runs: readonly Run[];
  readonly card: Card;
}[] = [];
let paused = false;

function buildSettings(chosen: readonly Chosen[]): void {
  const parent = element("teams-settings");
  parent.replaceChildren();
  settings = [];
  chosen.forEach((team, i) => {
    const change = (changed: Settings) => {
      settings[i] = changed;
      changedSettings();
    };
    settings[i] = settingsIn(
      parent,
      LETTERS[i],
      team,
      change,
      i === 0 ? undefined : () => buildSettings([settings[0].chosen]),
    );
  });
  compare.hidden = settings.length > 1;
  changedSettings();
}

function changedSettings(): void {
  const link = `#${linkOf(settings.map(({ chosen }) => chosen))}`;
  if (location.hash !== link) history.replaceState(null, "", link);
  refresh();
}

/** Tells whether the forms differ from what is trained. */
const differs = () =>
  teams.length > 0 && linkOf(settings.map(({ chosen }) => chosen)) !== linkOf(teams.map(({ chosen }) => chosen));

const runs = () => teams.flatMap((team) => team.runs);
const isOver = () => teams.length > 0 && runs().every(({ state }) => state === "ended" || state === "failed");

function begin(startPaused: boolean): void {
  paused = startPaused;
  const news = () => schedule();
  teams = settings.map(({ chosen, config }, i) => {
    const runs = Array.from({ length: chosen.seeds }, (_, number) => new Run(chosen, number, news));
    return {
      chosen,
      title: titleOf(config!),
      steps: config!.steps,
      runs,
      card: cardIn(element("teams"), LETTERS[i], chosen, runs),
    };
  });
  element("teams").classList.toggle("two", teams.length > 1);
  beginWaiting();
  refresh();
}

/** Starts as many runs as may train at once, the first seeds of all teams first. */
function beginWaiting(): void {
  const waiting = runs()
    .filter(({ state }) => state === "waiting")
    .sort((a, b) => a.number - b.number);
  let busy = runs().filter(({ state }) => state === "running" || state === "paused").length;
  for (const run of waiting) if (busy++ < AT_ONCE) run.begin(paused);
}

function startOver(): void {
  for (const run of runs()) run.end();
  for (const { card } of teams) card.remove();
  teams = [];
  paused = false;
  refresh();
}

// News come faster than a screen can show them.
let scheduled = false;
function schedule(): void {
  if (scheduled) return;
  scheduled = true;
  setTimeout(() => {
    scheduled = false;
    beginWaiting();
    for (const { card } of teams) card.update();
    refresh();
  }, 150);
}

function refresh(): void {
  const usable = settings.every(({ config }) => config !== undefined);
  const running = teams.length > 0 && !isOver();
  train.textContent = !running ? (teams.length > 0 ? "Train again" : "Train") : paused ? "Continue" : "Pause";
  train.disabled = !running && !usable;
  step.disabled = running ? !paused : !usable || teams.length > 0;
  over.disabled = teams.length === 0;
  element("stage").dataset["state"] = teams.length === 0 ? "idle" : isOver() ? "over" : paused ? "paused" : "running";
  element("status").textContent = statusText();
  showProgress();
  showWinRate();
}

function statusText(): string {
  if (teams.length === 0) return "Choose, and press Train. The untrained team is evaluated first.";
  if (differs())
    return isOver()
      ? "The settings have changed: train again to use them."
      : "The settings have changed: start over to use them.";
  if (isOver()) {
    const scores = teams.map(({ runs }, i) => {
      const known = runs.flatMap(({ score }) => score ?? []);
      const mean = known.reduce((sum, score) => sum + score, 0) / known.length;
      return known.length === 0
        ? ""
        : `${teams.length > 1 ? `Team ${LETTERS[i]} scores` : "The team scores"} ${(100 * mean).toFixed(1)} %`;
    });
    return `Training is over. ${scores.filter((text) => text !== "").join(", ")}.`;
  }
  return paused ? "Paused. Step goes on to the next evaluation, evolution or thousand steps." : "";
}

function showProgress(): void {
  const parent = element("progress");
  const want = teams.flatMap(({ runs, steps }, i) => {
    const done = runs.reduce((sum, run) => sum + Math.min(run.step, steps), 0);
    const all = steps * runs.length;
    const left = runs.reduce((most, run) => {
      if (run.state === "ended" || run.step === 0) return most;
      return Math.max(most, ((steps - run.step) * run.seconds) / run.step);
    }, 0);
    const time = left > 0 && !paused ? `, about ${clock(left)} left` : "";
    return {
      letter: LETTERS[i],
      done,
      all,
      text: `${done.toLocaleString("en")} of ${all.toLocaleString("en")} steps${time}`,
    };
  });
  if (parent.children.length !== want.length)
    parent.innerHTML = want
      .map(
        ({ letter }) =>
          `<div class="team-${letter.toLowerCase()}"><progress aria-label="Training of team ${letter}"></progress><span></span></div>`,
      )
      .join("");
  want.forEach(({ done, all, text }, i) => {
    const bar = parent.children[i].querySelector("progress")!;
    bar.max = all;
    bar.value = done;
    parent.children[i].querySelector("span")!.textContent = text;
  });
}

function clock(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds));
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

function showWinRate(): void {
  const lines: Line[] = teams.flatMap(({ runs }, i) => {
    const look = `team-${LETTERS[i].toLowerCase()}`;
    const curves = runs.map(({ evaluations }) => evaluations.map((e) => [e.step, e.winRate] as const));
    if (runs.length === 1) return [{ points: curves[0], look, name: `Team ${LETTERS[i]}` }];
    const shared = Math.min(...curves.map(({ length }) => length));
    const mean = curves[0]
      .slice(0, shared)
      .map(([at], k) => [at, curves.reduce((sum, curve) => sum + curve[k][1], 0) / curves.length] as const);
    return [
      ...curves.map((points) => ({ points, look: `${look} faint` })),
      { points: mean, look, name: `Team ${LETTERS[i]}, mean of ${runs.length}` },
    ];
  });
  const most =
    teams.length > 0 ? Math.max(...teams.map(({ steps }) => steps)) : (settings[0]?.config?.steps ?? 100_000);
  const last = teams.map(({ runs, title }, i) => {
    const known = runs.flatMap(({ evaluations }) => evaluations.at(-1) ?? []);
    const mean = known.reduce((sum, { winRate }) => sum + winRate, 0) / known.length;
    return known.length === 0
      ? title
      : `team ${LETTERS[i]} (${title}) wins ${(100 * mean).toFixed(0)} % at step ${shortSteps(known.at(-1)!.step)}`;
  });
  element("legend").innerHTML = teams
    .map(
      ({ title }, i) =>
        `<span class="key team-${LETTERS[i].toLowerCase()}${i > 0 ? " dashed" : ""}">${LETTERS[i]}: ${title}</span>`,
    )
    .join("");
  drawWinRate({
    lines: lines.map((line) => (line.look.startsWith("team-b") ? { ...line, look: `${line.look} dashed` } : line)),
    most,
    range: [0, 1],
    format: (value) => `${Math.round(100 * value)} %`,
    label:
      teams.length === 0
        ? "Win rate by steps of training; nothing is trained yet"
        : `Win rate by steps of training: ${last.join("; ")}`,
  });
}

train.addEventListener("click", () => {
  if (teams.length === 0 || isOver()) {
    startOver();
    return begin(false);
  }
  paused = !paused;
  for (const run of runs())
    if (paused) run.pause();
    else run.go();
  refresh();
});
step.addEventListener("click", () => {
  if (teams.length === 0) begin(true);
  for (const run of runs()) run.step1();
});
over.addEventListener("click", startOver);
compare.addEventListener("click", () => buildSettings([settings[0].chosen, withMap(SECOND, settings[0].chosen)]));

/** Gives the second team the map, the budget and the seeds of the first. */
function withMap(team: Chosen, { fields, seeds }: Chosen): Chosen {
  const shared = [...fields].filter(
    ([field]) => !["method", "sparsity.level", "returns.lambda", "returns.burnIn", "topology.interval"].includes(field),
  );
  return { fields: new Map([...team.fields, ...shared]), seeds };
}

element("share").addEventListener("click", async () => {
  const said = element("shared");
  try {
    await navigator.clipboard.writeText(location.href);
    said.textContent = "The link is copied: whoever opens it sees these settings.";
  } catch {
    said.textContent = "The address of this page is the link: copy it from the address bar.";
  }
});
// The part of the address after "#" holds the settings, so this link must not change it.
document.querySelector(".skip")!.addEventListener("click", (event) => {
  event.preventDefault();
  element("stage").focus();
});
addEventListener("hashchange", () => buildSettings(teamsOf(location.hash)));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => refresh());

buildSettings(teamsOf(location.hash));
