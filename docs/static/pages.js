"use strict";

// Moves a figure: the numbers of all its stops stand beside it, computed from MXNet when the pages were built.
function enliven(figure) {
    const stops = JSON.parse(figure.querySelector("script").textContent);
    const sliders = [...figure.querySelectorAll("input")];
    const drawing = figure.querySelector("svg");
    const draw = () => {
        const place = sliders.reduce((sum, slider) => sum * (Number(slider.max) + 1) + slider.valueAsNumber, 0);
        const stop = stops[place];
        for (const name of ["f", "gradient", "slope"]) {
            drawing.querySelector(`svg path.${name}`).setAttribute("d", stop[name] || "");
        }
        drawing.querySelector(".key-slope").style.display = stop.slope ? "" : "none";
        drawing.querySelector(".title").textContent = stop.title;
        drawing.setAttribute("aria-label", `${stop.title}. ${stop.says}`);
        figure.querySelector(".at").textContent = stop.at;
        figure.querySelector(".says").textContent = stop.says;
        sliders.forEach((slider) => slider.setAttribute("aria-valuetext", stop.at));
    };
    sliders.forEach((slider) => slider.addEventListener("input", draw));
    figure.querySelector(".sliders").hidden = false;
    figure.querySelector(".still").remove();
    draw();
}

// What scrolls sideways must be reached by key, too.
function reach(element) {
    if (element.scrollWidth > element.clientWidth) {
        element.tabIndex = 0;
    } else {
        element.removeAttribute("tabindex");
    }
}

function reachAll() {
    document.querySelectorAll("pre, .table-wrapper, .math-wrapper, .math").forEach(reach);
}

if (location.protocol === "file:") {
    DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;  // a browser lets no page on a disk read another
}
document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("figure.live").forEach(enliven);
    reachAll();
});
window.addEventListener("resize", reachAll);
