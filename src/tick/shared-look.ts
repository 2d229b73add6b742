/**
 * One look for all who ask at the same time. What is asked while a look is under way waits for the next one: an answer is never
 * older than its question, which is what a check before an action is for. Sixteen stops side by side so cost two looks.
 */
export function sharedLook<T>(look: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | null = null;
  let next: Promise<T> | null = null;

  function begin(): Promise<T> {
    const mine = look();
    running = mine;
    const end = () => {
      if (running === mine) running = null;
    };
    mine.then(end, end);
    return mine;
  }

  return () => {
    if (running === null) return begin();
    const before = running.then(
      () => {},
      () => {},
    );
    next ??= before.then(() => {
      next = null;
      return begin();
    });
    return next;
  };
}
