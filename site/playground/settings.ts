import { type Config, resolveConfig } from "mast-lab/core";
import { type Control, CONTROLS, METHODS, MOST_SEEDS } from "./controls.js";
import { type Chosen, inputOf, textOf, valueOf } from "./link.js";

/** The form in which a team is chosen. */
export interface Settings {
  readonly chosen: Chosen;
  /** The configuration of its first run; undefined while something cannot be trained. */
  readonly config: Config | undefined;
}

/** Returns a configuration in a few words, such as "MAST, 95 % sparse, on 3m". */
export function titleOf({ method, sparsity, algorithm, environment }: Config): string {
  const name = METHODS.find(({ value }) => value === method)?.label ?? method;
  const sparse =
    method === "tiny"
      ? `, size of ${percent(sparsity.level)} sparse`
      : sparsity.level > 0
        ? `, ${percent(sparsity.level)} sparse`
        : "";
  return `${name}${algorithm === "qmix" ? "" : ` ${algorithm.toUpperCase()}`}${sparse}, on ${environment}`;
}

const percent = (share: number) => `${Number((100 * share).toFixed(1))} %`;

const FIELDS: ReadonlySet<string> = new Set(CONTROLS.map(({ field }) => field));

/**
 * Builds the form of a team.
 *
 * @param letter "A" or "B"
 * @param onChange is told of every change
 * @param remove called by a button that takes the team away; without it there is no button
 */
export function settingsIn(
  parent: HTMLElement,
  letter: string,
  start: Chosen,
  onChange: (settings: Settings) => void,
  remove?: () => void,
): Settings {
  const fields = new Map(start.fields);
  let seeds = start.seeds;
  let config: Config | undefined;
  const id = (name: string) => `${letter}-${name.replaceAll(".", "-")}`;

  const details = document.createElement("details");
  details.className = `team-settings team-${letter.toLowerCase()}`;
  details.open = matchMedia("(min-width: 900px)").matches;
  details.innerHTML = `
    <summary><span class="letter" aria-hidden="true">${letter}</span><span class="title"></span></summary>
    <form>
      ${CONTROLS.map((control) => controlHtml(control, id)).join("")}
      <div class="control">
        <label for="${id("seeds")}">Number of seeds</label>
        <input id="${id("seeds")}" name="seeds" type="number" min="1" max="${MOST_SEEDS}" step="1" value="${seeds}" />
        <p class="help">One run is luck. Several, with seeds that count up, show how much of it.</p>
      </div>
      <details class="more">
        <summary>Other fields of the configuration</summary>
        <label class="hidden" for="${id("other")}">Other fields, one a line</label>
        <textarea id="${id("other")}" name="other" rows="4" spellcheck="false" placeholder="algorithm=vdn&#10;optimiser.learningRate=0.001"></textarea>
        <p class="help">One a line, as <code>mast train --set</code> takes them.</p>
      </details>
      <p class="problem" role="alert"></p>
    </form>`;
  parent.append(details);
  const form = details.querySelector("form")!;
  const problem = details.querySelector<HTMLElement>(".problem")!;
  const input = (name: string) => form.elements.namedItem(name) as HTMLInputElement;
  form.addEventListener("submit", (event) => event.preventDefault());
  if (remove !== undefined) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet";
    button.textContent = "Take the second team away";
    button.addEventListener("click", remove);
    form.append(button);
  }

  input("other").value = [...fields]
    .flatMap(([field, value]) => (FIELDS.has(field) ? [] : `${field}=${textOf(value)}`))
    .join("\n");
  if (input("other").value !== "") details.querySelector<HTMLDetailsElement>(".more")!.open = true;

  form.addEventListener("input", (event) => {
    const { name, value, type } = event.target as HTMLInputElement;
    if (name === "seeds") seeds = Math.min(MOST_SEEDS, Math.max(1, Math.round(Number(value)) || 1));
    else if (name === "other") readOther(value);
    else if (value.trim() === "") fields.delete(name);
    else fields.set(name, type === "number" || type === "range" ? Number(value) : value);
    if (name === "method") adapt(value);
    update(event.target as HTMLInputElement);
  });

  /** Hides the settings that have no meaning for a method. */
  function adapt(method: string): void {
    if (method === "dense") fields.delete("sparsity.level");
    else if (!fields.has("sparsity.level")) fields.set("sparsity.level", 0.95);
    for (const { field } of CONTROLS) {
      if (!["returns.lambda", "returns.burnIn", "topology.interval"].includes(field) || !fields.has(field)) continue;
      try {
        if (why(field, resolveConfig(inputOf({ fields, seeds }))) !== undefined) fields.delete(field);
      } catch {
        fields.delete(field);
      }
    }
  }

  function readOther(text: string): void {
    for (const field of [...fields.keys()]) if (!FIELDS.has(field)) fields.delete(field);
    for (const line of text.split("\n")) {
      const at = line.indexOf("=");
      if (at > 0) fields.set(line.slice(0, at).trim(), valueOf(line.slice(at + 1).trim()));
      else if (line.trim() !== "") fields.set(line.trim(), "");
    }
  }

  /** @param but the field that the person is typing in, which is left as it is */
  function update(but?: HTMLInputElement): void {
    const chosen = { fields: new Map(fields), seeds };
    let fault: string | undefined;
    try {
      config = resolveConfig(inputOf(chosen));
      if (config.engine !== "sparse") fault = "The page has the sparse engine alone: leave engine out.";
      else if (config.parts !== undefined) fault = "The page cannot read files of parts: leave parts out.";
      else if (config.ticket?.source !== undefined)
        fault = "The page has no runs that a ticket could come from: leave ticket out.";
    } catch (error) {
      fault = (error as Error).message.replace(/^config: /, "");
    }
    if (fault !== undefined) config = undefined;
    problem.textContent = fault ?? "";
    if (config !== undefined) {
      details.querySelector(".title")!.textContent = titleOf(config);
      for (const control of CONTROLS) show(control, config, but);
    }
    if (input("seeds") !== but) input("seeds").value = String(seeds);
    onChange({ chosen, config });
  }

  function show({ field, kind, choices }: Control, now: Config, but?: HTMLInputElement): void {
    const element = input(field);
    const value = field.split(".").reduce<unknown>((section, key) => (section as Record<string, unknown>)[key], now);
    const help = form.querySelector<HTMLElement>(`#${id(field)}-help`)!;
    const reason = why(field, now);
    element.disabled = reason !== undefined;
    help.dataset["off"] = reason ?? "";
    help.querySelector(".off")!.textContent = reason ?? "";
    if (element !== but) element.value = String(value);
    if (kind === "share") form.querySelector(`#${id(field)}-value`)!.textContent = percent(value as number);
    if (choices !== undefined) {
      // A link may name an environment that is not listed.
      if (!choices.some((choice) => choice.value === value)) {
        if (![...(element as unknown as HTMLSelectElement).options].some((option) => option.value === value))
          (element as unknown as HTMLSelectElement).add(new Option(String(value), String(value)));
        element.value = String(value);
      }
      help.querySelector(".choice")!.textContent = choices.find((choice) => choice.value === value)?.about ?? "";
    }
  }

  update();
  return { chosen: { fields, seeds }, config };
}

