// What is to be ended with this process, however that ends: a failed test stops nothing.

const LEFT = new Set();

// One listener for all: Node warns of a leak where a process has more than ten.
process.once("exit", () => {
  for (const end of LEFT) end();
});

/** Lets `end` be called when this process exits; it must not wait for anything. Returns how to take that back. */
export function atExit(end) {
  LEFT.add(end);
  return () => LEFT.delete(end);
}
