import { resolveConfig } from "mast-lab/core";
import { battleIn } from "./battle.js";
import { chartIn, shortSteps } from "./chart.js";
import { createLens, lensButtons, lensControls } from "./lens.js";
import { type Chosen, inputOf } from "./link.js";
import { drawMask, factsOf, sharesOf } from "./masks.js";
import { titleOf } from "./settings.js";
import type { Run } from "./team.js";

/** What the page shows of one team: its battle, what it expects, its connections, and the download of its run. */
export interface Card {
  /** Draws what is new in the runs. */
  update(): void;
  remove(): void;
}

const percent = (share: number, digits = 0) => `${(100 * share).toFixed(digits)} %`;

export function cardIn(parent: HTMLElement, letter: string, chosen: Chosen, runs: readonly Run[]): Card {
  const config = resolveConfig(inputOf(chosen));
  const look = `team-${letter.toLowerCase()}`;
  const article = document.createElement("article");
  article.className = `team ${look}`;
  article.setAttribute("aria-label", `Team ${letter}`);
  article.innerHTML = `
    <header>
      <h2><span class="letter" aria-hidden="true">${letter}</span><span>${titleOf(config)}</span></h2>
      <p class="facts"></p>
      <label class="which" ${runs.length > 1 ? "" : "hidden"}>Shown: <select>${runs
        .map(({ number }) => `<option value="${number}">seed ${config.seed + number}</option>`)
        .join("")}</select></label>
      <p class="problem" role="alert"></p>
    </header>
    <div class="column">
    <section class="card">
      <h3>The team in battle</h3>
      <canvas class="battle" role="img" tabindex="0" aria-describedby="${look}-keys"></canvas>
      <p class="caption battle-caption">The untrained team has not fought yet.</p>
      <div class="row">
        <button type="button" class="quiet loop"></button>
        <button type="button" class="quiet another">Another battle</button>
        <span class="row lenses" hidden></span>
      </div>
      <p class="hidden" id="${look}-keys">Keys: + and - zoom, 0 shows the whole battle, and the arrow keys move the map.</p>
    </section>
    <section class="card">
      <h3>What it expects, and what it gets</h3>
      <p class="about">The value that the networks give to what the team is about to do, beside the return that follows. Where the solid line is above the
        dashed one, the team overestimates itself.</p>
      <div class="legend"><span class="key ${look}">expects</span><span class="key dashed ${look}">gets</span></div>
      <div class="chart expectation"></div>
    </section>
    <section class="card">
      <h3>Take it home</h3>
      <p class="about">The run as mast-lab keeps it: metrics, masks over time and a checkpoint, in the same bits as <code>mast train</code> makes.</p>
      <div class="row"><button type="button" class="take" disabled>Download the run</button></div>
      <p class="caption taken" role="status"></p>
      <details class="numbers"><summary>The evaluations as numbers</summary><div class="table"></div></details>
    </section>
    </div>
    <div class="column">
    <section class="card">
      <h3>Its connections</h3>
      <div class="connections">
        <label>Layer <select class="layer"></select></label>
        <div class="mask"><canvas role="img"></canvas></div>
        <p class="legend"><span class="square kept">connection</span><span class="square grown">just grown</span><span class="square dropped">just dropped</span></p>
        <label class="when">Evolution <output></output><input type="range" min="0" max="0" value="0" /></label>
        <p class="caption mask-caption" aria-live="off"></p>
        <div class="inputs"></div>
      </div>
      <p class="caption none"></p>
    </section>
    </div>`;
  parent.append(article);
  const find = <Found extends Element>(selector: string) => article.querySelector<Found>(selector)!;

  let shown = runs[0];
  const select = find<HTMLSelectElement>(".which select");
  select.addEventListener("change", () => {
    shown = runs[Number(select.value)];
    moment = undefined;
    view.clear();
    battleSeen = undefined;
    update();
  });

  // This part shows the battle.
  const canvas = find<HTMLCanvasElement>("canvas.battle");
  const caption = find<HTMLElement>(".battle-caption");
  let battleSeed = 1;
  let battleSeen: Run["battle"];
  const lens = createLens((zoom) => canvas.classList.toggle("zoomed", zoom > 1));
  const lenses = find<HTMLElement>(".lenses");
  lensControls(canvas, lens);
  lensButtons(lenses, lens);
  const view = battleIn(canvas, lens, (battle) => {
    if (battle === undefined) return;
    const { seed, trained, won, episodeReturn, frames } = battle;
    const units = frames[0].units.length > 0;
    lenses.hidden = !units;
    caption.textContent = `Battle ${seed}, by the team of step ${trained.toLocaleString("en")}: ${
      units ? (won ? "won" : "not won") : "over"
    } after ${frames.length - 1} steps, return ${episodeReturn.toFixed(1)}.${units ? " Blue shapes are the team; rings are health." : ""}`;
    canvas.setAttribute("aria-label", caption.textContent);
  });
  const loop = find<HTMLButtonElement>(".loop");
  const sayLoop = () => (loop.textContent = view.playing ? "Stand still" : "Play");
  loop.addEventListener("click", () => (view.play(!view.playing), sayLoop()));
  sayLoop();
  find<HTMLButtonElement>(".another").addEventListener("click", () => {
    battleSeed++;
    runs.forEach((run) => run.fight(battleSeed));
  });

  // What it expects.
  const drawExpectation = chartIn(find<HTMLElement>(".expectation"), 170);

  // This part shows the team's connections.
  const layer = find<HTMLSelectElement>("select.layer");
  const when = find<HTMLInputElement>(".when input");
  const maskCanvas = find<HTMLCanvasElement>(".mask canvas");
  /** The evolution that is shown; the last one while undefined. */
  let moment: number | undefined;
  when.addEventListener("input", () => {
    moment = Number(when.value) === Number(when.max) ? undefined : Number(when.value);
    drawMasks();
  });
  layer.addEventListener("change", () => drawMasks());
  new ResizeObserver(() => drawMasks()).observe(find<HTMLElement>(".mask"));
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  const onScheme = () => drawMasks();
  scheme.addEventListener("change", onScheme);

  function drawMasks(): void {
    const { started, moments } = shown;
    const none = find<HTMLElement>(".none");
    const panel = find<HTMLElement>(".connections");
    const has = moments.length > 0 && moments[0].bits.size > 0 && config.sparsity.level > 0 && config.method !== "tiny";
    panel.hidden = !has;
    none.hidden = has;
    if (!has) {
      none.textContent =
        config.sparsity.level === 0
          ? "Every connection is there, and stays: a dense network has no masks."
          : config.method === "tiny"
            ? "A tiny network is dense: it has few units instead of few connections."
            : "The masks appear as training begins.";
      return;
    }
    const layers = started!.layers.filter(({ name }) => moments[0].bits.has(name));
    if (layer.options.length !== layers.length)
      layer.replaceChildren(...layers.map(({ name }) => new Option(named(name), name)));
    const chosenLayer = layers.find(({ name }) => name === layer.value) ?? layers[0];
    const at = Math.min(moment ?? Infinity, moments.length - 1);
    when.max = String(moments.length - 1);
    when.value = String(at);
    when.disabled = moments.length < 2;
    find<HTMLElement>(".when output").textContent = `${at} of ${moments.length - 1}`;
    drawMask(maskCanvas, moments, at, chosenLayer);
    const { connections, size, kept, grown } = factsOf(moments, at, chosenLayer);
    const text = `${chosenLayer.outputs} outputs (rows) by ${chosenLayer.inputs} inputs (columns) at step ${moments[at].step.toLocaleString("en")}: ${connections.toLocaleString("en")} of ${size.toLocaleString("en")} connections (${percent(connections / size, 1)}). ${
      at === 0
        ? "They were drawn at random."
        : `${grown.toLocaleString("en")} have just grown; ${percent(kept)} of those of the beginning are left.`
    }`;
    find<HTMLElement>(".mask-caption").textContent = text;
    maskCanvas.setAttribute("aria-label", `Mask of ${chosenLayer.name}. ${text}`);
    const inputs = find<HTMLElement>(".inputs");
    const isFirst = chosenLayer.name === "agent.fc1.weight";
    inputs.hidden = !isFirst;
    if (!isFirst) return;
    const shares = sharesOf(moments[at], chosenLayer, started!.inputs);
    const most = Math.max(...shares, 1e-9);
    inputs.innerHTML = `<h4>What it looks at</h4><dl>${started!.inputs
      .map(
        ({ name }, i) =>
          `<div><dt>${inputName(name)}</dt><dd><span class="meter" style="--share:${((100 * shares[i]) / most).toFixed(1)}%"></span>${percent(shares[i], 1)}</dd></div>`,
      )
      .join("")}</dl>`;
  }

  // To take home.
  const take = find<HTMLButtonElement>(".take");
  take.addEventListener("click", async () => {
    take.disabled = true;
    const { name, zip } = await shown.files();
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([zip], { type: "application/zip" }));
    link.download = `${name}.zip`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    take.disabled = false;
    const taken = find<HTMLElement>(".taken");
    taken.innerHTML = `Unpack it in the project's <code>data/runs</code>. A notebook then reads it with <code>readRun("${name}")</code> (from <code>mast-lab/analysis</code>), and this command ${
      shown.state === "ended" ? "completes its summary" : "goes on with it"
    }:<br><code class="command">npx mast train --config data/runs/${name}/config.json</code>`;
  });

  function update(): void {
    const { started, evaluations, step, seconds, battle, checkpoint } = shown;
    const speed = seconds > 0 ? `${Math.round(step / seconds).toLocaleString("en")} steps a second` : "";
    find<HTMLElement>(".facts").textContent =
      started === undefined
        ? ""
        : [
            `${started.parameters.toLocaleString("en")} weights`,
            `${percent(started.size, 1)} of the size and ${percent(started.flops, 1)} of the arithmetic of a dense team`,
            speed,
          ]
            .filter((text) => text !== "")
            .join(" · ");
    find<HTMLElement>(".problem").textContent = runs.flatMap((run) => run.problem ?? []).join(" ");
    if (battle !== undefined && battle !== battleSeen) view.show((battleSeen = battle));
    take.disabled = checkpoint === undefined;
    take.textContent =
      checkpoint === undefined ? "Download the run" : `Download the run up to step ${checkpoint.toLocaleString("en")}`;
    const T0 =
      config.returns.kind === "one-step"
        ? []
        : [{ x: config.returns.burnIn, name: "<tspan font-style='italic'>T</tspan>₀" }];
    drawExpectation({
      lines: [
        { points: evaluations.map((e) => [e.step, e.trueValue] as const), look: `${look} dashed`, name: "gets" },
        { points: evaluations.map((e) => [e.step, e.estimatedValue] as const), look, name: "expects" },
      ],
      most: config.steps,
      format: (value) => Number(value.toFixed(2)).toString(),
      label: `What team ${letter} expects and what it gets, by steps of training`,
      marks: T0,
    });
    drawMasks();
    find<HTMLElement>(".table").innerHTML =
      `<table><thead><tr><th>steps</th><th>won</th><th>expects</th><th>gets</th></tr></thead><tbody>${evaluations
        .map(
          (e) =>
            `<tr><td>${shortSteps(e.step)}</td><td>${percent(e.winRate, 1)}</td><td>${e.estimatedValue.toFixed(2)}</td><td>${e.trueValue.toFixed(2)}</td></tr>`,
        )
        .join("")}</tbody></table>`;
  }
  update();
  return {
    update,
    remove() {
      scheme.removeEventListener("change", onScheme);
      view.clear();
      article.remove();
    },
  };
}

/** Plain names of the layers, shown beside their names in PyMARL. */
const LAYERS: Readonly<Record<string, string>> = {
  "agent.fc1.weight": "agent: what it sees",
  "agent.rnn.weight_ih": "agent: into its memory",
  "agent.rnn.weight_hh": "agent: memory to memory",
  "agent.fc2.weight": "agent: memory to actions",
};

function named(name: string): string {
  return LAYERS[name] === undefined ? name.replace(/\.weight$/, "") : `${LAYERS[name]} (${name})`;
}

function inputName(name: string): string {
  return name === "id"
    ? "which agent it is"
    : name === "own"
      ? "itself"
      : name === "moves"
        ? "where it may go"
        : /^e\d+$/.test(name)
          ? `enemy ${name.slice(1)}`
          : name;
}
