// Fills the page's first form and submits it, again and again, until that leads somewhere: to a
// native POST (`native`) and to a request of a script (`handled`), in ms since the navigation.
// Nothing is really sent, so that the page can go on.
(() => {
  const seen = (window.benchSubmit = { native: null, handled: null });
  const writes = (method) => /^(post|put)$/i.test(method ?? "");
  const handled = () => { seen.handled ??= performance.now(); };

  const { fetch } = window;
  window.fetch = function (input, init) {
    if (!writes(init?.method ?? input?.method)) return fetch.apply(this, arguments);
    handled();
    return new Promise(() => {});
  };
  const { open, send } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.open = function (method) {
    this.benchWrites = writes(method);
    return open.apply(this, arguments);
  };
  XMLHttpRequest.prototype.send = function () {
    return this.benchWrites ? handled() : send.apply(this, arguments);
  };

  const values = { email: "ada@example.com", password: "a long enough secret", text: "Ada Lovelace" };
  const setter = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
  const fill = (input) => {
    const value = values[input.type];
    if (!value || input.value === value) return;
    setter.call(input, value);
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  // A form that does not post only loads the page again. While React takes a page over, it stops
  // the event before later listeners hear of it; this one is earlier.
  window.addEventListener("submit", (event) => {
    if (!writes(event.target.method)) event.preventDefault();
  }, { capture: true });
  const attempt = () => {
    const form = document.querySelector("form:has(input[type=email])");
    if (!form) return;
    form.querySelectorAll("input").forEach(fill);
    // Added now, so that it hears of the submit last.
    window.addEventListener("submit", (event) => {
      if (!event.defaultPrevented && writes(form.method)) seen.native ??= performance.now();
      event.preventDefault();
    }, { once: true });
    form.requestSubmit();
  };
  const timer = setInterval(() => {
    if (seen.handled === null && performance.now() < 20000) attempt();
    else clearInterval(timer);
  }, 10);
})();
