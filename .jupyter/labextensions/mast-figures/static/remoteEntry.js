// A JupyterLab extension without a build: what JupyterLab loads is a container of webpack's module federation, which is an object with
// `init` and `get`. It draws `application/vnd.plotly.v1+json`. Plotly's own extension draws an output once and keeps it, also when the
// output is updated; a live curve has to follow.
(() => {
  "use strict";
  const MIME = "application/vnd.plotly.v1+json";
  // The colour of text in our figures, which is drawn in the theme's own; INK in src/figures/theme.ts.
  const INK = "#787878";
  const source = new URL("plotly.min.js", document.currentScript.src).href;
  let shared;
  let plotly;

  function loadPlotly() {
    plotly ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = source;
      script.onload = () => resolve(window.Plotly);
      script.onerror = () => reject(new Error("Plotly could not be loaded: start JupyterLab by `npm run lab`"));
      document.head.append(script);
    });
    return plotly;
  }

  const themeInk = () => getComputedStyle(document.body).getPropertyValue("--jp-ui-font-color1").trim() || INK;

  function createExtension(Widget) {
    class PlotlyOutput extends Widget {
      constructor() {
        super();
        this.addClass("mast-figure");
        this.drawn = Promise.resolve();
        // The cell's width changes with the window, and with the panels beside the notebook.
        this.resized = new ResizeObserver(() => this.redraw((Plotly) => Plotly.Plots.resize(this.node)));
        this.themed = new MutationObserver(() => this.themeText && this.redraw((Plotly) => Plotly.relayout(this.node, { "font.color": themeInk() })));
        this.themed.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-name"] });
      }

      /** Changes what is drawn, after everything before; nothing while it cannot be seen. */
      redraw(change) {
        this.drawn = this.drawn.then(() => {
          if (!this.isDisposed && this.node.classList.contains("js-plotly-plot") && this.node.clientWidth > 0) return change(window.Plotly);
        });
      }

      renderModel(model) {
        const { data, layout, config } = model.data[MIME];
        // One drawing at a time, in the order of the updates; Plotly adds to data and layout, which belong to the notebook.
        this.drawn = this.drawn.then(async () => {
          const Plotly = await loadPlotly();
          if (this.isDisposed) return;
          // The height at once, so that the page does not jump while it is drawn.
          this.node.style.minHeight = `${layout.height}px`;
          this.node.setAttribute("role", "figure");
          this.node.setAttribute("aria-label", String(model.data["text/plain"] ?? "figure"));
          const shown = structuredClone(layout);
          this.themeText = shown.font?.color === INK;
          if (this.themeText) shown.font.color = themeInk();
          // Notes of older figures name that colour themselves; without it they take on the figure's.
          if (this.themeText) for (const { font } of shown.annotations ?? []) if (font?.color === INK) delete font.color;
          await Plotly.react(this.node, structuredClone(data), shown, { displaylogo: false, showSendToCloud: false, ...config, responsive: false });
          this.resized.observe(this.node);
        });
        return this.drawn;
      }

      dispose() {
        this.resized.disconnect();
        this.themed.disconnect();
        window.Plotly?.purge(this.node);
        super.dispose();
      }
    }
    return {
      id: "mast-figures:plotly",
      rendererFactory: { safe: true, mimeTypes: [MIME], createRenderer: () => new PlotlyOutput() },
      rank: 0,
      dataType: "json",
    };
  }

  window._JUPYTERLAB ??= {};
  window._JUPYTERLAB["mast-figures"] = {
    init(scope) {
      shared = scope;
    },
    async get() {
      const [provided] = Object.values(shared["@lumino/widgets"]);
      const { Widget } = (await provided.get())();
      const module = { __esModule: true, default: createExtension(Widget) };
      return () => module;
    },
  };
})();
