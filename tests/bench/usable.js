// Clicks "Change name" again and again until a script of the page takes it: until the button gives
// way to a field, or its form is kept from being sent by the browser. When that was, in ms since
// the navigation.
(() => {
  window.benchUsable = null;
  let clicked = false;
  window.addEventListener("submit", (event) => {
    if (event.defaultPrevented) window.benchUsable ??= performance.now();
    event.preventDefault();
  });
  const timer = setInterval(() => {
    const button = [...document.querySelectorAll("button")].find((one) => one.textContent.trim() === "Change name");
    if (clicked && !button) window.benchUsable ??= performance.now();
    if (window.benchUsable !== null) return clearInterval(timer);
    button?.click();
    clicked ||= !!button;
  }, 10);
})();
