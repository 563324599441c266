// Scrolls to the cited passage, tells screen readers where it is, zooms page images, and lets the keyboard scroll wide tables.
"use strict";
const sizes = new ResizeObserver((boxes) => {
  for (const { target: box } of boxes) {
    if (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
});
document.querySelectorAll(".tabled").forEach((box) => sizes.observe(box));
const place = document.querySelector("mark, .box");
if (place) {
  place.scrollIntoView({ block: "center" });
  place.closest(".long")?.scrollIntoView({ block: "center" }); // with its column names
  (document.querySelector("mark") ?? document.querySelector("#cited"))?.focus({ preventScroll: true });
} else if (window.matchMedia("(max-width: 56rem)").matches) {
  document.querySelector(".outline")?.removeAttribute("open");
}
let zoom = 1;
for (const [name, factor] of [["smaller", 1 / 1.25], ["larger", 1.25]]) {
  document.getElementById(name)?.addEventListener("click", () => {
    const sheet = [...document.querySelectorAll(".sheet")].find((one) => one.getBoundingClientRect().bottom > 0);
    const { top, height } = sheet.getBoundingClientRect();
    zoom = Math.min(3, Math.max(0.4, zoom * factor));
    document.documentElement.style.setProperty("--zoom", zoom);
    const after = sheet.getBoundingClientRect(); // keep at the top what was there
    scrollBy(0, after.top - (top * after.height) / height);
    if (zoom > 1.2) {
      for (const image of document.querySelectorAll(".paper img")) image.src = image.src.replace("width=1200", "width=1800");
    }
  });
}
