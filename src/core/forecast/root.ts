/**
 * The forecaster works on cube roots of load. On that scale the noise of a quiet night (which grows as the square root
 * of the load) and of a viral noon (which grows as the load itself) have about the same size, a storm of a hundred times
 * the usual is only 4.6 times as tall, and whatever is small in roots is nothing in loads: 0.1³ = 0.001. It has no
 * constant to set, unlike log(1 + load): requests a minute and bytes an hour give the same forecasts but for the unit.
 * Source: the power transforms of Box and Cox (1964). A median stays a median under it, and so does every quantile.
 *
 * The trap is the mean: the cube of a mean of roots is below the mean of the loads. Only quantiles leave the root scale.
 */

export function rootOf(load: number): number {
  return Math.cbrt(Math.max(0, load));
}

export function loadOf(root: number): number {
  return root <= 0 ? 0 : root * root * root;
}
