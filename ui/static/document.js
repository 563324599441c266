// Brings the cited sentence into view, and tells a screen reader where it is.
const cited = document.querySelector("mark");
if (cited) {
  cited.scrollIntoView({ block: "center" });
  cited.focus({ preventScroll: true });
}
