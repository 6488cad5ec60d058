// A finger that stays on an element.

/** How long a finger stays, in milliseconds. */
const LONG_MS = 450;
/** How far it may move meanwhile, in pixels. */
const STILL = 10;

/**
 * Calls back when a finger stays on an element, but not on a link, a button or a field in it, which have a meaning of their own.
 * Returns what ends that.
 * @param {HTMLElement} element @param {() => void} done
 */
export function onLongPress(element, done) {
  /** @type {number | undefined} */
  let timer;
  let [x, y, isDone] = [0, 0, false];
  const end = () => clearTimeout(timer);
  const begin = (/** @type {TouchEvent} */ event) => {
    end();
    isDone = false;
    const [touch] = event.touches;
    if (!touch || event.touches.length > 1 || (event.target instanceof Element && event.target.closest("a, button, pre, input, dialog"))) return;
    [x, y] = [touch.clientX, touch.clientY];
    timer = setTimeout(() => {
      isDone = true;
      navigator.vibrate?.(10);
      done();
    }, LONG_MS);
  };
  const move = (/** @type {TouchEvent} */ { touches: [touch] }) => {
    if (!touch || Math.hypot(touch.clientX - x, touch.clientY - y) > STILL) end();
  };
  const lift = (/** @type {TouchEvent} */ event) => {
    end();
    // The finger that is lifted presses nothing that has opened below it.
    if (isDone) event.preventDefault();
    isDone = false;
  };
  const menu = (/** @type {Event} */ event) => { if (isDone) event.preventDefault(); };
  element.addEventListener("touchstart", begin, { passive: true });
  element.addEventListener("touchmove", move, { passive: true });
  element.addEventListener("touchend", lift);
  element.addEventListener("touchcancel", end);
  element.addEventListener("contextmenu", menu);
  return () => {
    end();
    element.removeEventListener("touchstart", begin);
    element.removeEventListener("touchmove", move);
    element.removeEventListener("touchend", lift);
    element.removeEventListener("touchcancel", end);
    element.removeEventListener("contextmenu", menu);
  };
}
