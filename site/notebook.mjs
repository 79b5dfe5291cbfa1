// Turns a notebook, with the outputs of its cells, into HTML.
import { escapeHtml, highlight, render } from "./markdown.mjs";

const textOf = (lines) => (Array.isArray(lines) ? lines.join("") : lines);

/**
 * @param notebook the parsed .ipynb
 * @param env see `render`
 * @param keepImage keeps the bytes of a PNG and returns its address
 */
export function notebookHtml(notebook, env, keepImage) {
  return notebook.cells
    .map((cell) => {
      const source = textOf(cell.source);
      if (cell.cell_type === "markdown") return render(source, env);
      if (cell.cell_type !== "code") return "";
      const shown = (cell.outputs ?? []).map((output) => outputHtml(output, keepImage)).join("");
      return `<div class="cell-code"><pre tabindex="0"><code>${highlight(source, "ts")}</code></pre></div>${shown}`;
    })
    .join("\n");
}

function outputHtml({ output_type: kind, data = {}, text }, keepImage) {
  if (kind === "stream") return `<div class="output"><pre tabindex="0">${escapeHtml(textOf(text))}</pre></div>`;
  const plain = textOf(data["text/plain"] ?? "");
  const page = textOf(data["text/html"] ?? "");
  // A replay has a picture for viewers that show no frames; a browser shows the frame.
  if (data["image/png"] !== undefined && !page.includes("<iframe ")) {
    const address = keepImage(Buffer.from(textOf(data["image/png"]), "base64"));
    return `<div class="output"><img src="${address}" alt="${escapeHtml(plain)}" loading="lazy"></div>`;
  }
  if (page !== "") {
    const html = page.replaceAll("<iframe ", '<iframe loading="lazy" ').replace(/<img style="display:none"[^>]*>/, "");
    return `<div class="output"><div class="scroll" tabindex="0">${html}</div></div>`;
  }
  return `<div class="output"><pre tabindex="0">${escapeHtml(plain)}</pre></div>`;
}
