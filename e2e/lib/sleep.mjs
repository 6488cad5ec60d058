/** Waits for some milliseconds: as part of a fault or of a load, and between two looks at a program that says nothing. */
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
