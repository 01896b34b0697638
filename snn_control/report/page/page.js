"use strict";
(() => {
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const plots = [...document.querySelectorAll(".plot")];
  const config = { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["select2d", "lasso2d"] };

  // Text and grid in the colours of the page, light or dark.
  const theme = (layout) => {
    const changes = {
      "font.color": css("--ink"), "font.family": getComputedStyle(document.body).fontFamily,
      "font.size": 13, "hoverlabel.bgcolor": css("--surface"), "hoverlabel.bordercolor": css("--line"),
      "hoverlabel.font.color": css("--ink"), "modebar.color": css("--soft"),
      "modebar.activecolor": css("--accent"), "modebar.bgcolor": "rgba(0,0,0,0)",
    };
    for (const axis of Object.keys(layout).filter((key) => /^[xy]axis\d*$/.test(key))) {
      changes[`${axis}.gridcolor`] = css("--grid");
      changes[`${axis}.linecolor`] = css("--line");
      changes[`${axis}.zerolinecolor`] = css("--line");
    }
    (layout.annotations || []).forEach((note, k) => {
      changes[`annotations[${k}].arrowcolor`] = css("--soft");
      changes[`annotations[${k}].bgcolor`] = css("--ground");
    });
    return changes;
  };

  // Plots with the same link share the range of the x axis.
  const link = (plot) => plot.on("plotly_relayout", (event) => {
    if (plot.following) return;
    const others = plots.filter((p) => p !== plot && p.dataset.link && p.dataset.link === plot.dataset.link);
    const keys = Object.keys(event).filter((key) => /^xaxis\d*\./.test(key));
    if (!keys.length || !others.length) return;
    const wide = keys.some((key) => key.endsWith(".autorange"));
    const range = plot.layout.xaxis.range.slice();
    for (const other of others) {
      other.following = true;
      Plotly.relayout(other, wide ? { "xaxis.autorange": true } : { "xaxis.range": range })
        .finally(() => { other.following = false; });
    }
  });

  const draw = async (plot) => {
    const source = document.querySelector(`script[data-plot="${plot.id}"]`);
    const figure = JSON.parse(source.textContent);
    await Plotly.newPlot(plot, figure.data, figure.layout, config);
    await Plotly.relayout(plot, theme(plot.layout));
    if (plot.dataset.link) link(plot);
    plot.dataset.drawn = "yes";
  };
  Promise.all(plots.map(draw)).then(() => { document.body.dataset.ready = "yes"; });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () =>
    plots.forEach((plot) => Plotly.relayout(plot, theme(plot.layout))));

  const videos = [...document.querySelectorAll("video")];
  for (const video of videos) {
    video.addEventListener("play", () => videos.filter((v) => v.paused).forEach((v) => {
      v.currentTime = video.currentTime;
      v.play().catch(() => {});
    }));
    video.addEventListener("pause", () => videos.forEach((v) => v.pause()));
  }

  for (const button of document.querySelectorAll(".copy")) {
    button.addEventListener("click", async () => {
      const text = button.parentElement.querySelector("pre");
      try { await navigator.clipboard.writeText(text.textContent); button.textContent = "copied"; }
      catch { getSelection().selectAllChildren(text); }
    });
  }
})();