/** Returns why a field has no part in how a configuration trains. */
function why(field: string, { method, returns, topology, sparsity }: Config): string | undefined {
  const name = METHODS.find(({ value }) => value === method)?.label ?? method;
  if (field === "sparsity.level" && method === "dense") return "Dense networks have every connection.";
  if (field === "returns.lambda" && returns.kind !== "td-lambda")
    return `${name} has ${returns.kind === "n-step" ? `${returns.n}-step` : "one-step"} targets, which know no λ.`;
  if (field === "returns.burnIn" && returns.kind === "one-step")
    return `The targets of ${name} look one step ahead throughout.`;
  if (field === "topology.interval" && (topology.grow === "none" || sparsity.level === 0))
    return `The connections of ${name} stay where they are.`;
  return undefined;
}

function controlHtml(
  { field, label, symbol, about, kind, choices, min, max, step, unit }: Control,
  id: (name: string) => string,
): string {
  const described = `id="${id(field)}" name="${field}" aria-describedby="${id(field)}-help"`;
  const bounds = `min="${min}" max="${max}" step="${step}"`;
  const element =
    kind === "choice"
      ? `<select ${described}>${choices!.map(({ value, label }) => `<option value="${value}">${label}</option>`).join("")}</select>`
      : kind === "share"
        ? `<input type="range" ${described} ${bounds} />`
        : `<span class="with-unit"><input type="number" ${described} ${bounds} />${unit === undefined ? "" : `<span>${unit}</span>`}</span>`;
  return `
    <div class="control">
      <label for="${id(field)}">${label}${symbol === undefined ? "" : ` <span class="symbol">${symbol}</span>`}${
        kind === "share" ? `<output id="${id(field)}-value"></output>` : ""
      }</label>
      ${element}
      <p class="help" id="${id(field)}-help"><span class="choice"></span> <span class="general">${choices === undefined ? about : ""}</span> <span class="off"></span></p>
    </div>`;
}
